package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.Mailer.Mail;
import io.eksphemeral.control.SimulatedTasks.Fate;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.Endpoint;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Versions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text and the recipients of notifications. */
final class NotificationsTest {
  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  private static final Notifications.Outcome SENT = new Notifications.Outcome(Delivery.SENT, null);

  private final LifecycleHarness harness = new LifecycleHarness();
  private final MemoryMailer mailer = new MemoryMailer();
  private final Notifications notifications =
      new Notifications(mailer, "operator@eksphemeral.io", "");

  @Test
  void theReadyMailTellsTheExpiryAndHowToChangeIt() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);

    assertThat(sent(id, Topic.READY))
        .isEqualTo(
            new Mail(
                "alice@eksphemeral.io",
                "EKSphemeral: cluster dev is ready",
                """
                Your cluster dev is ready. It will be destroyed at 10:40 UTC on 22 November 2026.

                To extend its life by 30 minutes:
                    eksp prolong dev 30m
                To destroy it now:
                    eksp destroy dev

                Its id is %s.
                """
                    .formatted(id)));
  }

  @Test
  void theNoticeHasTheProlongCommand() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);

    assertThat(sent(id, Topic.NOTICE))
        .isEqualTo(
            new Mail(
                "alice@eksphemeral.io",
                "EKSphemeral: cluster dev is about to be destroyed",
                """
                Your cluster dev will be destroyed at 12:00 UTC on 22 November 2026, or a few minutes later.
                Its lifetime of 30 minutes ends then.

                To extend its life by 30 minutes:
                    eksp prolong dev 30m

                Its id is %s.
                """
                    .formatted(id)));
  }

  @Test
  void theEarlyNoticeHasTheExpiryInItsSubject() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);

    Mail early = sent(id, Topic.EARLY_NOTICE);
    assertThat(early.subject())
        .isEqualTo("EKSphemeral: cluster dev will be destroyed at 12:00 UTC on 22 November 2026");
    assertThat(early.body()).isEqualTo(sent(id, Topic.NOTICE).body());
  }

  @ParameterizedTest
  @EnumSource(
      value = Topic.class,
      names = {"EARLY_NOTICE", "NOTICE"})
  void noticesTellTheCostSoFar(Topic topic) {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);
    Costs costs =
        new Costs(new Nodes(List.of("t3.medium"), true), Versions.any("1.35"), PriceList.SHIPPED);
    Instant now = harness.clock.instant();

    paid(() -> Optional.of(costs)).send(harness.cluster(id), topic, NOON, now);

    assertThat(costs.soFar(harness.cluster(id), now)).isPositive();
    assertThat(mailer.delivered().getLast().body())
        .contains(
            "\nIt has cost at most %s USD so far.\n"
                .formatted(costs.soFar(harness.cluster(id), now)));
  }

  @Test
  void aNoticeIsSentEvenIfTheCostIsUnknown() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);
    Notifications unknown =
        paid(() -> {
          throw new StoreException("the store is down");
        });

    assertThat(unknown.send(harness.cluster(id), Topic.NOTICE, NOON, NOON)).isEqualTo(SENT);
    assertThat(mailer.delivered().getLast().body()).doesNotContain("cost");
  }

  private Notifications paid(Supplier<Optional<Costs>> costs) {
    return new Notifications(mailer, null, "", costs);
  }

  /** At most the latest five, and no extensions. */
  @Test
  void theNoticeListsWhoShortenedItsLife() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);
    for (int i = 1; i <= 6; i++) {
      harness.prolong(id, -i, Samples.BOB);
    }
    harness.prolong(id, 30);

    assertThat(sent(id, Topic.NOTICE).body())
        .contains(
            """
            or a few minutes later.
            Its lifetime of 39 minutes ends then.

            Its expiry was changed:
                shortened by 2 minutes by arn:aws:iam::123456789012:user/bob, at 10:10 UTC on 22 November 2026
            """)
        .contains("shortened by 6 minutes", "\n\nTo extend its life by 30 minutes:")
        .doesNotContain("by 1 minute by", "extended");
  }

  @Test
  void commandsHaveTheOptionsForThisControlPlane() {
    ClusterId id = harness.created("dev");
    new Notifications(mailer, null, "--local").send(harness.cluster(id), Topic.NOTICE, NOON, NOON);

    assertThat(mailer.delivered().getLast().body()).contains("    eksp prolong --local dev 30m\n");
  }

  /** A reader may be in another folder, or use another control plane. */
  @Test
  void commandsNameTheApiThroughWhichTheClusterWasRequested() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);
    Cluster cluster =
        harness
            .cluster(id)
            .requestedAt(new Endpoint("https://a1.execute-api.eu-west-1.amazonaws.com"));

    new Notifications(mailer, null, "--local").send(cluster, Topic.READY, NOON, NOON);

    assertThat(mailer.delivered().getLast().body())
        .contains(
            """
            To extend its life by 30 minutes:
                EKSPHEMERAL_URL=https://a1.execute-api.eu-west-1.amazonaws.com eksp prolong dev 30m
            To destroy it now:
                EKSPHEMERAL_URL=https://a1.execute-api.eu-west-1.amazonaws.com eksp destroy dev
            """);
  }

  @Test
  void theMailOfAFailedCreationHasTheErrorAndTheLog() {
    harness.tasks.next(TaskKind.CREATE, Fate.FAILS);
    ClusterId id = harness.created("dev");
    harness.until(id, State.DESTROYING);

    assertThat(sent(id, Topic.CREATE_FAILED))
        .isEqualTo(
            new Mail(
                "alice@eksphemeral.io",
                "EKSphemeral: cluster dev could not be created",
                """
                Your cluster dev could not be created: it failed

                The last lines of its log:
                    the last line

                Anything that was created is being cleaned up automatically; no action is needed.

                Its id is %s.
                """
                    .formatted(id)));
  }

  @Test
  void theMailOfAFailedCreationMayHaveNoLog() {
    harness.tasks.next(TaskKind.CREATE, Fate.DIES);
    ClusterId id = harness.created("dev");
    harness.until(id, State.DESTROYING);

    assertThat(sent(id, Topic.CREATE_FAILED).body())
        .startsWith(
            """
            Your cluster dev could not be created: exit code 137

            Anything that was created is being cleaned up automatically; no action is needed.
            """);
  }

  @Test
  void theOperatorIsNotifiedOfFailedTeardowns() {
    harness.tasks.next(TaskKind.DESTROY, Fate.FAILS);
    ClusterId id = harness.created("dev");
    harness.destroy(id);
    harness.until(id, State.DESTROY_FAILED);

    assertThat(sent(id, Topic.DESTROY_FAILED))
        .isEqualTo(
            new Mail(
                "operator@eksphemeral.io",
                "EKSphemeral: cluster dev could not be destroyed and may still cost money",
                """
                1 attempts to destroy the cluster dev failed. The last error: it failed

                It may still cost money. EKSphemeral keeps trying until its deletion is verified.
                To see its status:
                    eksp status dev

                Its id is %s.
                """
                    .formatted(id)));
  }

  @Test
  void theLastMailTellsHowTheClusterEnded() {
    ClusterId lived = harness.created("lived");
    harness.until(lived, State.READY);
    harness.tasks.next(TaskKind.CREATE, Fate.FAILS);
    ClusterId failed = harness.created("failed");
    ClusterId unwanted = harness.created("unwanted");
    harness.destroy(unwanted);
    harness.tasks.addForeign("foreign");
    ClusterId foreign = harness.created("foreign");
    harness.untilAllGone();

    assertThat(sent(lived, Topic.GONE).subject()).isEqualTo("EKSphemeral: cluster lived is gone");
    assertThat(sent(lived, Topic.GONE).body())
        .startsWith("Your cluster lived is gone. Its deletion was verified.\n");
    assertThat(sent(failed, Topic.GONE).body())
        .startsWith("Your cluster failed is gone. It was never ready: it failed\n");
    assertThat(sent(unwanted, Topic.GONE).body())
        .startsWith(
            "Your cluster unwanted is gone."
                + " It was destroyed before it was ready; its deletion was verified.\n");
    assertThat(sent(foreign, Topic.GONE).body())
        .startsWith(
            "Your cluster foreign is gone."
                + " It was never ready: a foreign cluster has the name foreign\n");
  }

  @Test
  void aReservedOwnerIsNoRecipient() {
    Cluster reserved = owned("nobody@example.com");
    for (Topic topic :
        List.of(Topic.READY, Topic.EARLY_NOTICE, Topic.NOTICE, Topic.CREATE_FAILED, Topic.GONE)) {
      assertThat(notifications.recipients(reserved, topic)).isEmpty();
    }
    assertThat(new Notifications(mailer, null, "").recipients(reserved, Topic.DESTROY_FAILED))
        .isEmpty();
  }

  @Test
  void theOperatorIsNotifiedOfFailedTeardownsEvenWithoutAnOwner() {
    assertThat(notifications.send(owned("nobody@example.com"), Topic.DESTROY_FAILED, NOON, NOON))
        .isEqualTo(SENT);
    assertThat(mailer.delivered().getLast().to()).isEqualTo("operator@eksphemeral.io");
  }

  @Test
  void anOperatorWhoIsTheOwnerGetsOneMail() {
    notifications.send(owned("operator@eksphemeral.io"), Topic.DESTROY_FAILED, NOON, NOON);
    assertThat(mailer.delivered()).extracting(Mail::to).containsExactly("operator@eksphemeral.io");
  }

  @ParameterizedTest
  @ValueSource(strings = {"alice@eksphemeral.io", "operator@eksphemeral.io"})
  void aFailingAddressDoesNotAffectOtherRecipients(String broken) {
    List<String> tried = new ArrayList<>();
    Mailer mailer =
        mail -> {
          tried.add(mail.to());
          return mail.to().equals(broken)
              ? new Mailer.Delivery.Failed("it is not verified")
              : new Mailer.Delivery.Sent();
        };

    assertThat(
            new Notifications(mailer, "operator@eksphemeral.io", "")
                .send(owned("alice@eksphemeral.io"), Topic.DESTROY_FAILED, NOON, NOON))
        .as("sent, with the recipients that failed")
        .isEqualTo(new Notifications.Outcome(Delivery.SENT, broken + ": it is not verified"));
    assertThat(tried).containsExactly("alice@eksphemeral.io", "operator@eksphemeral.io");
  }

  @Test
  void aMailThatCannotBeSentHasFailed() {
    mailer.setDown(true);
    Notifications.Outcome outcome =
        notifications.send(Samples.requested("dev"), Topic.GONE, NOON, NOON);
    assertThat(outcome.delivery()).isEqualTo(Delivery.FAILED);
    assertThat(outcome.why()).isEqualTo("alice@eksphemeral.io: the mail server is down");
  }

  private Mail sent(ClusterId id, Topic topic) {
    assertThat(notifications.send(harness.cluster(id), topic, NOON, NOON)).isEqualTo(SENT);
    return mailer.delivered().getLast();
  }

  private static Cluster owned(String owner) {
    return Cluster.requested(
        Samples.newId(), new SpecBuilder().owner(owner).build(), Samples.ALICE, Samples.START);
  }
}
