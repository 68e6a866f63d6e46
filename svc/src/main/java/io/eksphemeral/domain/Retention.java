package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Topic;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which entries a record keeps of the lists that grow with every failure and every call, so that it
 * stays short enough to be read back (promise P13).
 */
final class Retention {
  /** How many attempts to destroy a cluster are kept. */
  static final int MAX_ATTEMPTS = 20;

  /** How many early and last notices are kept; every change of the expiry makes a new one due. */
  static final int MAX_NOTICES = 5;

  static final int MAX_EXPIRY_CHANGES = 20;

  private Retention() {}

  static List<Task> tasks(List<Task> tasks) {
    List<Task> kept = tasks;
    for (TaskKind kind : TaskKind.values()) {
      kept = keepFirstAndLatest(kept, task -> task.kind() == kind);
    }
    return kept;
  }

  static List<Notification> notifications(List<Notification> notifications) {
    List<Notification> kept = notifications;
    for (Topic topic : Topic.values()) {
      Predicate<Notification> isOnTopic = notification -> notification.topic() == topic;
      kept =
          topic.isNotice()
              ? keep(kept, 0, MAX_NOTICES, isOnTopic)
              : keepFirstAndLatest(kept, isOnTopic);
    }
    return kept;
  }

  static List<Transition> history(List<Transition> history) {
    List<Transition> kept = history;
    for (State state : State.values()) {
      kept = keepFirstAndLatest(kept, step -> step.to() == state && !step.isExpiryChange());
    }
    return dropOldExpiryChanges(kept);
  }

  /** The oldest change that is kept carries the number of those dropped before it. */
  private static List<Transition> dropOldExpiryChanges(List<Transition> history) {
    List<Transition> kept =
        new ArrayList<>(keep(history, 0, MAX_EXPIRY_CHANGES, Transition::isExpiryChange));
    int dropped = history.size() - kept.size();
    if (dropped > 0) {
      int earlier = dropped + history.stream().mapToInt(Transition::earlier).sum();
      Transition oldest =
          kept.stream().filter(Transition::isExpiryChange).findFirst().orElseThrow();
      kept.set(kept.indexOf(oldest), oldest.withEarlier(earlier));
    }
    return kept;
  }

  private static <T> List<T> keepFirstAndLatest(List<T> items, Predicate<T> isBounded) {
    return keep(items, 1, MAX_ATTEMPTS, isBounded);
  }

  /** Of the bounded items, keeps at most {@code max}: the first few and the latest. */
  private static <T> List<T> keep(List<T> items, int first, int max, Predicate<T> isBounded) {
    List<T> bounded = items.stream().filter(isBounded).toList();
    if (bounded.size() <= max) {
      return items;
    }
    Set<T> dropped = Collections.newSetFromMap(new IdentityHashMap<>());
    dropped.addAll(bounded.subList(first, first + bounded.size() - max));
    return items.stream().filter(item -> !dropped.contains(item)).toList();
  }
}
