package io.eksphemeral.control;

import java.util.List;
import java.util.Optional;

/**
 * Small texts under keys such as {@code names/dev}: all that survives when a process ends.
 *
 * <ul>
 *   <li><b>Atomic.</b> A text is written whole or not at all. Of several conditional writes that
 *       expect the same, exactly one succeeds.
 *   <li><b>Durable and consistent.</b> Once a method has returned, every later call of any process
 *       sees its effect.
 *   <li><b>Absence</b> and a lost race are return values, never exceptions.
 *   <li><b>Lost answers.</b> When a method throws {@link StoreException}, its effect may or may not
 *       have happened, but never half of it.
 *   <li><b>Versions.</b> Every conditional write makes a new version, also when it writes the same
 *       text again: a version that was replaced never comes back. {@link #put} may repeat the
 *       version of an equal text.
 * </ul>
 *
 * <p>Calls may come from any number of threads. {@code ObjectStoreContract} runs against each
 * implementation.
 */
public interface ObjectStore {
  /** The longest text that is read, in bytes of UTF-8. */
  int MAX_BYTES = 1 << 20;

  /** An object as it was read. */
  sealed interface StoredObject {
    /** Its text; empty if it has none that can be read. */
    default Optional<String> asText() {
      return this instanceof Text(_, String text) ? Optional.of(text) : Optional.empty();
    }

    /** The version by which it can be replaced or deleted; empty if it may not be read. */
    default Optional<String> knownVersion() {
      return switch (this) {
        case Text(String version, _) -> Optional.of(version);
        case Unreadable(String version, _, _) -> Optional.of(version);
        case Denied _ -> Optional.empty();
      };
    }

    record Text(String version, String text) implements StoredObject {}

    /**
     * It is longer than {@link #MAX_BYTES}, or not UTF-8.
     *
     * @param text its beginning, as far as it can be decoded
     */
    record Unreadable(String version, String why, String text) implements StoredObject {}

    /**
     * It exists, but may not be read: its own permissions or encryption key prevent it.
     *
     * @param failure for callers that cannot go on without the object
     */
    record Denied(String why, StoreException failure) implements StoredObject {}
  }

  /** An object as a listing shows it. */
  record Entry(String key, String version) {}

  /** The object under a key; empty if there is none. */
  Optional<StoredObject> get(String key);

  /**
   * As {@link #get}, for callers that must not guess what an object says.
   *
   * @throws StoreException also if the object may not be read
   */
  default Optional<StoredObject> getAccessible(String key) {
    Optional<StoredObject> object = get(key);
    if (object.orElse(null) instanceof StoredObject.Denied denied) {
      throw denied.failure();
    }
    return object;
  }

  /** Writes a text unconditionally. */
  void put(String key, String text);

  /**
   * Writes a text under a key that has no object.
   *
   * @return its version; empty if there is an object, which is kept
   */
  Optional<String> putIfAbsent(String key, String text);

  /**
   * Replaces an object that still has the given version.
   *
   * @return the new version; empty if the object has another version or does not exist
   */
  Optional<String> replaceIf(String key, String version, String text);

  /**
   * Deletes an object that still has the given version.
   *
   * @return whether this call deleted it. May be false after a lost answer, when a retry inside the
   *     store found the object already deleted
   */
  boolean deleteIf(String key, String version);

  /**
   * The objects whose keys begin with a prefix and have no slash after it, in the order of their
   * keys. An object that is written or deleted during the listing may be missing; every other one
   * is listed. Reads no object.
   *
   * @param prefix empty for the objects in the root, {@code names/} for those in a folder, {@code
   *     gone/01a2} for some of them
   */
  List<Entry> list(String prefix);
}
