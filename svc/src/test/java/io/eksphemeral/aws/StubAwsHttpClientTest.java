package io.eksphemeral.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.ObjectStore.Entry;
import io.eksphemeral.control.ObjectStore.StoredObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;

final class StubAwsHttpClientTest {
  private final StubAwsHttpClient stub = new StubAwsHttpClient("records");
  private final S3ObjectStore objects =
      new S3ObjectStore(
          AwsClients.s3()
              .httpClient(stub)
              .region(Region.US_EAST_2)
              .credentialsProvider(
                  StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
              .build(),
          "records",
          _ -> {});

  /** Over HTTPS, as in Lambda, the SDK frames a body differently than over HTTP. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", "line 1\n0\n", "grüße"})
  void aTextIsReadAsItWasWritten(String text) {
    objects.put("names/dev", text);
    assertThat(objects.get("names/dev").flatMap(StoredObject::asText)).contains(text);
  }

  @Test
  void listingsHaveTheObjectsUnderAPrefix() {
    objects.put("names/dev", "1");
    objects.put("names/dev/deeper", "2");
    objects.put("other", "3");
    assertThat(objects.list("names/")).extracting(Entry::key).containsExactly("names/dev");
  }

  @Test
  void aClearedBucketIsEmpty() {
    objects.put("names/dev", "1");
    stub.clear();
    assertThat(objects.get("names/dev")).isEmpty();
    assertThat(objects.list("")).isEmpty();
  }
}
