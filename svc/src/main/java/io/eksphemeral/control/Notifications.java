package io.eksphemeral.control;

import io.eksphemeral.control.Mailer.Mail;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.Endpoint;
import io.eksphemeral.domain.MailAddress;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Transition;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The text and the recipients of notifications. */
public final class Notifications {
  /** The minutes in the prolong command that mails suggest. */
  private static final int PROLONG_BY = 30;

  /** How many changes that shortened its life a notice lists. */
  private static final int MAX_SHORTENINGS = 5;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm 'UTC on' d MMMM yyyy", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private final @Nullable Mailer mailer;
  private final @Nullable String operator;
  private final String scriptOptions;
  private final Supplier<Optional<Costs>> costs;

  /** Of clusters that cost nothing. */
  public Notifications(@Nullable Mailer mailer, @Nullable String operator, String scriptOptions) {
    this(mailer, operator, scriptOptions, Optional::empty);
  }

  /**
   * @param mailer null if no sender is configured, so that no mail is sent
   * @param operator an address that is notified, besides the owner, of clusters that cannot be
   *     destroyed; may be null
   * @param scriptOptions options that the suggested commands need to reach this control plane, such
   *     as {@code --local}, if a cluster's endpoint is not known; may be empty
   * @param costs what clusters cost; empty if that is nothing
   */
  public Notifications(
      @Nullable Mailer mailer,
      @Nullable String operator,
      String scriptOptions,
      Supplier<Optional<Costs>> costs) {
    this.mailer = mailer;
    this.operator = operator;
    this.scriptOptions = scriptOptions;
    this.costs = costs;
  }

  /** The recipients; may be empty. */
  List<String> recipients(Cluster cluster, Topic topic) {
    return Stream.concat(
            Stream.of(cluster.spec().owner()),
            topic == Topic.DESTROY_FAILED ? Stream.ofNullable(operator) : Stream.empty())
        .filter(address -> !MailAddress.isReserved(address))
        .distinct()
        .toList();
  }

  /** Why it cannot be sent at all; empty if it can. */
  Optional<String> obstacle(Cluster cluster, Topic topic) {
    if (mailer == null) {
      return Optional.of("no sender is configured; eksp up --notify ADDRESS configures one");
    }
    return recipients(cluster, topic).isEmpty()
        ? Optional.of("addresses under reserved domains receive no mail")
        : Optional.empty();
  }

  /**
   * The outcome of sending a notification.
   *
   * @param why what kept it from some or all recipients; null if it was sent to each
   */
  record Outcome(Delivery delivery, @Nullable String why) {}

  /**
   * Sends a mail to each recipient, so that one bad address does not affect the others. It counts
   * as sent if at least one mail was.
   */
  Outcome send(Cluster cluster, Topic topic, Instant about, Instant now) {
    String body = body(cluster, topic, about, now);
    boolean reached = false;
    List<String> failures = new ArrayList<>();
    for (String recipient : recipients(cluster, topic)) {
      Mail mail = new Mail(recipient, subject(cluster, topic, about), body);
      switch (deliver(mail)) {
        case Mailer.Delivery.Sent _ -> reached = true;
        case Mailer.Delivery.Failed(String why) -> failures.add(recipient + ": " + why);
      }
    }
    return new Outcome(
        reached ? Delivery.SENT : Delivery.FAILED,
        failures.isEmpty() ? null : String.join("; ", failures));
  }

  private Mailer.Delivery deliver(Mail mail) {
    try {
      return Objects.requireNonNull(mailer).send(mail);
    } catch (RuntimeException e) {
      // A breach of the mailer's contract must not keep a cluster alive.
      return new Mailer.Delivery.Failed(e.toString());
    }
  }

  private static String subject(Cluster cluster, Topic topic, Instant about) {
    String what =
        switch (topic) {
          case READY -> "is ready";
          case EARLY_NOTICE -> "will be destroyed at " + TIME.format(about);
          case NOTICE -> "is about to be destroyed";
          case CREATE_FAILED -> "could not be created";
          case DESTROY_FAILED -> "could not be destroyed and may still cost money";
          case GONE -> "is gone";
        };
    return "EKSphemeral: cluster " + cluster.name() + " " + what;
  }

