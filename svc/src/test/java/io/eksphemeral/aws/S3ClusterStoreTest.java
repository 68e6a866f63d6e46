package io.eksphemeral.aws;

import static io.eksphemeral.control.Samples.START;
import static io.eksphemeral.control.Samples.admitted;
import static io.eksphemeral.control.Samples.newId;
import static io.eksphemeral.domain.State.READY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;

import io.eksphemeral.aws.FaultyHttpClient.Seen;
import io.eksphemeral.control.Claim;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ClusterStoreContract;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.Sweep;
import io.eksphemeral.control.SweepReport;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The store in a bucket of the emulator, which checks S3's conditions atomically; then what no
 * emulator does, by answers that are recorded or lost on the way. It shows nothing of S3's
 * permissions, and collisions (409) only as they are documented.
 */
final class S3ClusterStoreTest extends ClusterStoreContract {
  private final FaultyHttpClient wire = new FaultyHttpClient();
  private final List<Duration> pauses = new ArrayList<>();
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private S3Client s3;
  private String name;
  private S3ObjectStore bucket;
  private ClusterStore store;

  @BeforeEach
  void open() {
    s3 = Emulator.s3(wire);
    name = Emulator.newBucket(s3);
    bucket = new S3ObjectStore(s3, name, pauses::add);
    store = new ClusterStore(bucket, executor);
    wire.forget();
  }

  @AfterEach
  void close() {
    executor.close();
  }

  @Override
  protected ClusterStore store() {
    return store;
  }

  @Override
  protected void plant(String key, String text) {
    plant(key, text.getBytes(StandardCharsets.UTF_8));
  }

  private void plant(String key, byte[] bytes) {
    s3.putObject(request -> request.bucket(name).key(key), RequestBody.fromBytes(bytes));
  }

  @Override
  protected String text(String key) {
    return s3.getObjectAsBytes(request -> request.bucket(name).key(key)).asUtf8String();
  }

  @Test
  void anUnchangedListingReadsNoRecord() {
    addMany(20);
    List<Stored> first = store.list();
    assertThat(reads()).hasSize(20);
    wire.forget();

    assertThat(store.list()).isEqualTo(first);
    assertThat(wire.seen()).hasSize(1).allMatch(Seen::isListing);
  }

  @Test
  void aListingReadsOnlyChangedRecords() {
    addMany(20);
    Stored.Live changed = (Stored.Live) store.list().get(3);
    Stored.Live removed = (Stored.Live) store.list().get(5);
    assertThat(store.replace(changed, changed.cluster().launchRejected("why"))).isPresent();
    assertThat(store.remove(removed)).isTrue();
    Stored.Live added = store.add(admitted("another")).orElseThrow();
    wire.forget();

    List<Stored> listed = store.list();
    assertThat(reads()).hasSize(2);
    assertThat(listed).hasSize(20).contains(added).doesNotContain(changed, removed);
  }

  @Test
  void anIdleSweepCostsTwoListings() {
    for (int i = 0; i < 5; i++) {
      ClusterId id = newId();
      plant(StoreKeys.record(id), InMemoryS3.record(id, "c" + i));
      store.claim(new Claim("c" + i, id, START.minusSeconds(3600)));
    }
    Sweep sweep = SweepBench.plane(store, executor).sweep();
    assertThat(sweep.all(() -> Duration.ofMinutes(1)).states()).containsOnly(entry(READY, 5L));
    wire.forget();

    SweepReport report = sweep.all(() -> Duration.ofMinutes(1));

    assertThat(report.states()).containsOnly(entry(READY, 5L));
    assertThat(report.failed()).isEmpty();
    assertThat(report.namesFreed()).isEmpty();
    assertThat(wire.seen()).hasSize(2).allMatch(Seen::isListing);
  }

