package io.eksphemeral.simulation;

import java.util.Locale;

/**
 * Something that goes wrong, once, or for a while.
 *
 * @param at from when on, in milliseconds of the world
 * @param skip how many chances to go wrong it lets pass after that
 * @param amount how long, how late, or how far, in milliseconds; for a function that dies, at which
 *     of its calls
 */
record Fault(Kind kind, long at, int skip, long amount) {
  private static final long SECOND = 1000;
  private static final long MINUTE = 60 * SECOND;

  /** What can go wrong there. */
  enum Where {
    S3,
    ECS,
    LAUNCH,
    LAUNCH_AGAIN,
    CREATE_TASK,
    DESTROY_TASK,
    SES,
    NEWS,
    FUNCTION,
    ANSWER,
    RULE,
    OUTAGE
  }

  /** All that is known to go wrong, with how long at the most. */
  enum Kind {
    /** A request is refused with 5xx, without effect. */
    S3_FAILS(Where.S3, 1, 12 * SECOND),
    S3_THROTTLES(Where.S3, 1, 12 * SECOND),
    /** A request has its effect, and the answer gets lost. */
    S3_ANSWER_LOST(Where.S3, 1, 12 * SECOND),
    /** The answer gets lost, the SDK sends it again, and it meets its own effect. */
    S3_SENT_TWICE(Where.S3, 1, 5 * SECOND),
    /** Nobody waits any more when it takes effect. */
    S3_EFFECT_LATE(Where.S3, 1, 25 * SECOND),
    S3_CONFLICT(Where.S3, 1, SECOND),
    S3_SLOW(Where.S3, SECOND, 12 * SECOND),

    ECS_FAILS(Where.ECS, 1, 12 * SECOND),
    ECS_THROTTLES(Where.ECS, 1, 12 * SECOND),
    ECS_ANSWER_LOST(Where.ECS, 1, 12 * SECOND),
    ECS_SENT_TWICE(Where.ECS, 1, 5 * SECOND),
    ECS_EFFECT_LATE(Where.ECS, 1, 60 * SECOND),
    ECS_SLOW(Where.ECS, SECOND, 12 * SECOND),
    /** The answer to a launch has failures in the place of a task. */
    ECS_HAS_NO_ROOM(Where.LAUNCH, 1, 1),
    /** A launch is not allowed, or its request is wrong. */
    ECS_REFUSES(Where.LAUNCH, 1, 1),
    /** A launch meets an earlier one of its token whose parameters were resolved otherwise. */
    ECS_SEES_OTHER_PARAMETERS(Where.LAUNCH_AGAIN, 1, 1),
    /** A task is seen by nobody for a while after it was launched. */
    CREATE_SHOWS_START_LATE(Where.CREATE_TASK, MINUTE, 10 * MINUTE),
    DESTROY_SHOWS_START_LATE(Where.DESTROY_TASK, MINUTE, 10 * MINUTE),
    /** A task that has stopped is shown as running for a while. */
    CREATE_SHOWS_END_LATE(Where.CREATE_TASK, MINUTE, 10 * MINUTE),
    DESTROY_SHOWS_END_LATE(Where.DESTROY_TASK, MINUTE, 10 * MINUTE),

    CREATE_STARTS_LATE(Where.CREATE_TASK, MINUTE, 100 * MINUTE),
    CREATE_STARTS_TWICE(Where.CREATE_TASK, 1, 20 * MINUTE),
    CREATE_NEVER_APPEARS(Where.CREATE_TASK, 1, 1),
    CREATE_STOPS_BEFORE_IT_BEGINS(Where.CREATE_TASK, 1, 1),
    CREATE_FAILS(Where.CREATE_TASK, 1, 1),
    CREATE_DIES(Where.CREATE_TASK, 1, 15 * MINUTE),
    CREATE_HANGS(Where.CREATE_TASK, 1, 1),
    /** A task hangs, and is shown as running though it was told to stop. */
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

    NEWS_COMES_LATE(Where.NEWS, MINUTE, 90 * MINUTE),
    NEWS_COMES_TWICE(Where.NEWS, 1, 10 * MINUTE),
    NEWS_NEVER_COMES(Where.NEWS, 1, 1),

    /** A function dies at one of its calls, before it takes effect. */
    FUNCTION_DIES_BEFORE(Where.FUNCTION, 1, 40),
    FUNCTION_DIES_AFTER(Where.FUNCTION, 1, 40),
    /** A function stands still at one of its calls, and then goes on, if there is time. */
    FUNCTION_FREEZES_BRIEFLY(Where.FUNCTION, SECOND, 27 * SECOND),
    FUNCTION_FREEZES_FOR_LONG(Where.FUNCTION, 28 * SECOND, 300 * SECOND),
    /** A function's clock is ahead or behind. */
    CLOCK_IS_AHEAD(Where.FUNCTION, SECOND, 5 * SECOND),
    CLOCK_IS_BEHIND(Where.FUNCTION, SECOND, 5 * SECOND),
    /** A function is made anew, and knows nothing. */
    FUNCTION_IS_COLD(Where.FUNCTION, 1, 1),
    /** Who asked never hears what came of it. */
    ANSWER_NEVER_ARRIVES(Where.ANSWER, 1, 30 * SECOND),
    RULE_FIRES_TWICE(Where.RULE, 1, 20 * SECOND),

    S3_IS_DOWN(Where.OUTAGE, MINUTE, 150 * MINUTE),
    ECS_IS_DOWN(Where.OUTAGE, MINUTE, 150 * MINUTE),
    SES_IS_DOWN(Where.OUTAGE, MINUTE, 240 * MINUTE),
    /** The mail server takes so long that whoever asks it is killed. */
    SES_KILLS(Where.OUTAGE, MINUTE, 120 * MINUTE),
    /** No tear-down gets anything done. */
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

    boolean isDeath() {
      return this == FUNCTION_DIES_BEFORE || this == FUNCTION_DIES_AFTER;
    }

    /** Whether it happens at one of the calls to come, and counts when it does. */
    boolean isFate() {
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

    /** One of this kind, at a time, with the rest left to chance. */
    Fault roll(long at, SeededRandom dice) {
      int skip =
          switch (where) {
            case S3, ECS -> dice.below(12);
            case FUNCTION, NEWS, ANSWER -> dice.below(4);
            case LAUNCH, CREATE_TASK, DESTROY_TASK, SES, RULE -> dice.below(2);
            case LAUNCH_AGAIN, OUTAGE -> 0;
          };
      return new Fault(this, at, skip, dice.between(least, most));
    }
  }

  /** When it is over at the latest. */
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
            kind.most == 1 ? "once" : kind.isDeath() ? "at call " + amount : amount + " ms");
  }
}
