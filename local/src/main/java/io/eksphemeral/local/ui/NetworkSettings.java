package io.eksphemeral.local.ui;

import java.io.IOException;
import java.io.InputStream;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
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
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

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
   * A proxy.
   *
   * @param login a user, a colon and a password; empty if it wants none
   */
  record Proxy(String host, int port, String login) {
    /** Without the password. */
    @Override
    public String toString() {
      return "Proxy[" + host + ":" + port + "]";
    }
  }

  /**
   * Lets a client use them.
   *
   * @throws IllegalArgumentException if there is a proxy that cannot be used
   * @throws GeneralSecurityException if the file has no certificates
   */
  void applyTo(HttpClient.Builder client, URI api) throws IOException, GeneralSecurityException {
    if (certificates.isPresent()) {
      client.sslContext(trusting(certificates.get()));
    }
    Optional<Proxy> proxy = proxy(api);
    if (proxy.isEmpty()) {
      client.proxy(HttpClient.Builder.NO_PROXY);
      return;
    }
    Proxy used = proxy.get();
    client.proxy(ProxySelector.of(InetSocketAddress.createUnresolved(used.host(), used.port())));
    if (!used.login().isEmpty()) {
      client.authenticator(new ProxyLogin(used.login()));
    }
  }

  /** Gives a login to the proxy, and to no server. */
  private static final class ProxyLogin extends Authenticator {
    private final PasswordAuthentication login;

    ProxyLogin(String login) {
      String[] parts = login.split(":", 2);
      this.login =
          new PasswordAuthentication(
              parts[0], parts.length == 2 ? parts[1].toCharArray() : new char[0]);
    }

    @Override
    protected @Nullable PasswordAuthentication getPasswordAuthentication() {
      return getRequestorType() == RequestorType.PROXY ? login : null;
    }
  }

  /** The proxy to this host; empty if there is none. */
  Optional<Proxy> proxy(URI api) {
    String names = "https".equals(api.getScheme()) ? "https_proxy HTTPS_PROXY" : "http_proxy";
    if (isExempt(String.valueOf(api.getHost()))) {
      return Optional.empty();
    }
    return first(names + " all_proxy ALL_PROXY").map(NetworkSettings::parse);
  }

  private static Proxy parse(String text) {
    URI url;
    try {
      url = URI.create(text.contains("://") ? text : "http://" + text);
    } catch (IllegalArgumentException _) {
      throw unusable(); // it may contain a password
    }
    if (!"http".equalsIgnoreCase(url.getScheme()) || url.getHost() == null) {
      throw unusable();
    }
    return new Proxy(
        url.getHost(),
        url.getPort() < 0 ? PROXY_PORT : url.getPort(),
        url.getUserInfo() == null ? "" : url.getUserInfo());
  }

  private static IllegalArgumentException unusable() {
    return new IllegalArgumentException(
        "the proxy to AWS has to be http://HOST:PORT; see https_proxy and all_proxy");
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
    Collection<? extends Certificate> all;
    try (InputStream in = Files.newInputStream(file)) {
      all = CertificateFactory.getInstance("X.509").generateCertificates(in);
    }
    if (all.isEmpty()) {
      throw new GeneralSecurityException(file + " has no certificates");
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    int number = 0;
    for (Certificate one : all) {
      store.setCertificateEntry("ca-" + number++, one);
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
