package io.eksphemeral.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.Mailer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Connections that were kept, and what becomes of mails over them, which are sent no second time.
 */
final class SnapshotSafeHttpClientTest {
  private final Server server = new Server();
  private final SnapshotSafeHttpClient connections = AwsClients.connections();
  private final SesMailer mailer =
      new SesMailer(
          Emulator.at(server.endpoint(), AwsClients.ses()).httpClient(connections).build(),
          "eksp@eksphemeral.io");

  SnapshotSafeHttpClientTest() throws IOException {}

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  @Test
  void aConnectionIsReused() throws InterruptedException {
    send();
    send();
    assertThat(server.accepted).hasSize(1);
  }

  @Test
  void leavingNoneClosesNewAndEarlierConnections() throws InterruptedException {
    send();
    connections.leavingNone(this::send);
    assertThat(server.accepted).hasSize(1);
    assertThat(server.isClosedAsAsked()).isTrue();

    connections.leavingNone(this::send);
    assertThat(server.accepted).hasSize(2);
    assertThat(server.isClosedAsAsked()).isTrue();
  }

  @Test
  void afterLeavingNoneConnectionsAreReusedAgain() throws InterruptedException {
    try {
      connections.leavingNone(() -> {
        throw new IllegalStateException("the warm-up failed");
      });
    } catch (IllegalStateException e) {
      assertThat(e).hasMessage("the warm-up failed");
    }
    send();
    send();
    assertThat(server.accepted).hasSize(1);
  }

  @Test
  void aMailIsSentOverANewConnectionIfTheKeptOneWasClosed()
      throws IOException, InterruptedException {
    send();
    server.closeAll();
    send();
    assertThat(server.accepted).hasSize(2);
    assertThat(server.mails).hasSize(2);
  }

  private void send() {
    assertThat(mailer.send(new Mailer.Mail("alice@eksphemeral.io", "Subject", "Body\n")))
        .isEqualTo(new Mailer.Delivery.Sent());
  }

  /** Takes every mail, and keeps its connections until it is told otherwise, or to close one. */
  private static final class Server implements AutoCloseable {
    final List<Socket> accepted = new ArrayList<>();
    final BlockingQueue<String> mails = new LinkedBlockingQueue<>();
    private final BlockingQueue<Boolean> ends = new LinkedBlockingQueue<>();
    private final ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());

    Server() throws IOException {
      Thread.ofVirtual().start(this::accept);
    }

    URI endpoint() {
      return URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }

    private void accept() {
      try {
        while (true) {
          Socket connection = socket.accept();
          accepted.add(connection);
          Thread.ofVirtual().start(() -> serve(connection));
        }
      } catch (IOException e) {
        // It was closed.
      }
    }

    private void serve(Socket connection) {
      try (connection;
          BufferedReader input =
              new BufferedReader(
                  new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
        boolean closing = false;
        while (!closing) {
          int length = 0;
          String line = input.readLine();
          if (line == null) {
            ends.add(false);
            return;
          }
          while (!line.isEmpty()) {
            if (line.startsWith("Content-Length: ")) {
              length = Integer.parseInt(line.substring("Content-Length: ".length()));
            }
            closing |= line.equalsIgnoreCase("Connection: close");
            line = input.readLine();
          }
          char[] body = new char[length];
          for (int read = 0; read < length; read += input.read(body, read, length - read)) {}
          mails.add(new String(body));
          String answer = "<SendEmailResponse></SendEmailResponse>";
          connection
              .getOutputStream()
              .write(
                  "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s"
                      .formatted(closing ? "Connection: close\r\n" : "", answer.length(), answer)
                      .getBytes(StandardCharsets.UTF_8));
        }
        ends.add(input.readLine() == null);
      } catch (IOException e) {
        ends.add(false);
      }
    }

    /** Waits until a connection is over, and says whether it is so because the client wanted it. */
    boolean isClosedAsAsked() throws InterruptedException {
      return Boolean.TRUE.equals(ends.poll(10, TimeUnit.SECONDS));
    }

    void closeAll() throws IOException {
      for (Socket connection : accepted) {
        connection.close();
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
      closeAll();
    }
  }
}
