package io.eksphemeral.control;

import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.withSettings;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/** Intercepts the calls of an object. */
final class Intercepted {
  private Intercepted() {}

  /** The action at a call. */
  interface Call {
    @Nullable Object invoke() throws Throwable;
  }

  /** Receives every call, and decides whether and when to proceed. */
  interface Interceptor {
    @Nullable Object intercept(Method method, Object[] arguments, Call call) throws Throwable;
  }

  static <T> T of(Class<T> type, T real, Interceptor interceptor) {
    return mock(
        type,
        withSettings()
            .stubOnly()
            .defaultAnswer(invocation ->
                interceptor.intercept(
                    invocation.getMethod(),
                    invocation.getArguments(),
                    () -> {
                      try {
                        return invocation.getMethod().invoke(real, invocation.getArguments());
                      } catch (InvocationTargetException e) {
                        throw e.getCause();
                      }
                    })));
  }
}
