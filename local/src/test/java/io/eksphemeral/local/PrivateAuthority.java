package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Objects;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * What a company's proxy is that looks into TLS: it has certificates that no machine trusts by
 * itself.
 *
 * @param certificate the file of its CA, in PEM
 * @param tls what a server needs that is called {@code abc123.execute-api.localhost}
 */
record PrivateAuthority(Path certificate, SSLContext tls) {
  private static final String PASSWORD = "changeit";

  static PrivateAuthority in(Path folder) throws IOException, InterruptedException {
    Path store = folder.resolve("store.p12");
    keytool(
        store,
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=abc123.execute-api.localhost",
        "-ext",
        "SAN=dns:abc123.execute-api.localhost",
        "-ext",
        "BC=ca:true");
    Path certificate = folder.resolve("ca.pem");
    keytool(store, "-exportcert", "-rfc", "-file", certificate.toString());
    try (InputStream in = Files.newInputStream(store)) {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(in, PASSWORD.toCharArray());
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(keys, PASSWORD.toCharArray());
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(managers.getKeyManagers(), null, null);
      return new PrivateAuthority(certificate, tls);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static void keytool(Path store, String... arguments)
      throws IOException, InterruptedException {
    Path program = Path.of(Objects.requireNonNull(System.getProperty("java.home")), "bin/keytool");
    var command = new java.util.ArrayList<>(java.util.List.of(program.toString()));
    command.addAll(java.util.List.of(arguments));
    command.addAll(
        java.util.List.of("-alias", "ca", "-keystore", store.toString(), "-storepass", PASSWORD));
    assertThat(new ProcessBuilder(command).redirectErrorStream(true).start().waitFor())
        .as("exit code of %s", command)
        .isZero();
  }
}
