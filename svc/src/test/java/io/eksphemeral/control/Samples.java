package io.eksphemeral.control;

import io.eksphemeral.domain.Admission;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Sample clusters. */
public final class Samples {
  public static final Instant START = Instant.parse("2026-11-22T10:00:00Z");
  public static final String ALICE = "arn:aws:iam::123456789012:user/alice";
  public static final String BOB = "arn:aws:iam::123456789012:user/bob";

  public static final EksctlConfig CONFIG =
      new EksctlConfig(
          new EksctlConfig.Settings(
              "us-east-2",
              "arn:aws:iam::123456789012:role/eksp-service",
              "arn:aws:iam::123456789012:role/eksp-node",
              "arn:aws:iam::123456789012:role/eksp-cni",
              "arn:aws:iam::123456789012:role/eksp-ebs-csi",
              new Nodes(List.of("t3.medium", "t3a.medium"), true)));

  private static final AtomicLong COUNT = new AtomicLong();

  private Samples() {}

  /** A new id, higher than all before. */
  public static ClusterId newId() {
    return new ClusterId("01930000-0000-7000-8000-%012d".formatted(COUNT.incrementAndGet()));
  }

  public static Spec spec(String name) {
    return new SpecBuilder().name(name).numworkers(2).build();
  }

  public static Cluster requested(String name) {
    return Cluster.requested(newId(), spec(name), ALICE, START);
  }

  /** A cluster whose create task is about to be launched. */
  public static Cluster admitted(String name) {
    Admission admission = Admission.decide(requested(name), List.of(), 0, Limits.DEFAULT, START);
    return ((Admission.Admitted) admission).cluster();
  }
}
