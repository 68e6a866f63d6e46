package io.eksphemeral.control;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Lets a process die at a call to one of its ports: before the call took effect, or after it did
 * and before the process heard of it. From then on no call of the dead process has any effect.
 */
final class CrashInjector {
  /** How a dead process's calls end. No {@code catch} of the code under test sees it. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1;

    Crash(String at) {
      super(at, null, false, false);
    }
  }

  /** Whether the call at which the process dies still takes effect. */
  enum When {
    BEFORE,
    AFTER
  }

  private final int dyingCall;
  private final When when;
  private int calls;
  private boolean dead;

  private CrashInjector(int dyingCall, When when) {
    this.dyingCall = dyingCall;
    this.when = when;
  }

  /** A process that dies at its n-th call to a port, counted from 1. */
  static CrashInjector at(int dyingCall, When when) {
    return new CrashInjector(dyingCall, when);
  }

  static CrashInjector never() {
    return new CrashInjector(Integer.MAX_VALUE, When.BEFORE);
  }

  int calls() {
    return calls;
  }

  boolean isDead() {
    return dead;
  }

  /** A port as the mortal process has it. */
  <P> P mortal(Class<P> port, P real) {
    return port.cast(
        Proxy.newProxyInstance(
            port.getClassLoader(),
            new Class<?>[] {port},
            (proxy, method, arguments) -> {
              String call = port.getSimpleName() + "." + method.getName();
              if (dead) {
                throw new Crash("after its death: " + call);
              }
              calls++;
              dead = calls == dyingCall;
              if (dead && when == When.BEFORE) {
                throw new Crash("before " + call);
              }
              try {
                Object answer = method.invoke(real, arguments);
                if (dead) {
                  throw new Crash("after " + call);
                }
                return answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
