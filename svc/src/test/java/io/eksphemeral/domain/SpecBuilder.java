package io.eksphemeral.domain;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds specs for tests, with a default for every field. */
public final class SpecBuilder {
  private String name = "dev";
  private int numworkers = 1;
  private String kubeversion = "1.35";
  private int timeout = 30;
  private String owner = "alice@eksphemeral.io";
  private List<String> access = List.of();
  private List<String> without = List.of();
  private NodeChoice nodes = NodeChoice.NONE;
  private @Nullable Instant until;
  private @Nullable Placement task;

  public SpecBuilder name(String value) {
    name = value;
    return this;
  }

  public SpecBuilder numworkers(int value) {
    numworkers = value;
    return this;
  }

  public SpecBuilder kubeversion(String value) {
    kubeversion = value;
    return this;
  }

  public SpecBuilder timeout(int value) {
    timeout = value;
    return this;
  }

  public SpecBuilder owner(String value) {
    owner = value;
    return this;
  }

  public SpecBuilder until(@Nullable Instant value) {
    until = value;
    return this;
  }

  public SpecBuilder access(List<String> value) {
    access = value;
    return this;
  }

  public SpecBuilder access(String... value) {
    return access(List.of(value));
  }

  public SpecBuilder without(List<String> value) {
    without = value;
    return this;
  }

  public SpecBuilder nodes(NodeChoice value) {
    nodes = value;
    return this;
  }

  public SpecBuilder task(@Nullable Placement value) {
    task = value;
    return this;
  }

  public Spec build() {
    return new Spec(
        name, numworkers, kubeversion, timeout, owner, until, access, without, nodes, task);
  }
}
