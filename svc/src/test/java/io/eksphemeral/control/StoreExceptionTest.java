package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Failures that retrying does not solve. */
final class StoreExceptionTest {
  private final Exception cause = new IllegalStateException("AccessDenied");

  @Test
  void whatLastsIsKnownHoweverItIsWrapped() {
    StoreException lasting = StoreException.lasting("no", cause);
    assertThat(lasting).hasMessage("no").hasCause(cause);
    assertThat(StoreException.isLasting(lasting)).isTrue();
    assertThat(StoreException.isLasting(new CompletionException(lasting))).isTrue();
    assertThat(StoreException.isLasting(new TaskRunnerException("x", lasting))).isTrue();
  }

  @Test
  void everythingElseMayBeGoneAtTheNextTry() {
    assertThat(StoreException.isLasting(new StoreException("no"))).isFalse();
    assertThat(StoreException.isLasting(new StoreException("no", cause))).isFalse();
    assertThat(StoreException.isLasting(cause)).isFalse();
    assertThat(StoreException.isLasting(new CompletionException(cause))).isFalse();
  }
}
