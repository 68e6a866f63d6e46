package io.eksphemeral.local.ui;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The way to AWS, by the variables that curl and the aws CLI know. */
final class NetworkSettings {
  private static final int PROXY_PORT = 1080;

  private final Map<String, String> environment;
  private final Optional<Path> certificates;

  NetworkSettings(Map<String, String> environment, Optional<Path> certificates) {
    this.environment = environment;
    this.certificates = certificates;
  }

  /**
   * Lets a client use them.
   *
   * @throws GeneralSecurityException if the file has no certificates
   */
  void applyTo(HttpClient.Builder client, URI api) throws IOException, GeneralSecurityException {
    if (certificates.isPresent()) {
      client.sslContext(trusting(certificates.get()));
    }
    proxy(api)
        .ifPresentOrElse(
            proxy -> client.proxy(ProxySelector.of(proxy)),
            () -> client.proxy(HttpClient.Builder.NO_PROXY));
  }

  /** The proxy to this host; empty if there is none. */
  Optional<InetSocketAddress> proxy(URI api) {
    String names = "https".equals(api.getScheme()) ? "https_proxy HTTPS_PROXY" : "http_proxy";
    if (isExempt(String.valueOf(api.getHost()))) {
      return Optional.empty();
    }
    return first(names + " all_proxy ALL_PROXY")
        .map(url -> URI.create(url.contains("://") ? url : "http://" + url))
        .filter(url -> url.getHost() != null)
        .map(url ->
            InetSocketAddress.createUnresolved(
                url.getHost(), url.getPort() < 0 ? PROXY_PORT : url.getPort()));
  }

  private Optional<String> first(String names) {
    return Stream.of(names.split(" ", -1))
        .map(name -> environment.getOrDefault(name, ""))
        .filter(value -> !value.isEmpty())
        .findFirst();
  }

  private boolean isExempt(String host) {
    String name = "." + host.toLowerCase(Locale.ROOT);
    return Arrays.stream(first("no_proxy NO_PROXY").orElse("").split("[, ]+", -1))
        .map(one -> one.toLowerCase(Locale.ROOT))
        .anyMatch(one ->
            one.equals("*")
                || (!one.isEmpty() && name.endsWith(one.startsWith(".") ? one : "." + one)));
  }

  private static SSLContext trusting(Path file) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(file)) {
      int number = 0;
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca-" + number++, one);
      }
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