  @Test
  void aListingContinuesPastAPage() throws Exception {
    List<ClusterId> ids = IntStream.range(0, 2005).mapToObj(_ -> newId()).toList();
    List<Future<?>> planted = new ArrayList<>();
    try (ExecutorService few = Executors.newFixedThreadPool(16)) {
      for (ClusterId id : ids) {
        planted.add(few.submit(() -> plant(StoreKeys.record(id), "{\"name\":\"of-2019\"}")));
      }
    }
    for (Future<?> one : planted) {
      one.get();
    }
    wire.forget();

    assertThat(store.ids()).containsExactlyElementsOf(ids);
    assertThat(wire.seen()).hasSize(3);
    assertThat(store.list()).map(Stored::id).containsExactlyElementsOf(ids);
  }

  @Test
  void taskObjectsAndTheArchiveDoNotSlowAListing() {
    Stored.Live live = store.add(admitted("one")).orElseThrow();
    for (int attempt = 1; attempt <= 30; attempt++) {
      TaskKey key = new TaskKey(live.id(), TaskKind.DESTROY, attempt);
      store.takeFence(key, Fence.TAKEN, "task-" + attempt);
    }
    store.archive(live);
    wire.forget();

    store.list();
    assertThat(wire.seen()).hasSize(2);
    assertThat(wire.seen().getFirst().uri().getRawQuery())
        .as("without it, a page is filled with what is no record")
        .contains("delimiter=%2F");
  }

