package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import java.util.Optional;

/** What is kept where: the keys of the bucket, and the paths of a store on plain files. */
public final class StoreKeys {
  public static final String CLAIMS = "names/";
  public static final String TASKS = "tasks/";
  public static final String ARCHIVE = "gone/";
  public static final String VERSIONS = "config/versions.json";

  private static final String RECORD_SUFFIX = ".json";

  private StoreKeys() {}

  public static String record(ClusterId id) {
    return id + RECORD_SUFFIX;
  }

  /** The id of the cluster whose record a key is; empty if it is no record's. */
  public static Optional<ClusterId> recordId(String key) {
    return key.endsWith(RECORD_SUFFIX)
        ? ClusterId.parse(key.substring(0, key.length() - RECORD_SUFFIX.length()))
            .filter(id -> record(id).equals(key))
        : Optional.empty();
  }

  public static String claim(String name) {
    return CLAIMS + name;
  }

  /** What eksctl is told to build: JSON, which is YAML. */
  public static String config(ClusterId id) {
    return TASKS + id + "/cluster.yaml";
  }

  public static String fence(TaskKey key) {
    return TASKS + key.cluster() + "/" + key.label() + ".fence";
  }

  public static String result(TaskKey key) {
    return TASKS + key.cluster() + "/" + key.label() + ".result";
  }

  /** How a task was asked for, so that it can be asked for again in the same words. */
  public static String request(TaskKey key) {
    return TASKS + key.cluster() + "/" + key.label() + ".request";
  }

  public static String archive(ClusterId id) {
    return ARCHIVE + record(id);
  }
}
