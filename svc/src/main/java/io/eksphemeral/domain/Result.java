package io.eksphemeral.domain;

/** The outcome of a request. */
public sealed interface Result<T> {
  record Success<T>(T value) implements Result<T> {}

  record Rejected<T>(Rejection rejection) implements Result<T> {}

  static <T> Result<T> success(T value) {
    return new Success<>(value);
  }

  static <T> Result<T> rejected(Rejection.Kind kind, String error) {
    return new Rejected<>(new Rejection(kind, error));
  }
}
