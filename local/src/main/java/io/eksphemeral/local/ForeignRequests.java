package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.lambda.ErrorCode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Rejects requests that a page of another site, or a host name that resolves to this machine, could
 * make a browser send.
 */
public final class ForeignRequests {
  private static final Set<String> NOT_FROM_OTHERS = Set.of("none", "same-origin");

  private final Set<String> hosts;

  /**
   * @param port at which requests arrive, on loopback
   */
  public ForeignRequests(int port) {
    hosts = Set.of("127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port);
  }

  /** The response to a request that is rejected. */
  public Optional<APIGatewayV2HTTPResponse> reject(HttpRequest request) {
    return rejectHost(request).or(() -> rejectOrigin(request));
  }

  /** The same for one that any page may have the browser send, such as a link. */
  public Optional<APIGatewayV2HTTPResponse> rejectHost(HttpRequest request) {
    List<String> host = request.header("Host");
    return host.size() == 1 && hosts.contains(host.getFirst().toLowerCase(Locale.ROOT))
        ? Optional.empty()
        : Optional.of(
            ErrorCode.FORBIDDEN.response("the Host header does not name this control plane"));
  }

  private static Optional<APIGatewayV2HTTPResponse> rejectOrigin(HttpRequest request) {
    String origin = "http://" + request.header("Host").getFirst();
    return request.header("Origin").stream().allMatch(origin::equalsIgnoreCase)
            && NOT_FROM_OTHERS.containsAll(request.header("Sec-Fetch-Site"))
        ? Optional.empty()
        : Optional.of(ErrorCode.FORBIDDEN.response("requests from web pages are not allowed"));
  }
}
