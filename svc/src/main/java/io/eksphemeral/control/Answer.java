package io.eksphemeral.control;

/** What a use case answers. */
public sealed interface Answer<T> {
  /** It was done. */
  record Done<T>(T value) implements Answer<T> {}

  /** It was not. */
  record Refused<T>(Refusal refusal) implements Answer<T> {}

  static <T> Answer<T> done(T value) {
    return new Done<>(value);
  }

  static <T> Answer<T> refused(Refusal.Kind kind, String error) {
    return new Refused<>(new Refusal(kind, error));
  }
}
