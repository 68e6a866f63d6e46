package io.eksphemeral.simulation;

import io.eksphemeral.simulation.Fault.Kind;
import io.eksphemeral.simulation.Fault.Where;
import java.util.function.Predicate;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.services.ecs.model.EcsException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.ses.model.SesException;

/** Between the SDK's clients and the services: calls take time, and fail. */
final class Network {
  /** A service, and its outage. */
  enum Service {
    S3(Where.S3, Kind.S3_IS_DOWN),
    ECS(Where.ECS, Kind.ECS_IS_DOWN),
    SES(Where.SES, Kind.SES_IS_DOWN);

    final Where where;
    final Kind outage;

    Service(Where where, Kind outage) {
      this.where = where;
      this.outage = outage;
    }

    /** An error response. */
    AwsServiceException error(int status, String code) {
      AwsServiceException.Builder error =
          switch (this) {
            case S3 -> S3Exception.builder();
            case ECS -> EcsException.builder();
            case SES -> SesException.builder();
          };
      error.writableStackTrace(false); // performance: there are many
      return error
          .statusCode(status)
          .awsErrorDetails(
              AwsErrorDetails.builder().errorCode(code).errorMessage("as it happens").build())
          .build();
    }
  }

  /**
   * A call.
   *
   * @param isPossible the faults that are possible
   * @param onSent runs once the request is sent
   */
  record Call(Service service, String what, Predicate<Kind> isPossible, Runnable onSent) {
    Call(Service service, String what, Predicate<Kind> isPossible) {
      this(service, what, isPossible, () -> {});
    }
  }

  private final DeterministicScheduler scheduler;
  private final FaultInjector faults;
  private final SeededRandom random;
  private final History history;

  Network(
      DeterministicScheduler scheduler,
      FaultInjector faults,
      SeededRandom random,
      History history) {
    this.scheduler = scheduler;
    this.faults = faults;
    this.random = random;
    this.history = history;
  }

  /** Performs a call, which may not return. */
  <T> T call(SimulatedProcess process, Call call, Supplier<T> effect) {
    process.checkAlive();
    Invocation invocation = process.invocation();
    if (invocation != null) {
      invocation.calls++;
    }
    SimulatedProcess.PlannedFault planned = process.nextFault();
    if (planned != null) {
      faults.count(planned.kind());
      meet(process, planned);
    }
    call.onSent().run();
    if (faults.isOngoing(call.service().outage)) {
      wait(process, random.between(1, 12_000));
      throw call.service().error(503, "ServiceUnavailable");
    }
    if (call.service() == Service.SES && faults.isOngoing(Kind.SES_KILLS)) {
      process.crash();
    }
    T answer;
    try {
      Fault fault = faults.next(call.service().where, call.isPossible());
      answer = fault == null ? plain(process, call, effect) : go(fault, process, call, effect);
    } finally {
      if (planned != null && planned.kind() == Kind.FUNCTION_DIES_AFTER) {
        process.crash();
      }
    }
    process.checkAlive();
    return answer;
  }

  private void meet(SimulatedProcess process, SimulatedProcess.PlannedFault planned) {
    switch (planned.kind()) {
      case FUNCTION_DIES_BEFORE -> process.crash();
      case FUNCTION_FREEZES_BRIEFLY, FUNCTION_FREEZES_FOR_LONG -> wait(process, planned.amount());
      default -> {}
    }
    process.checkAlive();
  }

  private <T> T plain(SimulatedProcess process, Call call, Supplier<T> effect) {
    long milliseconds = random.between(0, 15);
    if (milliseconds > 7) {
      wait(process, milliseconds - 7); // request
    }
    T answer = done(process, call, effect);
    wait(process, Math.min(milliseconds, 7) + 1); // response
    return answer;
  }

  private <T> T go(Fault fault, SimulatedProcess process, Call call, Supplier<T> effect) {
    return switch (fault.kind()) {
      case S3_FAILS, ECS_FAILS, SES_FAILS -> {
        wait(process, fault.amount());
        throw call.service().error(500, "InternalError");
      }
      case S3_THROTTLES -> {
        wait(process, fault.amount());
        throw call.service().error(503, "SlowDown");
      }
      case ECS_THROTTLES -> {
        wait(process, fault.amount());
        throw call.service().error(400, "ThrottlingException");
      }
      case S3_CONFLICT -> {
        wait(process, fault.amount());
        throw call.service().error(409, "ConditionalRequestConflict");
      }
      case S3_ANSWER_LOST, ECS_ANSWER_LOST, SES_ANSWER_LOST -> {
        ignored(process, call, effect);
        wait(process, fault.amount());
        throw timeout();
      }
      case S3_EFFECT_LATE, ECS_EFFECT_LATE -> {
        scheduler.at(scheduler.now() + fault.amount(), () -> ignored(process, call, effect));
        wait(process, Math.min(12_000, fault.amount() / 2));
        throw timeout();
      }
      case S3_SENT_TWICE, ECS_SENT_TWICE -> {
        ignored(process, call, effect);
        wait(process, fault.amount());
        yield done(process, call, effect);
      }
      case S3_SLOW, ECS_SLOW -> {
        wait(process, fault.amount() / 2);
        T answer = done(process, call, effect);
        wait(process, fault.amount() / 2);
        yield answer;
      }
      default -> throw new IllegalStateException("no fault of a call: " + fault);
    };
  }

  private <T> T done(SimulatedProcess process, Call call, Supplier<T> effect) {
    history.note(() -> "    %s: %s %s".formatted(process, call.service(), call.what()));
    return effect.get();
  }

  /** Takes effect after the timeout. */
  private <T> void ignored(SimulatedProcess process, Call call, Supplier<T> effect) {
    try {
      done(process, call, effect);
    } catch (AwsServiceException _) {
      // the caller does not notice the failure either
    }
  }

  private static ApiCallTimeoutException timeout() {
    return ApiCallTimeoutException.builder()
        .writableStackTrace(false)
        .message("no answer in 12 seconds")
        .build();
  }

  private void wait(SimulatedProcess process, long milliseconds) {
    scheduler.sleep(milliseconds);
    process.checkAlive();
  }

  /** Whether a fault of the service itself happens. */
  boolean injects(Where where, Kind kind) {
    return faults.next(where, kind::equals) != null;
  }
}