  private String body(Cluster cluster, Topic topic, Instant about, Instant now) {
    String text =
        switch (topic) {
          case READY ->
              """
              Your cluster %s is ready. It will be destroyed at %s.

              To extend its life by %d minutes:
                  %s
              To destroy it now:
                  %s
              """
                  .formatted(
                      cluster.name(),
                      end(cluster),
                      PROLONG_BY,
                      prolong(cluster),
                      command("destroy", cluster));
          case EARLY_NOTICE, NOTICE ->
              """
              Your cluster %s will be destroyed at %s, or a few minutes later.
              Its lifetime of %s ends then.
              %s%s
              To extend its life by %d minutes:
                  %s
              """
                  .formatted(
                      cluster.name(),
                      TIME.format(about),
                      plural(cluster.lifetime(), "minute"),
                      cost(cluster, now),
                      shortenings(cluster),
                      PROLONG_BY,
                      prolong(cluster));
          case CREATE_FAILED ->
              """
              Your cluster %s could not be created: %s

              %sAnything that was created is being cleaned up automatically; no action is needed.
              """
                  .formatted(
                      cluster.name(), cluster.reason(State.CREATE_FAILED).orElse(""), log(cluster));
          case DESTROY_FAILED ->
              """
              %d attempts to destroy the cluster %s failed. The last error: %s

              It may still cost money. EKSphemeral keeps trying until its deletion is verified.
              To see its status:
                  %s
              """
                  .formatted(
                      cluster.failures(),
                      cluster.name(),
                      cluster.error(),
                      command("status", cluster));
          case GONE ->
              """
              Your cluster %s is gone. %s
              """
                  .formatted(cluster.name(), howItEnded(cluster));
        };
    return text + "\nIts id is " + cluster.id() + ".\n";
  }

  private static String plural(int number, String unit) {
    return number + " " + unit + (number == 1 ? "" : "s");
  }

  /** A mail must be sent even if its cost cannot be told. */
  private String cost(Cluster cluster, Instant now) {
    try {
      return costs
          .get()
          .map(known -> "It has cost at most %s USD so far.\n".formatted(known.soFar(cluster, now)))
          .orElse("");
    } catch (StoreException _) {
      return "";
    }
  }

  private static String howItEnded(Cluster cluster) {
    if (cluster.ready() != null) {
      return "Its deletion was verified.";
    }
    return cluster
        .reason(State.CREATE_FAILED)
        .or(() ->
            cluster.reason(State.GONE).filter(why -> cluster.since(State.DESTROYING).isEmpty()))
        .map("It was never ready: %s"::formatted)
        .orElse("It was destroyed before it was ready; its deletion was verified.");
  }

  /** The latest changes that shortened its life; empty if there are none. */
  private static String shortenings(Cluster cluster) {
    List<Transition> all =
        cluster.expiryChanges().stream().filter(change -> change.minutes() < 0).toList();
    return all.isEmpty()
        ? ""
        : all.stream()
            .skip(Math.max(0, all.size() - MAX_SHORTENINGS))
            .map(change -> "    %s, at %s\n".formatted(change.why(), TIME.format(change.at())))
            .collect(Collectors.joining("", "\nIts expiry was changed:\n", ""));
  }

  private static String log(Cluster cluster) {
    return cluster.log().isEmpty()
        ? ""
        : "The last lines of its log:\n    " + String.join("\n    ", cluster.log()) + "\n\n";
  }

  private static String end(Cluster cluster) {
    Instant expires = cluster.expires();
    return expires == null ? "its expiry" : TIME.format(expires);
  }

  private String prolong(Cluster cluster) {
    return "%s %dm".formatted(command("prolong", cluster), PROLONG_BY);
  }

  /** A command that reaches this control plane from any folder. */
  private String command(String what, Cluster cluster) {
    Endpoint endpoint = cluster.endpoint();
    if (endpoint != null) {
      return "EKSPHEMERAL_URL=%s eksp %s %s".formatted(endpoint.url(), what, cluster.name());
    }
    String options = scriptOptions.isEmpty() ? "" : scriptOptions + " ";
    return "eksp %s %s%s".formatted(what, options, cluster.name());
  }
}
