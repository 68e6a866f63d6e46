package io.eksphemeral.template;

import static io.eksphemeral.template.Template.properties;
import static io.eksphemeral.template.Template.stream;
import static io.eksphemeral.template.Template.target;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.lambda.HandlerFixture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which alarms go off, and reach the operator, when what they watch is published as it is: the
 * sweep's counts as CloudWatch takes them out of the function's own log line, and the metrics of
 * Lambda and SQS with the names and dimensions that those services give them. An alarm is evaluated
 * as CloudWatch does it: it sees a metric whose namespace, name and dimensions are all the same.
 */
final class AlarmsTest {
  private static final int MINUTE = 60;
  private static final int SWEEP = 5 * MINUTE;

  /** As long as the longest that any alarm looks back. */
  private static final int NOW = 3600;

  private static final String QUEUE = "eksp-FailedSweeps-1ABC";

  private record Metric(String namespace, String name, Map<String, String> dimensions) {}

  private record Point(int at, double value) {}

  private final Map<Metric, List<Point>> published = new HashMap<>();

  private void publish(
      String namespace, String name, Map<String, String> dimensions, int at, double value) {
    published
        .computeIfAbsent(new Metric(namespace, name, dimensions), _ -> new ArrayList<>())
        .add(new Point(at, value));
  }

  // --- what is published ---

  /** All is well: sweeps and calls that do not fail, for an hour. */
  @BeforeEach
  void publishAnHourInWhichAllIsWell() {
    sweeps(0, NOW, _ -> Map.of());
    for (String function : Template.functions().keySet()) {
      for (int at = 0; at < NOW; at += MINUTE) {
        error(function, at, 0);
      }
    }
    for (int at = 0; at < NOW; at += MINUTE) {
      messages(at, 0);
    }
  }

  /** Sweeps every five minutes, which count nothing but what is said of each by its number. */
  private void sweeps(int from, int to, IntFunction<Map<String, Integer>> counted) {
    JsonNode line = new HandlerFixture().sweep();
    published.keySet().removeIf(metric -> metric.namespace().equals("EKSphemeral"));
    for (int at = from; at < to; at += SWEEP) {
      for (JsonNode directive : line.at("/_aws/CloudWatchMetrics")) {
        for (JsonNode dimensions : directive.path("Dimensions")) {
          assertThat(dimensions).as("counts without dimensions").isEmpty();
          for (JsonNode metric : directive.path("Metrics")) {
            String name = metric.path("Name").asText();
            assertThat(line.has(name)).isTrue();
            publish(
                directive.path("Namespace").asText(),
                name,
                Map.of(),
                at,
                counted.apply((at - from) / SWEEP).getOrDefault(name, 0));
          }
        }
      }
    }
  }

  /** As Lambda does it: for the function, its alias, the version behind that, and for all. */
  private void error(String function, int at, int count) {
    String resource = function + ":live";
    for (Map<String, String> dimensions :
        List.of(
            Map.of("FunctionName", function),
            Map.of("FunctionName", function, "Resource", resource),
            Map.of("FunctionName", function, "Resource", resource, "ExecutedVersion", "7"),
            Map.<String, String>of())) {
      publish("AWS/Lambda", "Errors", dimensions, at, count);
    }
  }

