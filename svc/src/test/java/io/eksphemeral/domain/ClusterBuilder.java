package io.eksphemeral.domain;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds clusters for tests: a copy of another one, with any field changed. */
public final class ClusterBuilder {
  private final Cluster original;
  private State state;
  private Instant created;
  private int lifetime;
  private @Nullable Instant ready;
  private @Nullable Instant expires;
  private List<Task> tasks;
  private List<Notification> notifications;
  private @Nullable String error;
  private List<String> log;
  private List<String> leftovers;
  private List<Transition> history;

  public ClusterBuilder(Cluster original) {
    this.original = original;
    state = original.state();
    created = original.created();
    lifetime = original.lifetime();
    ready = original.ready();
    expires = original.expires();
    tasks = original.tasks();
    notifications = original.notifications();
    error = original.error();
    log = original.log();
    leftovers = original.leftovers();
    history = original.history();
  }

  public ClusterBuilder state(State value) {
    state = value;
    return this;
  }

  public ClusterBuilder created(Instant value) {
    created = value;
    return this;
  }

  public ClusterBuilder lifetime(int value) {
    lifetime = value;
    return this;
  }

  public ClusterBuilder ready(@Nullable Instant value) {
    ready = value;
    return this;
  }

  public ClusterBuilder expires(@Nullable Instant value) {
    expires = value;
    return this;
  }

  public ClusterBuilder tasks(List<Task> value) {
    tasks = value;
    return this;
  }

  public ClusterBuilder notifications(List<Notification> value) {
    notifications = value;
    return this;
  }

  public ClusterBuilder error(@Nullable String value) {
    error = value;
    return this;
  }

  public ClusterBuilder log(List<String> value) {
    log = value;
    return this;
  }

  public ClusterBuilder leftovers(List<String> value) {
    leftovers = value;
    return this;
  }

  public ClusterBuilder history(List<Transition> value) {
    history = value;
    return this;
  }

  public Cluster build() {
    return new Cluster(
        original.id(),
        original.spec(),
        state,
        original.createdBy(),
        original.endpoint(),
        created,
        lifetime,
        ready,
        expires,
        tasks,
        notifications,
        error,
        log,
        leftovers,
        history);
  }
}
