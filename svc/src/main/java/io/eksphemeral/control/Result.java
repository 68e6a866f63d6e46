package io.eksphemeral.control;

/** What a use case answers. */
public sealed interface Result<T> {
  /** It was done. */
  record Done<T>(T value) implements Result<T> {}

  /** It was not. */
  record Refused<T>(Rejection refusal) implements Result<T> {}

  static <T> Result<T> done(T value) {
    return new Done<>(value);
  }

  static <T> Result<T> refused(Rejection.Kind kind, String error) {
    return new Refused<>(new Rejection(kind, error));
  }
}
