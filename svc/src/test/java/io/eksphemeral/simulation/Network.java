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

/** Between the SDK's clients and the services: calls take time here, and go wrong. */
final class Network {
  /** A service, and what it does to calls at the worst. */
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

    /** An answer of the service's that says no. */
    AwsServiceException error(int status, String code) {
      AwsServiceException.Builder error =
          switch (this) {
            case S3 -> S3Exception.builder();
            case ECS -> EcsException.builder();
            case SES -> SesException.builder();
          };
      error.writableStackTrace(false); // there are many
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
   * @param canStrike the single troubles that can happen to it
   * @param leaves what is noted once whoever calls has come to sending it
   */
  record Call(Service service, String what, Predicate<Kind> canStrike, Runnable leaves) {
    Call(Service service, String what, Predicate<Kind> canStrike) {
      this(service, what, canStrike, () -> {});
    }
  }

  private final DeterministicScheduler strands;
  private final FaultInjector troubles;
  private final SeededRandom dice;
  private final History history;

  Network(
      DeterministicScheduler strands, FaultInjector troubles, SeededRandom dice, History history) {
    this.strands = strands;
    this.troubles = troubles;
    this.dice = dice;
    this.history = history;
  }

  /** Has a call take its way, from which it may not come back. */
  <T> T call(Caller caller, Call call, Supplier<T> effect) {
    caller.live();
    Invocation invocation = caller.invocation();
    if (invocation != null) {
      invocation.calls++;
    }
    Caller.Fate fate = caller.fateOfCall();
    if (fate != null) {
      troubles.count(fate.kind());
      meet(caller, fate);
    }
    call.leaves().run();
    if (troubles.lasts(call.service().outage)) {
      wait(caller, dice.between(1, 12_000));
      throw call.service().error(503, "ServiceUnavailable");
    }
    if (call.service() == Service.SES && troubles.lasts(Kind.SES_KILLS)) {
      caller.die();
    }
    T answer;
    try {
      Fault trouble = troubles.strikes(call.service().where, call.canStrike());
      answer = trouble == null ? plain(caller, call, effect) : go(trouble, caller, call, effect);
    } finally {
      if (fate != null && fate.kind() == Kind.FUNCTION_DIES_AFTER) {
        caller.die();
      }
    }
    caller.live();
    return answer;
  }

  private void meet(Caller caller, Caller.Fate fate) {
    switch (fate.kind()) {
      case FUNCTION_DIES_BEFORE -> caller.die();
      case FUNCTION_FREEZES_BRIEFLY, FUNCTION_FREEZES_FOR_LONG -> wait(caller, fate.amount());
      default -> {}
    }
    caller.live();
  }

  private <T> T plain(Caller caller, Call call, Supplier<T> effect) {
    long milliseconds = dice.between(0, 15);
    if (milliseconds > 7) {
      wait(caller, milliseconds - 7); // to there
    }
    T answer = done(caller, call, effect);
    wait(caller, Math.min(milliseconds, 7) + 1); // and back
    return answer;
  }

  private <T> T go(Fault trouble, Caller caller, Call call, Supplier<T> effect) {
    return switch (trouble.kind()) {
      case S3_FAILS, ECS_FAILS, SES_FAILS -> {
        wait(caller, trouble.amount());
        throw call.service().error(500, "InternalError");
      }
      case S3_THROTTLES -> {
        wait(caller, trouble.amount());
        throw call.service().error(503, "SlowDown");
      }
      case ECS_THROTTLES -> {
        wait(caller, trouble.amount());
        throw call.service().error(400, "ThrottlingException");
      }
      case S3_CONFLICT -> {
        wait(caller, trouble.amount());
        throw call.service().error(409, "ConditionalRequestConflict");
      }
      case S3_ANSWER_LOST, ECS_ANSWER_LOST, SES_ANSWER_LOST -> {
        ignored(caller, call, effect);
        wait(caller, trouble.amount());
        throw timeout();
      }
      case S3_EFFECT_LATE, ECS_EFFECT_LATE -> {
        strands.at(strands.now() + trouble.amount(), () -> ignored(caller, call, effect));
        wait(caller, Math.min(12_000, trouble.amount() / 2));
        throw timeout();
      }
      case S3_SENT_TWICE, ECS_SENT_TWICE -> {
        ignored(caller, call, effect);
        wait(caller, trouble.amount());
        yield done(caller, call, effect);
      }
      case S3_SLOW, ECS_SLOW -> {
        wait(caller, trouble.amount() / 2);
        T answer = done(caller, call, effect);
        wait(caller, trouble.amount() / 2);
        yield answer;
      }
      default -> throw new IllegalStateException("no trouble of a call: " + trouble);
    };
  }

  private <T> T done(Caller caller, Call call, Supplier<T> effect) {
    history.note(() -> "    %s: %s %s".formatted(caller, call.service(), call.what()));
    return effect.get();
  }

  /** Has the effect, of which nobody hears. */
  private <T> void ignored(Caller caller, Call call, Supplier<T> effect) {
    try {
      done(caller, call, effect);
    } catch (AwsServiceException _) {
      // nobody hears that it did not work either
    }
  }

  private static ApiCallTimeoutException timeout() {
    return ApiCallTimeoutException.builder()
        .writableStackTrace(false)
        .message("no answer in 12 seconds")
        .build();
  }

  private void wait(Caller caller, long milliseconds) {
    strands.sleep(milliseconds);
    caller.live();
  }

  /** Whether a trouble of a service's own making strikes. */
  boolean strikes(Where where, Kind kind) {
    return troubles.strikes(where, kind::equals) != null;
  }
}
