package io.eksphemeral.local;

import java.nio.charset.StandardCharsets;

/** What a record can be that nobody can read, and what has to be said of it. */
enum Broken {
  CORRUPT("{\"name\":\"dev\",\"numworkers\":1,\"status\":{\"id\":\"", "not JSON"),
  EMPTY("", "not a JSON object"),
  FUTURE(
      "{\"name\":\"dev\",\"status\":{\"format\":2,\"shape\":\"round\"}}",
      "written by a newer version, in format 2"),
  LARGE("{\"name\":\"" + "x".repeat(5 << 20) + "\"}", "bytes"),

  /** A folder where a file should be; on one machine only. */
  FOLDER("", "Is a directory"),

  /** A file that may not be read; on one machine only. */
  FORBIDDEN("{}", "AccessDenied");

  private final String text;
  private final String why;

  Broken(String text, String why) {
    this.text = text;
    this.why = why;
  }

  byte[] bytes() {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Some words of why it cannot be read. */
  String why() {
    return why;
  }
}
