package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anySet;
import static org.mockito.Mockito.CALLS_REAL_METHODS;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mockStatic;
import static org.mockito.Mockito.spy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mockito.MockedStatic;

final class FolderTest {
  @TempDir Path home;

  /**
   * After a power failure the name would stand there with nothing, or half of it, in the file. No
   * test can pull the plug; so what is forced to disk is noted, with what the target was by then.
   */
  @Test
  void aFileIsOnDiskBeforeItHasItsNameAndThenItsNameIs() throws IOException {
    Folder folder = Folder.open(home);
    folder.write("names/dev", "old");
    List<String> forced = new ArrayList<>();
    try (MockedStatic<FileChannel> channels = mockStatic(FileChannel.class, CALLS_REAL_METHODS)) {
      channels
          .when(() -> FileChannel.open(any(Path.class), anySet(), any(FileAttribute[].class)))
          .thenAnswer(opening -> {
            boolean isFolder = Files.isDirectory(opening.getArgument(0, Path.class));
            FileChannel opened = spy((FileChannel) opening.callRealMethod());
            doAnswer(
                    force -> {
                      String what = isFolder ? "the folder" : opened.size() + " bytes";
                      forced.add(what + ", over " + Files.readString(home.resolve("names/dev")));
                      return force.callRealMethod();
                    })
                .when(opened)
                .force(true);
            return opened;
          });

      folder.write("names/dev", "newer");
    }

    assertThat(forced).containsExactly("5 bytes, over old", "the folder, over newer");
  }
}
