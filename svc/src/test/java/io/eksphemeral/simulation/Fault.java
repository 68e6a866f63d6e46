package io.eksphemeral.simulation;

import java.util.Locale;

/**
 * A fault that happens once, or lasts for a while.
 *
 * @param at its earliest time, in milliseconds of the simulation
 * @param skip how many opportunities it skips after that
 * @param amount its duration, delay or extent in milliseconds; for a crash of a function, the
 *     number of the call
 */
record Fault(Kind kind, long at, int skip, long amount) {
  private static final long SECOND = 1000;
  private static final long MINUTE = 60 * SECOND;

  /** Where it happens. */
  enum Where {
    S3,
    ECS,
    LAUNCH,
    LAUNCH_AGAIN,
    CREATE_TASK,
    DESTROY_TASK,
    SES,
    EVENT,
    FUNCTION,
    ANSWER,
    RULE,
    OUTAGE
  }

  /** All known faults, with the range of their amount. */
  enum Kind {
    /** A request fails with 5xx, without effect. */
    S3_FAILS(Where.S3, 1, 12 * SECOND),
    S3_THROTTLES(Where.S3, 1, 12 * SECOND),
    /** A request has its effect, but the response is lost. */
    S3_ANSWER_LOST(Where.S3, 1, 12 * SECOND),
    /** The response is lost, and the SDK's retry meets the effect of the first request. */
    S3_SENT_TWICE(Where.S3, 1, 5 * SECOND),
    /** A request takes effect after its timeout. */
    S3_EFFECT_LATE(Where.S3, 1, 25 * SECOND),
    S3_CONFLICT(Where.S3, 1, SECOND),
    S3_SLOW(Where.S3, SECOND, 12 * SECOND),

    ECS_FAILS(Where.ECS, 1, 12 * SECOND),
    ECS_THROTTLES(Where.ECS, 1, 12 * SECOND),
    ECS_ANSWER_LOST(Where.ECS, 1, 12 * SECOND),
    ECS_SENT_TWICE(Where.ECS, 1, 5 * SECOND),
    ECS_EFFECT_LATE(Where.ECS, 1, 60 * SECOND),
    ECS_SLOW(Where.ECS, SECOND, 12 * SECOND),
    /** The response to a launch has failures instead of a task. */
    ECS_HAS_NO_ROOM(Where.LAUNCH, 1, 1),
    /** A launch is denied or invalid. */
    ECS_REFUSES(Where.LAUNCH, 1, 1),
    /** A launch meets an earlier one with its token, whose parameters were resolved differently. */
    ECS_SEES_OTHER_PARAMETERS(Where.LAUNCH_AGAIN, 1, 1),
    /** ECS does not show a task for a while after its launch. */
    CREATE_SHOWS_START_LATE(Where.CREATE_TASK, MINUTE, 10 * MINUTE),
    DESTROY_SHOWS_START_LATE(Where.DESTROY_TASK, MINUTE, 10 * MINUTE),
    /** ECS shows a stopped task as running for a while. */
    CREATE_SHOWS_END_LATE(Where.CREATE_TASK, MINUTE, 10 * MINUTE),
    DESTROY_SHOWS_END_LATE(Where.DESTROY_TASK, MINUTE, 10 * MINUTE),

    CREATE_STARTS_LATE(Where.CREATE_TASK, MINUTE, 100 * MINUTE),
    CREATE_STARTS_TWICE(Where.CREATE_TASK, 1, 20 * MINUTE),
    CREATE_NEVER_APPEARS(Where.CREATE_TASK, 1, 1),
    CREATE_STOPS_BEFORE_IT_BEGINS(Where.CREATE_TASK, 1, 1),
    CREATE_FAILS(Where.CREATE_TASK, 1, 1),
    CREATE_DIES(Where.CREATE_TASK, 1, 15 * MINUTE),
    CREATE_HANGS(Where.CREATE_TASK, 1, 1),
    /** A task hangs, and is shown as running after it was told to stop. */
    CREATE_DOES_NOT_STOP(Where.CREATE_TASK, MINUTE, 600 * MINUTE),
    CREATE_LEAVES_THINGS(Where.CREATE_TASK, 1, 1),
    CREATE_LOSES_ITS_RESULT(Where.CREATE_TASK, 1, 1),
    CREATE_GARBLES_ITS_RESULT(Where.CREATE_TASK, 1, 1),

