package io.eksphemeral.control;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Makes a process crash at a call to one of its ports: before the call takes effect, or after it
 * did but before it returns. Later calls of the crashed process have no effect.
 */
final class CrashInjector {
  /** Ends the calls of a crashed process. No {@code catch} of the code under test catches it. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1;

    Crash(String at) {
      super(at, null, false, false);
    }
  }

  /** Whether the call at which the process crashes takes effect. */
  enum When {
    BEFORE,
    AFTER
  }

  private final int crashingCall;
  private final When when;
  private int calls;
  private boolean crashed;

  private CrashInjector(int crashingCall, When when) {
    this.crashingCall = crashingCall;
    this.when = when;
  }

  /** Crashes at the n-th call to a port, counted from 1. */
  static CrashInjector at(int crashingCall, When when) {
    return new CrashInjector(crashingCall, when);
  }

  static CrashInjector never() {
    return new CrashInjector(Integer.MAX_VALUE, When.BEFORE);
  }

  int calls() {
    return calls;
  }

  boolean hasCrashed() {
    return crashed;
  }

  /** Wraps a port of the process. */
  <P> P intercept(Class<P> port, P real) {
    return port.cast(
        Proxy.newProxyInstance(
            port.getClassLoader(),
            new Class<?>[] {port},
            (proxy, method, arguments) -> {
              String call = port.getSimpleName() + "." + method.getName();
              if (crashed) {
                throw new Crash("after the crash: " + call);
              }
              calls++;
              crashed = calls == crashingCall;
              if (crashed && when == When.BEFORE) {
                throw new Crash("before " + call);
              }
              try {
                Object answer = method.invoke(real, arguments);
                if (crashed) {
                  throw new Crash("after " + call);
                }
                return answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
