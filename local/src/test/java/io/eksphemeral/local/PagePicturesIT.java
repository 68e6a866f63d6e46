package io.eksphemeral.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Takes the pictures of the page, see {@code img/page.sh}, of a control plane on this machine. */
@Tag("pictures")
class PagePicturesIT {
  @TempDir private Path scratch;

  @Test
  void pictures() throws Exception {
    Scripts scripts =
        Scripts.local(scratch, Scripts.freePort())
            .with("EKSPHEMERAL_PROVIDER", "simulated")
            .with("EKSPHEMERAL_SIMULATE_SECONDS", "4")
            .with("EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER", "20")
            .with("EKSPHEMERAL_OWNER", "you@your-company.io")
            .with(
                "EKSPHEMERAL_SIMULATE_FAULTS", "create:fail:feature-login,destroy:leftovers:demo");
    scripts.run("eksp-up.sh", "--speed", "60").exits(0);
    try (Chromium browser = new Chromium(scratch)) {
      create(scripts, "payments-e2e", "40m", "2");
      create(scripts, "docs-preview", "2h", "1");
      create(scripts, "demo", "3h", "1");
      create(scripts, "release-1-9", "4h", "3");
      Thread.sleep(12_000); // some of their lives
      scripts.run("eksp-prolong.sh", "docs-preview", "30m").exits(0);
      scripts.run("eksp-destroy.sh", "--no-wait", "demo").exits(0);
      create(scripts, "feature-login", "1h", "1");
      // Commands to copy read as they do where eksp is on the PATH.
      scripts.with("PATH", Scripts.checkout() + ":" + scripts.value("PATH"));
      Scripts.Running command = scripts.start("", "bash", "-c", "exec eksp ui --no-open");
      Scripts.until("the link", () -> read(command.out()).endsWith("\n"));
      String link = read(command.out()).strip();
      browser.size(1200, 620, false);
      browser.open(link);
      create(scripts, "upgrade-test", "8h", "4");
      browser.sees("Destruction failed");
      browser.sees("upgrade-test");
      picture(browser, "page");
      browser.scheme("dark");
      picture(browser, "page-dark");
      browser.scheme("light");
      browser.size(390, 700, true);
      picture(browser, "page-phone");
      browser.size(1200, 900, false);
      browser.run(
          "[...document.querySelectorAll('a')].find(one => one.textContent === 'docs-preview').click()");
      browser.sees("extended");
      picture(browser, "page-cluster");
      browser.size(1200, 760, false);
      browser.go("#/new");
      browser.find("#name").sendKeys("-new");
      browser.find("#timeout").sendKeys("2h");
      browser.sees("must be 1 to 63");
      picture(browser, "page-new");
      browser.go("#/");
      browser.button("Extend docs-preview").click();
      browser.sees("instead of");
      picture(browser, "page-extend");
      command.process().toHandle().destroy();
      command.process().waitFor();
    } finally {
      scripts.run("eksp-down.sh", "--abandon-clusters");
    }
  }

  private static void create(Scripts scripts, String name, String timeout, String workers)
      throws Exception {
    scripts
        .run(
            "eksp-create.sh",
            "--no-wait",
            "--name",
            name,
            "--timeout",
            timeout,
            "--workers",
            workers)
        .exits(0);
  }

  private static void picture(Chromium browser, String name) throws IOException {
    browser.run("document.getElementById('notice').classList.remove('shown')");
    Path folder = Path.of(System.getProperty("eksphemeral.pictures", "target/pictures"));
    browser.picture(folder.resolve(name + ".png"));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