    DESTROY_STARTS_LATE(Where.DESTROY_TASK, MINUTE, 100 * MINUTE),
    DESTROY_STARTS_TWICE(Where.DESTROY_TASK, 1, 20 * MINUTE),
    DESTROY_NEVER_APPEARS(Where.DESTROY_TASK, 1, 1),
    DESTROY_STOPS_BEFORE_IT_BEGINS(Where.DESTROY_TASK, 1, 1),
    DESTROY_FAILS(Where.DESTROY_TASK, 1, 1),
    DESTROY_DIES(Where.DESTROY_TASK, 1, 10 * MINUTE),
    DESTROY_HANGS(Where.DESTROY_TASK, 1, 1),
    DESTROY_DOES_NOT_STOP(Where.DESTROY_TASK, MINUTE, 600 * MINUTE),
    DESTROY_LEAVES_THINGS(Where.DESTROY_TASK, 1, 1),
    DESTROY_LOSES_ITS_RESULT(Where.DESTROY_TASK, 1, 1),
    DESTROY_GARBLES_ITS_RESULT(Where.DESTROY_TASK, 1, 1),

    SES_FAILS(Where.SES, 1, 12 * SECOND),
    SES_ANSWER_LOST(Where.SES, 1, 12 * SECOND),

    EVENT_COMES_LATE(Where.EVENT, MINUTE, 90 * MINUTE),
    EVENT_COMES_TWICE(Where.EVENT, 1, 10 * MINUTE),
    EVENT_NEVER_COMES(Where.EVENT, 1, 1),

    /** A function crashes at one of its calls, before it takes effect. */
    FUNCTION_DIES_BEFORE(Where.FUNCTION, 1, 40),
    FUNCTION_DIES_AFTER(Where.FUNCTION, 1, 40),
    /** A function freezes at one of its calls, and then continues if it has time. */
    FUNCTION_FREEZES_BRIEFLY(Where.FUNCTION, SECOND, 27 * SECOND),
    FUNCTION_FREEZES_FOR_LONG(Where.FUNCTION, 28 * SECOND, 300 * SECOND),
    /** A function's clock is ahead or behind. */
    CLOCK_IS_AHEAD(Where.FUNCTION, SECOND, 5 * SECOND),
    CLOCK_IS_BEHIND(Where.FUNCTION, SECOND, 5 * SECOND),
    /** A function starts cold. */
    FUNCTION_IS_COLD(Where.FUNCTION, 1, 1),
    /** The response does not reach the caller. */
    ANSWER_NEVER_ARRIVES(Where.ANSWER, 1, 30 * SECOND),
    RULE_FIRES_TWICE(Where.RULE, 1, 20 * SECOND),

    S3_IS_DOWN(Where.OUTAGE, MINUTE, 150 * MINUTE),
    ECS_IS_DOWN(Where.OUTAGE, MINUTE, 150 * MINUTE),
    SES_IS_DOWN(Where.OUTAGE, MINUTE, 240 * MINUTE),
    /** The mail server takes so long that the sweep is killed. */
    SES_KILLS(Where.OUTAGE, MINUTE, 120 * MINUTE),
    /** No teardown makes progress. */
    NOTHING_GOES(Where.OUTAGE, 30 * MINUTE, 400 * MINUTE),
    RULE_DOES_NOT_FIRE(Where.OUTAGE, 6 * MINUTE, 150 * MINUTE);

    private final Where where;
    private final long least;
    private final long most;

    Kind(Where where, long least, long most) {
      this.where = where;
      this.least = least;
      this.most = most;
    }

    Where where() {
      return where;
    }

    boolean isCrash() {
      return this == FUNCTION_DIES_BEFORE || this == FUNCTION_DIES_AFTER;
    }

    /** Whether it is planned for a later call of the process, and counts then. */
    boolean isPlannedForACall() {
      return switch (this) {
        case FUNCTION_DIES_BEFORE,
            FUNCTION_DIES_AFTER,
            FUNCTION_FREEZES_BRIEFLY,
            FUNCTION_FREEZES_FOR_LONG ->
            true;
        default -> false;
      };
    }

    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** A random fault of this kind. */
    Fault create(long at, SeededRandom random) {
      int skip =
          switch (where) {
            case S3, ECS -> random.below(12);
            case FUNCTION, EVENT, ANSWER -> random.below(4);
            case LAUNCH, CREATE_TASK, DESTROY_TASK, SES, RULE -> random.below(2);
            case LAUNCH_AGAIN, OUTAGE -> 0;
          };
      return new Fault(this, at, skip, random.between(least, most));
    }
  }

  /** The latest end. */
  long until() {
    return kind.where == Where.OUTAGE ? at + amount : at;
  }

  @Override
  public String toString() {
    String which = skip == 0 ? "" : ", the %dth after".formatted(skip);
    return "%s %s%s (%s)"
        .formatted(
            History.time(at),
            kind.text(),
            which,
            kind.most == 1 ? "once" : kind.isCrash() ? "at call " + amount : amount + " ms");
  }
}
