package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import java.util.Optional;

/** The keys of the objects in the store; {@code svc/task/keys.sh} has them for the shell. */
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

  /** The id of the cluster whose record has this key; empty if the key is not a record's. */
  public static Optional<ClusterId> recordId(String key) {
    return key.endsWith(RECORD_SUFFIX)
        ? ClusterId.parse(key.substring(0, key.length() - RECORD_SUFFIX.length()))
            .filter(id -> record(id).equals(key))
        : Optional.empty();
  }

  public static String claim(String name) {
    return CLAIMS + name;
  }

  /** The folder of all objects of a cluster's tasks. */
  public static String tasks(ClusterId id) {
    return TASKS + id + "/";
  }

  /** The configuration for eksctl: JSON, which is YAML. */
  public static String config(ClusterId id) {
    return tasks(id) + "cluster.yaml";
  }

  public static String fence(TaskKey key) {
    return tasks(key.cluster()) + key.label() + ".fence";
  }

  public static String result(TaskKey key) {
    return tasks(key.cluster()) + key.label() + ".result";
  }

  /** The phases that a create task has begun, as far as it reported them. */
  public static String progress(TaskKey key) {
    return tasks(key.cluster()) + key.label() + ".progress";
  }

  /** The parameters of a task's launch, so that a retry sends the same ones. */
  public static String request(TaskKey key) {
    return tasks(key.cluster()) + key.label() + ".request";
  }

  public static String archive(ClusterId id) {
    return ARCHIVE + record(id);
  }
}
