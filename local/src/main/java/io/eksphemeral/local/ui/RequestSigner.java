package io.eksphemeral.local.ui;

import java.net.URI;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.AwsSessionCredentialsIdentity;

/** Signs requests to API Gateway with the AWS SDK's signer (Signature Version 4). */
final class RequestSigner {
  private static final String SERVICE = "execute-api";

  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
  private final String region;

  RequestSigner(String region) {
    this.region = region;
  }

  /** All headers to send, those of the signature included; Host is what the URI says. */
  Map<String, List<String>> sign(
      String method,
      URI uri,
      Map<String, String> headers,
      byte[] body,
      CallerCredentials.Keys keys) {
    SdkHttpRequest.Builder request =
        SdkHttpRequest.builder().method(SdkHttpMethod.fromValue(method)).uri(uri);
    headers.forEach(request::putHeader);
    return signer
        .sign(signing ->
            signing
                .identity(identity(keys))
                .request(request.build())
                .payload(ContentStreamProvider.fromByteArray(body))
                .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, SERVICE)
                .putProperty(AwsV4HttpSigner.REGION_NAME, region))
        .request()
        .headers();
  }

  private static AwsCredentialsIdentity identity(CallerCredentials.Keys keys) {
    return keys.token().isEmpty()
        ? AwsCredentialsIdentity.create(keys.id(), keys.secret())
        : AwsSessionCredentialsIdentity.create(keys.id(), keys.secret(), keys.token());
  }
}
