package io.eksphemeral.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An HTTP proxy as companies have them: it answers CONNECT, with a header, and then hands on. */
final class ConnectProxy implements AutoCloseable {
  private final ServerSocket server;
  private final List<String> connected = new CopyOnWriteArrayList<>();
  private final String login;

  ConnectProxy() throws IOException {
    this("");
  }

  /**
   * One that wants a login.
   *
   * @param login a user, a colon and a password
   */
  ConnectProxy(String login) throws IOException {
    this.login = login;
    server = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::serve);
  }

  String url() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  /** What it was asked to connect to, each a host and a port. */
  List<String> connected() {
    return connected;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  private void serve() {
    try {
      while (!server.isClosed()) {
        Socket client = server.accept();
        String head = head(client);
        if (!login.isEmpty() && !head.contains("Basic " + base64(login) + "\r\n")) {
          try (client) {
            client
                .getOutputStream()
                .write(
                    "HTTP/1.1 407 Who are you?\r\nProxy-Authenticate: Basic realm=\"company\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
          }
          continue;
        }
        String target = head.split(" ", 3)[1];
        connected.add(target);
        int port = Integer.parseInt(target.substring(target.lastIndexOf(':') + 1));
        Socket there = new Socket(InetAddress.getLoopbackAddress(), port);
        client
            .getOutputStream()
            .write(
                "HTTP/1.1 200 Connection established\r\nVia: 1.1 company\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        Thread.ofVirtual().start(() -> pump(client, there));
        Thread.ofVirtual().start(() -> pump(there, client));
      }
    } catch (IOException e) {
      if (!server.isClosed()) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String head(Socket client) throws IOException {
    StringBuilder head = new StringBuilder();
    while (!head.toString().endsWith("\r\n\r\n")) {
      head.append((char) client.getInputStream().read());
    }
    return head.toString();
  }

  private static void pump(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // One of both has hung up, and so does the other.
    }
  }
}