  private void messages(int at, int visible) {
    publish(
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", Map.of("QueueName", QUEUE), at, visible);
  }

  // --- how CloudWatch evaluates ---

  /** What a property is once it is deployed. */
  private static String deployed(JsonNode value) {
    JsonNode attribute = value.path("Fn::GetAtt");
    if (attribute.path(0).asText().equals("FailedSweeps")) {
      return switch (attribute.path(1).asText()) {
        case "QueueName" -> QUEUE;
        case "Arn" -> "arn:aws:sqs:us-east-2:123456789012:" + QUEUE;
        default -> "https://sqs.us-east-2.amazonaws.com/123456789012/" + QUEUE;
      };
    }
    String name = value.path("Ref").asText();
    return Template.functions().containsKey(name)
        ? Template.function(name).path("FunctionName").asText()
        : value.asText("a reference to " + name);
  }

  private Set<String> goingOff() {
    Set<String> going = new TreeSet<>();
    Template.all("AWS::CloudWatch::Alarm")
        .forEach((name, alarm) -> {
          if (goesOff(alarm)) {
            going.add(name);
          }
        });
    return going;
  }

  private boolean goesOff(JsonNode alarm) {
    assertThat(alarm.has("Unit")).as("counts are published with units of their own").isFalse();
    Map<String, String> dimensions = new TreeMap<>();
    stream(alarm.path("Dimensions"))
        .forEach(one -> dimensions.put(one.path("Name").asText(), deployed(one.path("Value"))));
    List<Point> points =
        published.getOrDefault(
            new Metric(
                alarm.path("Namespace").asText(), alarm.path("MetricName").asText(), dimensions),
            List.of());
    int period = alarm.path("Period").asInt();
    int periods = alarm.path("EvaluationPeriods").asInt();
    long breaching =
        IntStream.range(0, periods)
            .filter(back -> {
              int end = NOW - back * period;
              double[] values =
                  points.stream()
                      .filter(point -> end - period <= point.at() && point.at() < end)
                      .mapToDouble(Point::value)
                      .toArray();
              return values.length == 0
                  ? alarm.path("TreatMissingData").asText().equals("breaching")
                  : breaches(alarm, values);
            })
            .count();
    return breaching >= alarm.path("DatapointsToAlarm").asInt(periods);
  }

  private static boolean breaches(JsonNode alarm, double[] values) {
    double value =
        switch (alarm.path("Statistic").asText()) {
          case "SampleCount" -> values.length;
          case "Sum" -> Arrays.stream(values).sum();
          case "Average" -> Arrays.stream(values).average().orElseThrow();
          case "Maximum" -> Arrays.stream(values).max().orElseThrow();
          default -> Arrays.stream(values).min().orElseThrow();
        };
    double threshold = alarm.path("Threshold").asDouble();
    return switch (alarm.path("ComparisonOperator").asText()) {
      case "GreaterThanThreshold" -> value > threshold;
      case "GreaterThanOrEqualToThreshold" -> value >= threshold;
      case "LessThanThreshold" -> value < threshold;
      default -> value <= threshold;
    };
  }

  // --- what goes off ---

  @Test
  void whereAllIsWellNothingGoesOff() {
    assertThat(goingOff()).isEmpty();
  }

  @Test
  void manyClustersAndChangesAreNoReason() {
    sweeps(0, NOW, _ -> Map.of("clusters", 100, "changed", 100, "skipped", 100));
    assertThat(goingOff()).isEmpty();
  }

  @Test
  void fifteenMinutesWithoutASweepAreSaid() {
    sweeps(0, NOW - 3 * SWEEP, _ -> Map.of());
    assertThat(goingOff()).containsExactly("NoSweep");
  }

  @Test
  void tenMinutesAreNot() {
    sweeps(0, NOW - 2 * SWEEP, _ -> Map.of());
    assertThat(goingOff()).isEmpty();
  }

  @Test
  void whatNeverSweptIsSaid() {
    published.clear();
    assertThat(goingOff()).containsExactly("NoSweep");
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "0, 2", "0, 1"})
  void aClusterThatFailsInTwoOfThreeSweepsIsSaid(int first, int second) {
    int last = NOW / SWEEP - 1;
    sweeps(
        0, NOW, sweep -> Map.of("failed", sweep == last - first || sweep == last - second ? 1 : 0));
    assertThat(goingOff()).containsExactly("ClustersFail");
  }

  @Test
  void aClusterThatFailsOnceIsNot() {
    sweeps(0, NOW, sweep -> Map.of("failed", sweep == NOW / SWEEP - 1 ? 3 : 0));
    assertThat(goingOff()).isEmpty();
  }

  @Test
  void oneUnreadableRecordIsSaid() {
    sweeps(0, NOW, sweep -> Map.of("unreadable", sweep == NOW / SWEEP - 1 ? 1 : 0));
    assertThat(goingOff()).containsExactly("RecordsUnreadable");
  }

  /** Two sweeps may fall into one period, as when the first was tried again. */
  @Test
  void oneUnreadableRecordInOneOfTwoSweepsIsSaid() {
    publish("EKSphemeral", "unreadable", Map.of(), NOW - 1, 1);
    assertThat(goingOff()).containsExactly("RecordsUnreadable");
  }

  @ParameterizedTest
  @CsvSource({
    "CreateClusterFunc, CreateClusterErrors",
    "StatusFunc, StatusErrors",
    "DestroyClusterFunc, SweepErrors"
  })
  void oneFunctionThatDiedIsSaidByItsAlarm(String function, String alarm) {
    error(function, NOW - MINUTE, 1);
    assertThat(goingOff()).containsExactly(alarm);
  }

  @Test
  void whatDiedAnHourAgoIsOver() {
    error("StatusFunc", 0, 1);
    assertThat(goingOff()).isEmpty();
  }

  @Test
  void oneSweepThatWasGivenUpIsSaid() {
    messages(NOW - MINUTE, 1);
    assertThat(goingOff()).containsExactly("SweepsGivenUp");
  }

  // --- who hears of it ---

  @Test
  void eachAlarmReachesTheAddressThatIsInstalled() {
    assertThat(Template.all("AWS::CloudWatch::Alarm")).hasSize(7);
    assertThat(Template.all("AWS::CloudWatch::Alarm"))
        .allSatisfy((name, alarm) -> {
          assertThat(alarm.path("ActionsEnabled").asBoolean(true)).as(name).isTrue();
          assertThat(stream(alarm.path("AlarmActions")).map(Template::target))
              .as(name)
              .containsExactly("Operator");
        });
    assertThat(stream(properties("NoSweep").path("OKActions")).map(Template::target))
        .containsExactly("Operator");
    JsonNode subscription = properties("OperatorMail");
    assertThat(target(subscription.path("TopicArn"))).isEqualTo("Operator");
    assertThat(subscription.path("Protocol").asText()).isEqualTo("email");
    assertThat(target(subscription.path("Endpoint"))).isEqualTo("NotifyAddress");
    // Alarms may not use the account's key for SNS.
    assertThat(properties("Operator").has("KmsMasterKeyId")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"create", "status", "sweep"})
  void anAlarmNamesTheLogThatExists(String log) {
    String name = "/eksphemeral/" + log;
    assertThat(Template.all("AWS::Logs::LogGroup").values())
        .anyMatch(group -> group.path("LogGroupName").asText().equals(name));
    assertThat(Template.all("AWS::CloudWatch::Alarm").values())
        .anyMatch(alarm -> alarm.path("AlarmDescription").asText().contains(name));
  }
}
