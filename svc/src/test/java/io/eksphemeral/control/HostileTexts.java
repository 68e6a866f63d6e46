package io.eksphemeral.control;

import java.util.List;

/** Texts for injection attacks. */
public final class HostileTexts {
  /** Against shells, headers, JSON, YAML, HTML, templates, logs, terminals, paths and buffers. */
  public static final List<String> TEXTS =
      List.of(
          "$(touch /tmp/owned)",
          "`id`",
          "${HOME}",
          "a; reboot",
          "a | sh",
          "a && b > c",
          "a\nb",
          "a'b\"c\\",
          "-rf",
          "--help",
          "a\r\nBcc: bob@eksphemeral.io",
          "a\nSubject: forged\n\nforged",
          "Name <bob@eksphemeral.io>, alice@eksphemeral.io",
          "\"}, \"status\": {\"state\": \"gone\"}, \"x\": {\"y\": \"",
          "{\"$ref\": \"#/\"}",
          "a: b",
          "- a",
          "&a a",
          "*a",
          "!!binary a",
          "---",
          "...",
          "%YAML 1.1",
          "a\tb",
          "# a",
          "yes",
          "1e3",
          "~",
          "<script>alert(1)</script>",
          "\"><img src=x onerror=alert(1)>",
          "{{ .Values }}",
          "%(name)s",
          "%n%s",
          "{\"event\": \"sweep\"}\n{\"event\": \"forged\"}",
          "a\u001b[2Jb",
          "a\u001b]0;title\u0007b",
          "a\u009b31mb",
          "a\u0085b",
          "a\u2028b\u2029c",
          "a\u202eb",
          "a\u200bb\u2066c",
          "\ufeffa",
          "a\u007fb",
          "a\bb",
          "a\u0000b",
          "a\ud800",
          "\udc00a",
          "d\u0435v",
          "\uff44\uff45\uff56",
          "../../names/dev",
          "..%2f..%2f",
          "/etc/passwd",
          "file:///etc/passwd",
          "http://169.254.169.254/",
          "a".repeat(10_000),
          "");

  private HostileTexts() {}
}
