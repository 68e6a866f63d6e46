package io.eksphemeral.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.ses.SesClient;

/** The clients as they are in AWS, with all of their retries. */
final class AwsClientsTest {
  /** Of the 29 s that the gateway waits. */
  private static final Duration HALF_OF_A_CALL = Duration.ofMillis(14_500);

  @Test
  void aCallThatGetsNoResponseEndsInTime() throws Exception {
    // It takes connections up to its backlog, and says nothing.
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      URI endpoint = URI.create("http://127.0.0.1:" + silent.getLocalPort());
      try (S3Client s3 = Emulator.at(endpoint, AwsClients.s3()).build();
          EcsClient ecs = Emulator.at(endpoint, AwsClients.ecs()).build();
          SesClient ses = Emulator.at(endpoint, AwsClients.ses()).build()) {
        List<Future<Duration>> failures =
            List.of(
                callers.submit(timed(() -> s3.getObjectAsBytes(get -> get.bucket("b").key("k")))),
                callers.submit(timed(() -> ecs.describeTasks(request -> request.tasks("t")))),
                callers.submit(
                    timed(() ->
                        ses.sendEmail(mail ->
                            mail.source("a@b.io").destination(to -> to.toAddresses("a@b.io"))))));
        for (Future<Duration> failure : failures) {
          assertThat(failure.get()).isBetween(Duration.ofSeconds(1), HALF_OF_A_CALL);
        }
      }
    }
  }

  /** Slow ones, each within its own limit, would together take longer than anybody waits. */
  @Test
  void slowCallsTogetherEndWithinTheLimit() throws Exception {
    Duration allowed = Duration.ofSeconds(8);
    HttpServer slow =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    slow.createContext(
        "/",
        exchange -> {
          LockSupport.parkNanos(Duration.ofMillis(1500).toNanos());
          exchange.sendResponseHeaders(404, -1);
          exchange.close();
        });
    slow.start();
    SnapshotSafeHttpClient connections = AwsClients.connections();
    try (S3Client s3 =
        Emulator.at(
                URI.create("http://127.0.0.1:" + slow.getAddress().getPort()),
                AwsClients.s3().httpClient(connections))
            .build()) {
      connections.allow(allowed);
      long begun = System.nanoTime();
      int answered = 0;
      Throwable failure;
      do {
        failure = catchThrowable(() -> s3.getObjectAsBytes(get -> get.bucket("b").key("k")));
        answered += failure instanceof S3Exception ? 1 : 0;
      } while (failure instanceof S3Exception);

      assertThat(failure).isInstanceOf(SdkException.class).hasMessageContaining("no time is left");
      assertThat(answered).isBetween(1, 3);
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(allowed);
      connections.allow(allowed);
      assertThatExceptionOfType(S3Exception.class)
          .isThrownBy(() -> s3.getObjectAsBytes(get -> get.bucket("b").key("k")));
    } finally {
      slow.stop(0);
    }
  }

  /** How long a call takes to fail. */
  private static Callable<Duration> timed(Callable<?> call) {
    return () -> {
      long begun = System.nanoTime();
      assertThat(catchThrowable(call::call)).isInstanceOf(SdkException.class);
      return Duration.ofNanos(System.nanoTime() - begun);
    };
  }
}
