package io.eksphemeral.aws;

import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.ObjectStoreContract;
import org.junit.jupiter.api.BeforeEach;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/** Against the emulator, which checks S3's conditions atomically. */
final class S3ObjectStoreTest extends ObjectStoreContract {
  private final S3Client s3 = Emulator.s3(new FaultyHttpClient());
  private String bucket = "";

  @BeforeEach
  void create() {
    bucket = Emulator.newBucket(s3);
  }

  @Override
  protected ObjectStore objects() {
    return new S3ObjectStore(s3, bucket, _ -> {});
  }

  @Override
  protected void plant(String key, byte[] bytes) {
    s3.putObject(request -> request.bucket(bucket).key(key), RequestBody.fromBytes(bytes));
  }
}
