package io.eksphemeral.control;

import io.eksphemeral.control.Mailer.Mail;
import io.eksphemeral.domain.Cluster;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the mails say, and to whom they go. */
public final class Notifications {
  /** What the one command of a notice prolongs by, in minutes. */
  private static final int PROLONG_BY = 30;

  /** How many changes of the expiry a notice tells of. */
  private static final int MOST_SHORTENINGS = 5;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm 'UTC on' d MMMM yyyy", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private final @Nullable Mailer mailer;
  private final @Nullable String operator;
  private final String scriptOptions;

  /**
   * @param mailer null where there is no address to send from: nobody is mailed then
   * @param operator who hears of clusters that cannot be destroyed, besides their owners; null for
   *     nobody
   * @param scriptOptions what the front end's commands need to reach this control plane, such as
   *     {@code --local}; may be empty
   */
  public Notifications(@Nullable Mailer mailer, @Nullable String operator, String scriptOptions) {
    this.mailer = mailer;
    this.operator = operator;
    this.scriptOptions = scriptOptions;
  }

  /** Who is to hear of it; may be nobody. */
  List<String> readers(Cluster cluster, Topic topic) {
    return Stream.concat(
            Stream.of(cluster.spec().owner()),
            topic == Topic.DESTROY_FAILED ? Stream.ofNullable(operator) : Stream.empty())
        .filter(address -> !MailAddress.isNobodys(address))
        .distinct()
        .toList();
  }

  /** Why there is no use in trying to mail it; empty where there is. */
  Optional<String> whyNobody(Cluster cluster, Topic topic) {
    if (mailer == null) {
      return Optional.of("no sender is configured; ./eksp-up.sh --notify ADDRESS configures one");
    }
    return readers(cluster, topic).isEmpty()
        ? Optional.of("addresses under reserved domains receive no mail")
        : Optional.empty();
  }

  /**
   * What became of a mail.
   *
   * @param why what kept it from some or all of its readers; null where it went out to each
   */
  record Outcome(Delivery delivery, @Nullable String why) {}

  /**
   * Mails each of those who are to hear of it, one by one: an address that cannot be mailed keeps
   * nobody else from hearing. It is sent if anybody was reached.
   */
  Outcome send(Cluster cluster, Topic topic, Instant about) {
    boolean reached = false;
    List<String> failures = new ArrayList<>();
    for (String reader : readers(cluster, topic)) {
      Mail mail = new Mail(reader, subject(cluster, topic), body(cluster, topic, about));
      switch (deliver(mail)) {
        case Mailer.Delivery.Sent _ -> reached = true;
        case Mailer.Delivery.Failed(String why) -> failures.add(reader + ": " + why);
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
      // Against its contract; but no mail server is to keep a cluster from its end.
      return new Mailer.Delivery.Failed(e.toString());
    }
  }

  private static String subject(Cluster cluster, Topic topic) {
    String what =
        switch (topic) {
          case READY -> "is ready";
          case NOTICE -> "is about to be destroyed";
          case CREATE_FAILED -> "could not be created";
          case DESTROY_FAILED -> "cannot be destroyed, and costs money";
          case GONE -> "is gone";
        };
    return "EKSphemeral: cluster " + cluster.name() + " " + what;
  }

  private String body(Cluster cluster, Topic topic, Instant about) {
    String text =
        switch (topic) {
          case READY ->
              """
              Your cluster %s is ready. It is destroyed at %s.

              To keep it for longer:
                  %s
              To be rid of it now:
                  %s
              """
                  .formatted(
                      cluster.name(), end(cluster), prolong(cluster), command("destroy", cluster));
          case NOTICE ->
              """
              Your cluster %s is destroyed at %s, or a few minutes later.
              %s
              To keep it for another %d minutes:
                  %s
              """
                  .formatted(
                      cluster.name(),
                      TIME.format(about),
                      shortenings(cluster),
                      PROLONG_BY,
                      prolong(cluster));
          case CREATE_FAILED ->
              """
              Your cluster %s could not be created: %s

              %sWhat was built of it is being torn down; there is nothing you need to do.
              """
                  .formatted(
                      cluster.name(), cluster.why(State.CREATE_FAILED).orElse(""), log(cluster));
          case DESTROY_FAILED ->
              """
              %d attempts to destroy the cluster %s have failed, the last one with: %s

              It may still cost money. It is tried again and again, until nothing of it is found.
              What is known of it:
                  %s
              """
                  .formatted(
                      cluster.failures(),
                      cluster.name(),
                      cluster.error(),
                      command("list", cluster));
          case GONE ->
              """
              Your cluster %s is gone. %s
              """
                  .formatted(cluster.name(), lastWords(cluster));
        };
    return text + "\nIts id is " + cluster.id() + ".\n";
  }

  private static String lastWords(Cluster cluster) {
    if (cluster.ready() != null) {
      return "Nothing is left of it.";
    }
    return cluster
        .why(State.CREATE_FAILED)
        .or(() -> cluster.why(State.GONE).filter(why -> cluster.since(State.DESTROYING).isEmpty()))
        .map("It was never ready: %s"::formatted)
        .orElse("It was destroyed before it was ready; nothing is left of it.");
  }

  /** Who shortened its life of late; empty if nobody did. */
  private static String shortenings(Cluster cluster) {
    List<Transition> all =
        cluster.changes().stream().filter(change -> change.minutes() < 0).toList();
    return all.isEmpty()
        ? ""
        : all.stream()
            .skip(Math.max(0, all.size() - MOST_SHORTENINGS))
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
    return expires == null ? "its end" : TIME.format(expires);
  }

  private String prolong(Cluster cluster) {
    return command("prolong", cluster) + " " + PROLONG_BY;
  }

  private String command(String what, Cluster cluster) {
    String options = scriptOptions.isEmpty() ? "" : scriptOptions + " ";
    return "./eksp-%s.sh %s%s".formatted(what, options, cluster.id());
  }
}
