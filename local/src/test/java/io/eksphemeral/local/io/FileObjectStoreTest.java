package io.eksphemeral.local.io;

import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.ObjectStoreContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

final class FileObjectStoreTest extends ObjectStoreContract {
  @TempDir Path folder;
  private ObjectStore objects;

  @BeforeEach
  void open() throws IOException {
    objects = new FileObjectStore(AtomicFiles.open(folder));
  }

  @Override
  protected ObjectStore objects() {
    return objects;
  }

  @Override
  protected void plant(String key, byte[] bytes) throws IOException {
    Path file = folder.resolve(key);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }
}