  @Test
  void concurrentListingsOnOneExecutorDoNotDeadlock() throws Exception {
    addMany(20);
    try (ExecutorService two = Executors.newFixedThreadPool(2)) {
      var crowded = new ClusterStore(bucket, two);
      List<Future<List<Stored>>> listings = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        listings.add(two.submit(crowded::list));
      }
      for (Future<List<Stored>> listing : listings) {
        assertThat(listing.get()).hasSize(20);
      }
    }
  }

  @Test
  void aListingWorksWithAClosedExecutor() {
    addMany(5);
    executor.shutdown();

    assertThat(store.list()).hasSize(5);
  }

  @ParameterizedTest
  @CsvSource({
    "403, SignatureDoesNotMatch",
    "403, InvalidAccessKeyId",
    "403, ''",
    "403, InvalidRequest",
    "400, AccessDenied",
    "400, InvalidObjectState",
    "400, ExpiredToken",
    "400, KMS.ThrottlingException",
    "404, NoSuchBucket",
  })
  void aTemporaryReadFailureFailsTheListing(int status, String code) {
    ClusterId one = addMany(20).getFirst().id();
    refuse(StoreKeys.record(one), 2, FaultyHttpClient.s3Error(status, code));

    for (ThrowingCallable read :
        List.<ThrowingCallable>of(() -> store.list(), () -> store.find(one))) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(read)
          .withMessageContaining("%s: as recorded (HTTP %d), request R1".formatted(code, status));
    }
    assertThat(store.list()).hasSize(20);
  }

  @ParameterizedTest
  @CsvSource({"403, RequestTimeTooSkewed", "500, InternalError", "503, SlowDown"})
  void aReadThatFailsDespiteRetriesFailsTheListing(int status, String code) {
    String key = StoreKeys.record(addMany(20).getFirst().id());
    refuse(key, 1, FaultyHttpClient.lostRequest());
    refuse(key, 2, FaultyHttpClient.s3Error(status, code));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(store::list)
        .withMessageContaining(code);
    assertThat(store.list()).hasSize(20);
  }

  @ParameterizedTest
  @CsvSource({
    "403, AccessDenied",
    "403, InvalidObjectState",
    "400, InvalidRequest",
    "400, KMS.DisabledException",
    "400, KMS.InvalidKeyUsageException",
    "400, KMS.KMSInvalidStateException",
    "400, KMS.NotFoundException",
  })
  void aDeniedRecordIsUnreadableAndDoesNotPreventTheListing(int status, String code) {
    List<Cluster> clusters = addMany(20);
    ClusterId refused = clusters.get(7).id();
    var unreadable =
        new Stored.Unreadable(refused, "S3 denies access: %s (HTTP %d)".formatted(code, status));
    refuse(StoreKeys.record(refused), 3, FaultyHttpClient.s3Error(status, code));

    assertThat(store.list())
        .map(Stored::id)
        .containsExactlyElementsOf(clusters.stream().map(Cluster::id).toList());
    wire.forget();
    assertThat(store.list()).hasSize(20).containsOnlyOnce(unreadable);
    assertThat(reads()).as("it alone is read again").hasSize(1);
    assertThat(store.find(refused)).contains(unreadable);
    assertThat(store.list()).hasSize(20).allMatch(Stored.Live.class::isInstance);
  }

  @Test
  void aDeniedArchivedRecordIsUnreadable() {
    Stored.Live live = store.add(admitted("one")).orElseThrow();
    store.archive(live);
    refuse(StoreKeys.archive(live.id()), 1, FaultyHttpClient.s3Error(403, "AccessDenied"));

    assertThat(store.archived(live.id()))
        .contains(new Stored.Unreadable(live.id(), "S3 denies access: AccessDenied (HTTP 403)"));
  }

  @Test
  void aMissingRecordIsAFailureForCallersWithoutPermissions() {
    wire.next(FaultyHttpClient.s3Error(403, "AccessDenied"));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> store.find(newId()))
        .withMessageContaining("AccessDenied: as recorded (HTTP 403), request R1");
  }

  @Test
  void aDeniedRecordDoesNotStopTheSweepAndKeepsItsName() {
    List<ClusterId> ids = IntStream.range(0, 5).mapToObj(_ -> newId()).toList();
    for (ClusterId id : ids) {
      String cluster = "c" + ids.indexOf(id);
      plant(StoreKeys.record(id), InMemoryS3.record(id, cluster));
      store.claim(new Claim(cluster, id, START.minusSeconds(3600)));
    }
    refuse(StoreKeys.record(ids.get(2)), 2, FaultyHttpClient.s3Error(403, "AccessDenied"));

    SweepReport report = SweepBench.plane(store, executor).sweep().all(() -> Duration.ofMinutes(1));

    assertThat(report.states()).containsOnly(entry(READY, 4L));
    assertThat(report.unreadable())
        .containsOnly(entry(ids.get(2), "S3 denies access: AccessDenied (HTTP 403)"));
    assertThat(report.failed()).isEmpty();
    assertThat(report.namesFreed()).isEmpty();
    assertThat(store.claimOn("c2")).isPresent();
    assertThat(store.list()).allMatch(Stored.Live.class::isInstance);
  }

  @Test
  void aDeniedClaimDoesNotStopTheSweep() {
    for (String cluster : List.of("c0", "c1", "c2")) {
      store.claim(new Claim(cluster, newId(), START.minusSeconds(3600)));
    }
    refuse(StoreKeys.claim("c1"), 1, FaultyHttpClient.s3Error(403, "AccessDenied"));

    SweepReport report = SweepBench.plane(store, executor).sweep().all(() -> Duration.ofMinutes(1));

    assertThat(report.namesFreed()).containsExactlyInAnyOrder("c0", "c2");
    assertThat(report.failed()).isEmpty();
    assertThat(store.claims()).map(Claim::name).containsExactly("c1");
  }

  @ParameterizedTest
  @CsvSource({"403, InvalidAccessKeyId", "400, ExpiredToken"})
  void aTemporarilyUnreadableClaimFailsTheListing(int status, String code) {
    Claim claim = store.claim(new Claim("dev", newId(), START));
    refuse(StoreKeys.claim("dev"), 1, FaultyHttpClient.s3Error(status, code));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(store::claims)
        .withMessageContaining(code);
    assertThat(store.claims()).containsExactly(claim);
  }

  @Test
  void aDeniedFenceResultOrClaimIsAFailure() {
    ClusterId id = newId();
    TaskKey task = new TaskKey(id, TaskKind.CREATE, 1);
    store.takeFence(task, Fence.TAKEN, "task-1");
    store.putResult(task, new TaskResult(Outcome.READY, START, "it is up", List.of(), List.of()));
    Claim claim = store.claim(new Claim("dev", id, START));
    Map<ThrowingCallable, String> reads =
        Map.of(
            () -> store.fence(task), StoreKeys.fence(task),
            () -> store.takeFence(task, Fence.CLOSED, "other"), StoreKeys.fence(task),
            () -> store.takeFence(task, Fence.TAKEN, "task-1"), StoreKeys.fence(task),
            () -> store.result(task), StoreKeys.result(task),
            () -> store.claimOn("dev"), StoreKeys.claim("dev"),
            () -> store.claim(new Claim("dev", newId(), START)), StoreKeys.claim("dev"),
            () -> store.release(claim), StoreKeys.claim("dev"));
    reads.forEach((read, key) -> {
      refuse(key, 1, FaultyHttpClient.s3Error(403, "AccessDenied"));
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(read)
          .withMessageContaining("could not read " + key);
    });
    assertThat(store.fence(task)).isEqualTo(Fence.TAKEN);
    assertThat(store.claimOn("dev")).contains(claim);
  }

  @Test
  void aRecordRemovedDuringTheListingIsOmitted() {
    addMany(3);
    wire.nextOf(Seen::isRead, FaultyHttpClient.s3Error(404, "NoSuchKey"));

    assertThat(store.list()).hasSize(2);
    assertThat(store.list()).hasSize(3);
  }

  @Test
  void aLongOrBinaryRecordIsUnreadable() {
    ClusterId tooLong = newId();
    ClusterId noText = newId();
    plant(StoreKeys.record(tooLong), new byte[ClusterRecordCodec.LONGEST + 1]);
    plant(StoreKeys.record(noText), new byte[] {'{', '"', (byte) 0xc3, '"', '}'});

    assertThat(store.list())
        .map(stored -> stored.id() + ": " + ((Stored.Unreadable) stored).why())
        .containsExactly(
            tooLong + ": it has more than 1048576 bytes", noText + ": it is not UTF-8");
    assertThat(store.find(noText).orElseThrow()).isEqualTo(store.list().getLast());
  }

  @Test
  void aRecordOfExactlyTheMaximumLengthIsRead() {
    Stored.Live live = store.add(admitted("one")).orElseThrow();
    String text = text(StoreKeys.record(live.id()));
    plant(
        StoreKeys.record(live.id()), text + " ".repeat(ClusterRecordCodec.LONGEST - text.length()));

    assertThat(((Stored.Live) store.find(live.id()).orElseThrow()).cluster())
        .isEqualTo(live.cluster());
  }

  /** A cluster that lost its name to another one must not free it. */
  @Test
  void aNameReclaimedWhileItIsReleasedStaysClaimed() {
    Claim old = store.claim(new Claim("dev", newId(), START));
    Claim anew = new Claim("dev", old.holder(), START.plusSeconds(1));
    wire.nextOf(
        Seen::isRemoval,
        send -> {
          assertThat(new ClusterStore(bucket, executor).claim(anew)).isEqualTo(anew);
          return send.now();
        });

    assertThat(store.release(old)).isFalse();

    assertThat(store.claimOn("dev")).contains(anew);
  }

  @Test
  void aNameThatOthersKeepChangingIsAFailure() {
    Claim others = new Claim("dev", newId(), START);
    for (int i = 0; i < 100; i++) {
      wire.nextOf(
          seen -> seen.isWrite() && seen.uri().getPath().endsWith("/names/dev"),
          FaultyHttpClient.s3Error(412, "PreconditionFailed"));
    }

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> store.claim(others))
        .withMessageContaining("other callers keep changing its claim");
    assertThat(wire.seen()).filteredOn(Seen::isWrite).hasSizeBetween(2, 50);
  }

  @Test
  void anUnreadableFenceCountsAsTaken() {
    TaskKey key = new TaskKey(newId(), TaskKind.CREATE, 1);
    plant(StoreKeys.fence(key), new byte[] {(byte) 0xff});

    assertThat(store.fence(key)).isEqualTo(Fence.TAKEN);
    assertThat(store.takeFence(key, Fence.CLOSED, "control-plane")).isFalse();
  }

  @Test
  void anUnreadableClaimIsReplaced() {
    plant(StoreKeys.claim("dev"), "mine!");
    Claim claim = new Claim("dev", newId(), START);

    assertThat(store.claimOn("dev")).isEmpty();
    assertThat(store.claims()).isEmpty();
    assertThat(store.claim(claim)).isEqualTo(claim);
    assertThat(store.claimOn("dev")).contains(claim);
  }

  @Test
  void writingAnEarlierTextMakesANewVersion() {
    Cluster cluster = admitted("one");
    Stored.Live first = store.add(cluster).orElseThrow();
    Stored.Live changed = store.replace(first, cluster.launchRejected("why")).orElseThrow();
    Stored.Live back = store.replace(changed, cluster).orElseThrow();

    assertThat(back.json()).isEqualTo(first.json());
    assertThat(back.version()).isNotEqualTo(first.version());
    assertThat(store.remove(first)).isFalse();
  }

  @Test
  void theWriteStampIsOnlyInTheBucket() {
    Stored.Live live = store.add(admitted("one")).orElseThrow();
    Stored.Live again = store.replace(live, live.cluster().launchRejected("why")).orElseThrow();

    assertThat(text(StoreKeys.record(live.id()))).containsOnlyOnce("\"write\":");
    assertThat(again.json()).doesNotContain("\"write\":");
    store.archive(again);
    assertThat(text(StoreKeys.archive(live.id()))).isEqualTo(again.json());
  }

  @Test
  void aWriteWithALostAnswerIsRecognizedAsOurOwn() {
    Cluster cluster = admitted("one");
    wire.nextOf(Seen::isWrite, FaultyHttpClient.lostAnswer());
    Stored.Live added = store.add(cluster).orElseThrow();
    assertThat(store.find(cluster.id())).contains(added);

    wire.nextOf(Seen::isWrite, FaultyHttpClient.lostAnswer());
    Stored.Live written = store.replace(added, cluster.launchRejected("why")).orElseThrow();
    assertThat(store.find(cluster.id())).contains(written);

    TaskKey key = new TaskKey(cluster.id(), TaskKind.CREATE, 1);
    wire.nextOf(Seen::isWrite, FaultyHttpClient.lostAnswer());
    assertThat(store.takeFence(key, Fence.TAKEN, "task-1")).isTrue();

    Claim claim = new Claim("one", cluster.id(), START);
    wire.nextOf(Seen::isWrite, FaultyHttpClient.lostAnswer());
    assertThat(store.claim(claim)).isEqualTo(claim);
    assertThat(wire.seen()).filteredOn(Seen::isWrite).hasSize(8);
  }

  @Test
  void anOvertakenWriteWithALostAnswerIsALostRace() {
    Cluster cluster = admitted("one");
    Stored.Live added = store.add(cluster).orElseThrow();
    var others = new ClusterStore(bucket, executor);
    wire.nextOf(
        Seen::isWrite,
        send -> {
          assertThat(others.replace(added, cluster.launchRejected("theirs"))).isPresent();
          throw new SocketTimeoutException("Read timed out");
        });

    assertThat(store.replace(added, cluster.launchRejected("ours"))).isEmpty();
  }

  @Test
  void aRemovalWithALostAnswerIsNotReportedAsOurs() {
    Stored.Live added = store.add(admitted("one")).orElseThrow();
    wire.nextOf(Seen::isRemoval, FaultyHttpClient.lostAnswer());

    assertThat(store.remove(added)).isFalse();
    assertThat(store.find(added.id())).isEmpty();
  }

  @Test
  void aConflictIsRetried() {
    Cluster cluster = admitted("one");
    wire.nextOf(Seen::isWrite, conflict(), conflict());
    Stored.Live added = store.add(cluster).orElseThrow();
    wire.nextOf(Seen::isRemoval, conflict());

    assertThat(store.remove(added)).isTrue();
    assertThat(pauses)
        .containsExactly(Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(50));
  }

  @Test
  void endlessConflictsAreAFailure() {
    Stored.Live added = store.add(admitted("one")).orElseThrow();
    for (int i = 0; i < S3ObjectStore.MAX_ATTEMPTS; i++) {
      wire.nextOf(Seen::isWrite, conflict());
    }

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> store.replace(added, added.cluster().launchRejected("why")))
        .withMessageContaining("ConditionalRequestConflict");
    assertThat(pauses).hasSize(S3ObjectStore.MAX_ATTEMPTS - 1);
    assertThat(store.find(added.id())).contains(added);
  }

  @ParameterizedTest
  @ValueSource(strings = {"add", "replace", "remove", "ids", "list", "claim", "fence"})
  void anUnexpectedErrorIsAFailure(String method) {
    Stored.Live live = store.add(admitted("one")).orElseThrow();
    TaskKey key = new TaskKey(live.id(), TaskKind.CREATE, 1);
    for (var reaction :
        List.of(
            FaultyHttpClient.s3Error(403, "AccessDenied"),
            FaultyHttpClient.s3Error(404, "NoSuchBucket"),
            FaultyHttpClient.s3Error(400, "ExpiredToken"))) {
      wire.next(reaction);

      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> {
            switch (method) {
              case "add" -> store.add(admitted("two"));
              case "replace" -> store.replace(live, live.cluster().launchRejected("why"));
              case "remove" -> store.remove(live);
              case "ids" -> store.ids();
              case "list" -> store.list();
              case "claim" -> store.claim(new Claim("dev", live.id(), START));
              default -> store.fence(key);
            }
          })
          .withMessageContaining(name);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "403, AccessDenied, true",
    "404, NoSuchBucket, true",
    "400, KMS.DisabledException, true",
    "400, ExpiredToken, false",
    "403, RequestTimeTooSkewed, false",
    "503, SlowDown, false",
  })
  void aDeniedWriteIsALastingFailureThatSaysWhatToCheck(int status, String code, boolean lasting) {
    wire.nextOf(
        Seen::isWrite,
        FaultyHttpClient.s3Error(status, code),
        FaultyHttpClient.s3Error(status, code),
        FaultyHttpClient.s3Error(status, code));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> store.add(admitted("one")))
        .satisfies(failure -> assertThat(StoreException.isLasting(failure)).isEqualTo(lasting))
        .withMessageContaining(name)
        .withMessageMatching(lasting ? ".*retrying does not help: .*eksp-up[.]sh.*" : ".*R1");
  }

  @Test
  void aTemporaryFaultIsRetried() {
    wire.next(
        FaultyHttpClient.s3Error(503, "SlowDown"), FaultyHttpClient.s3Error(500, "InternalError"));

    assertThat(store.add(admitted("one"))).isPresent();
  }

  @Test
  void aPersistentFaultIsAFailure() {
    wire.next(
        FaultyHttpClient.lostRequest(),
        FaultyHttpClient.s3Error(503, "SlowDown"),
        FaultyHttpClient.lostRequest());

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> store.add(admitted("one")))
        .withMessageContaining("Read timed out");
  }

  @Test
  void aFailureRevealsNoKeys() {
    wire.next(
        FaultyHttpClient.answer(
            403,
            "<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated"
                + " does not match, AWSAccessKeyId=AKIASECRET</Message></Error>"));

    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(store::ids)
        .withMessageContaining("SignatureDoesNotMatch (HTTP 403")
        .withMessageNotContaining("AKIASECRET");
  }

  private static FaultyHttpClient.Reaction conflict() {
    return FaultyHttpClient.s3Error(409, "ConditionalRequestConflict");
  }

  private List<Cluster> addMany(int count) {
    List<Cluster> clusters = IntStream.range(0, count).mapToObj(i -> admitted("c" + i)).toList();
    clusters.forEach(cluster -> assertThat(store.add(cluster)).isPresent());
    return clusters;
  }

  /** Has the next reads of an object answered with an error. */
  private void refuse(String key, int times, FaultyHttpClient.Reaction error) {
    for (int i = 0; i < times; i++) {
      wire.nextOf(seen -> seen.isRead() && seen.uri().getPath().endsWith("/" + key), error);
    }
  }

  private List<Seen> reads() {
    return wire.seen().stream().filter(Seen::isRead).toList();
  }
}
