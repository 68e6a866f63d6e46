package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A mutable copy of a cluster, used within one change of it. */
final class ClusterEdit {
  private final Cluster before;
  @Nullable Endpoint endpoint;
  State state;
  int lifetime;
  @Nullable Instant ready;
  @Nullable Instant expires;
  final List<Task> tasks;
  final List<Notification> notifications;
  @Nullable String error;
  List<String> log;
  List<String> leftovers;
  final List<Transition> history;

  ClusterEdit(Cluster before) {
    this.before = before;
    endpoint = before.endpoint();
    state = before.state();
    lifetime = before.lifetime();
    ready = before.ready();
    expires = before.expires();
    tasks = new ArrayList<>(before.tasks());
    notifications = new ArrayList<>(before.notifications());
    error = before.error();
    log = before.log();
    leftovers = before.leftovers();
    history = new ArrayList<>(before.history());
  }

  ClusterEdit replaceOpenTask(UnaryOperator<Task> change) {
    Task open = before.openTask().orElseThrow();
    tasks.set(tasks.indexOf(open), change.apply(open));
    return this;
  }

  ClusterEdit moveTo(State to, Instant now, String why) {
    return moveTo(to, now, why, Transition.CONTROL_PLANE);
  }

  ClusterEdit moveTo(State to, Instant now, String why, String by) {
    if (!state.next().contains(to)) {
      throw new IllegalStateException(
          "cluster %s cannot go from %s to %s".formatted(before.id(), state.text(), to.text()));
    }
    state = to;
    history.add(Transition.to(to, now, why, by));
    return this;
  }

  /** A notice that is outdated begins anew when it is sent again. */
  ClusterEdit notify(
      Topic topic, Instant about, Delivery delivery, @Nullable String why, Instant now) {
    Optional<Notification> earlier = before.notification(topic, about);
    boolean restarts =
        earlier.filter(before::isOutdated).isPresent()
            && (delivery == Delivery.SENDING || delivery == Delivery.NO_RECIPIENT);
    Instant first = restarts ? now : earlier.map(Notification::tried).orElse(now);
    Notification notification = new Notification(topic, about, first, now, delivery, why);
    if (earlier.isPresent() && !restarts) {
      notifications.set(notifications.indexOf(earlier.get()), notification);
    } else {
      earlier.ifPresent(notifications::remove);
      notifications.add(notification);
    }
    return this;
  }

  Cluster apply() {
    return new Cluster(
        before.id(),
        before.spec(),
        state,
        before.createdBy(),
        endpoint,
        before.created(),
        lifetime,
        ready,
        expires,
        Retention.tasks(tasks),
        Retention.notifications(notifications),
        error,
        log,
        leftovers,
        Retention.history(history));
  }
}
