package io.eksphemeral.local;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.regex.Matcher;

/** Responses of a control plane, with any text in every field that is one. */
final class Hostile {
  /** Would load an image, run a script, leave an attribute or a script, if it were markup. */
  static final String TEXT =
      "<img src=x onerror=alert(1)>\"'><script>alert(2)</script><svg onload=alert(3)>${alert(4)}";

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private Hostile() {}

  /** A line of the table. */
  static String line() {
    return FakePlane.id(0) + ("\t" + TEXT).repeat(2) + "\t100" + ("\t" + TEXT).repeat(7);
  }

  /** A record with everything that one can have. */
  static String record(String text, String state) {
    ObjectNode record = JSON.createObjectNode();
    record.put("name", text).put("owner", text).put("kubeversion", text).put("numworkers", 2);
    record.putArray("access").add(text);
    ObjectNode status = record.putObject("status");
    status
        .put("id", FakePlane.id(5))
        .put("state", state)
        .put("created", "2026-11-30T10:00:00Z")
        .put("lifetime", 60)
        .put("createdby", text)
        .put("provider", text)
        .put("error", text)
        .put("cost", 0.12)
        .put("attempt", 1);
    status.putArray("leftovers").add("volume of " + text);
    status.putArray("log").add(text);
    status
        .putArray("tasks")
        .addObject()
        .put("kind", text)
        .put("attempt", 1)
        .put("launched", "2026-11-30T10:00:00Z")
        .put("ended", "2026-11-30T10:10:00Z")
        .put("outcome", text);
    status
        .putArray("mails")
        .addObject()
        .put("topic", text)
        .put("tried", "2026-11-30T10:10:00Z")
        .put("delivery", text)
        .put("why", text);
    status
        .putArray("history")
        .addObject()
        .put("state", text)
        .put("at", "2026-11-30T10:00:00Z")
        .put("why", text)
        .put("by", text);
    status.putArray("phases").addObject().put("phase", text).put("at", "2026-11-30T10:00:00Z");
    return record.toString();
  }

  /** A record whose times are not even times. */
  static String undated(String state) {
    return record(TEXT, state)
        .replaceAll(
            "\"2026-[^\"]*\"",
            Matcher.quoteReplacement(JSON.getNodeFactory().textNode(TEXT).toString()))
        .replace("\"lifetime\":60", "\"lifetime\":\"x\",\"expires\":\"x\"");
  }

  static String estimate(String text) {
    ObjectNode estimate = JSON.createObjectNode();
    estimate
        .put("name", text)
        .put("numworkers", 1)
        .put("kubeversion", text)
        .put("timeout", 20)
        .put("owner", text);
    estimate
        .putObject("cost")
        .put("usual", 0.42)
        .put("most", 0.9)
        .put("hourly", 0.2)
        .put("assumes", text);
    estimate
        .putArray("refused")
        .addAll(Collections.nCopies(1, JSON.getNodeFactory().textNode(text)));
    return estimate.toString();
  }

  static String error() {
    ObjectNode error = JSON.createObjectNode().put("error", TEXT).put("code", "conflict");
    error.putArray("problems").add(TEXT);
    return error.toString();
  }
}
