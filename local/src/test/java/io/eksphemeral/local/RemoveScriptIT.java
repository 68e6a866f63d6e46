package io.eksphemeral.local;

import static io.eksphemeral.local.Account.CLUSTER_BUCKET;
import static io.eksphemeral.local.Account.SERVICE_BUCKET;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Removing the control plane from an account that a program pretends to be. */
@Tag("account")
class RemoveScriptIT {
  private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";
  private static final String LATE = "01890a5d-ac96-774b-bcce-b302099a8058";

  private final Account account;
  private final Scripts scripts;

  RemoveScriptIT(@TempDir Path scratch) throws IOException {
    account =
        new Account(scratch)
            .stack("UPDATE_COMPLETE", "NotifyAddress=me@corp.io")
            .object(CLUSTER_BUCKET, "names/dev", "{}")
            .object(CLUSTER_BUCKET, "tasks/" + ID + "/create-1.fence", "{}")
            .object(CLUSTER_BUCKET, "gone/" + ID + ".json", "{}")
            .object(CLUSTER_BUCKET, "config/versions.json", "{}")
            .object(SERVICE_BUCKET, "code/0123", "")
            .object(SERVICE_BUCKET, "task/0123/prepare.sh", "");
    scripts = account.scripts();
    Files.createDirectories(scripts.home().resolve("endpoints"));
    Files.writeString(scripts.home().resolve("endpoints/123456789012-us-east-2"), "x");
  }

  @AfterEach
  void close() throws IOException {
    account.close();
  }

  @Test
  void withoutClustersAllOfItGoes() throws Exception {
    account.api().answers(200, "[]");
    account.answers(
        "logs describe-log-groups --log-group-name-prefix /eksphemeral/*",
        "{\"logGroups\": [{\"logGroupName\": \"/eksphemeral/tasks\"}]}");

    scripts
        .run("eksp-down.sh")
        .exits(0)
        .prints("")
        .says(
            "the control plane is down, and all cluster records are deleted\nthese resources remain; to delete them:\n",
            "  aws s3api delete-bucket --region us-east-2 --bucket " + CLUSTER_BUCKET + "\n",
            "  aws s3api delete-bucket --region us-east-2 --bucket " + SERVICE_BUCKET + "\n",
            "  aws logs delete-log-group --region us-east-2 --log-group-name /eksphemeral/tasks\n",
            "  aws ses delete-identity --region us-east-2 --identity me@corp.io\n");

    assertThat(account.file("stack.json")).doesNotExist();
    assertThat(scripts.home().resolve("endpoints")).isEmptyDirectory();
    assertThat(Files.readString(account.file("deleted")))
        .contains(
            "{\"Key\":\"gone/" + ID + ".json\",\"VersionId\":\"v1\"}",
            "{\"Key\":\"gone/" + ID + ".json\",\"VersionId\":\"v2\"}",
            "{\"Key\":\"names/dev\",\"VersionId\":\"v1\"}",
            "{\"Key\":\"names/dev-of-before\",\"VersionId\":\"d1\"}",
            "tasks/" + ID + "/create-1.fence",
            "config/versions.json",
            "code/0123",
            "task/0123/prepare.sh");
    // By its id: its name may mean another stack while this one goes.
    assertThat(account.changes().getFirst())
        .startsWith(
            "cloudformation delete-stack --stack-name"
                + " arn:aws:cloudformation:us-east-2:123456789012:stack/eksp/1 ");
  }

  @Test
  void whatOthersHavePutThereStays() throws Exception {
    account.api().answers(200, "[]");
    account
        .object(CLUSTER_BUCKET, "family/photo.jpg", "")
        .object(CLUSTER_BUCKET, "notes.json", "")
        .object(SERVICE_BUCKET, "lambda.zip", "");

    scripts
        .run("eksp-down.sh")
        .exits(0)
        .says(
            "the bucket " + CLUSTER_BUCKET + " has 4 other objects, old versions included",
            "the bucket " + SERVICE_BUCKET + " has 2 other objects")
        .doesNotSay("delete-bucket");

    assertThat(Files.readString(account.file("deleted")))
        .doesNotContain("photo", "notes", "lambda");
  }

  @Test
  void moreThanAThousandVersionsAreRemovedInTurn() throws Exception {
    account.api().answers(200, "[]");
    for (int i = 0; i < 1100; i++) {
      account.object(
          CLUSTER_BUCKET, "gone/%08d-ac96-774b-bcce-b302099a8057.json".formatted(i), "{}");
    }

    scripts.run("eksp-down.sh").exits(0);

    List<String> batches = Files.readAllLines(account.file("deleted"));
    assertThat(batches).hasSize(4);
    assertThat(batches).allMatch(batch -> batch.split("VersionId").length <= 1001);
  }

  @Test
  void whatCannotBeRemovedIsSaid() throws Exception {
    account.api().answers(200, "[]");
    account.answers(
        "s3api delete-objects*",
        "{\"Errors\": [{\"Key\": \"names/dev\", \"Message\": \"Access Denied\"}]}");

    scripts
        .run("eksp-down.sh")
        .exits(1)
        .says(
            "some objects in the bucket "
                + CLUSTER_BUCKET
                + " cannot be deleted: names/dev: Access Denied")
        .doesNotSay("all cluster records are deleted");
  }

  // --- clusters that are left ---

  @Test
  void withClustersItRefusesWhereNobodyCanBeAsked() throws Exception {
    account.api().answers(200, "[" + record(ID, "ready") + "]");

    scripts
        .run("eksp-down.sh")
        .exits(2)
        .says(
            "so nothing was removed",
            "  " + ID + " dev ready\n",
            "--destroy-clusters",
            "--abandon-clusters");

    assertThat(account.changes()).isEmpty();
    assertThat(account.file("stack.json")).exists();
  }

  /** Whatever becomes of it, it may still cost money. */
  @ParameterizedTest
  @ValueSource(strings = {"creating", "ready", "create-failed", "destroying", "destroy-failed"})
  void aClusterIsLeftUntilItIsGone(String state) throws Exception {
    account.api().answers(200, "[" + record(ID, state) + "," + record(LATE, "gone") + "]");

    scripts.run("eksp-down.sh").exits(2).says("  " + ID + " dev " + state + "\n").doesNotSay(LATE);

    assertThat(account.file("stack.json")).exists();
  }

  @ParameterizedTest
  @CsvSource({
    "d, DESTROYED",
    "destroy, DESTROYED",
    "a, ABANDONED",
    "abandon, ABANDONED",
    "c, CANCELLED",
    "yes, CANCELLED",
    "'', CANCELLED"
  })
  void onATerminalItAsks(String answer, String outcome) throws Exception {
    account
        .api()
        .answers(200, "[" + record(ID, "ready") + "]")
        .answers(202, record(ID, "destroying"))
        .answers(200, "[]");

    Scripts.Outcome down = onATerminal(answer + "\n");

    assertThat(down.out()).contains("  " + ID + " dev ready", "(d)estroy them, (a)bandon them");
    switch (outcome) {
      case "CANCELLED" -> assertThat(down.exits(1).out()).contains("cancelled");
      case "ABANDONED" -> assertThat(down.exits(0).out()).contains("these clusters were abandoned");
      default -> assertThat(account.api().paths()).contains("POST /destroy/" + ID);
    }
    assertThat(Files.exists(account.file("stack.json"))).isEqualTo(outcome.equals("CANCELLED"));
    assertThat(account.api().paths().contains("POST /destroy/" + ID))
        .isEqualTo(outcome.equals("DESTROYED"));
  }

  private Scripts.Outcome onATerminal(String typed) throws Exception {
    String command = "'" + account.root().resolve("eksp-down.sh") + "'";
    return scripts.runOn(typed, Scripts.onPath("script").toString(), "-qec", command, "/dev/null");
  }

  @Test
  void clustersAreDestroyedFirst() throws Exception {
    account
        .api()
        .answers(200, "[" + record(ID, "ready") + "]")
        .answers(202, record(ID, "destroying"))
        .answers(
            200,
            "[" + record(ID, "destroying") + "]",
            () -> assertThat(account.file("stack.json")).exists())
        .answers(200, "[]");

    scripts
        .run("eksp-down.sh", "--destroy-clusters")
        .exits(0)
        .says("clusters left to destroy: 1 (usually 10 min)", "the control plane is down");

    assertThat(account.api().paths())
        .containsExactly("GET /clusters", "POST /destroy/" + ID, "GET /clusters", "GET /clusters");
  }

  @Test
  void oneThatWentMeanwhileNeedNotBeDestroyed() throws Exception {
    account
        .api()
        .answers(200, "[" + record(ID, "ready") + "]")
        .answers(404, "{\"error\":\"no such cluster\"}")
        .answers(200, "[]");

    scripts.run("eksp-down.sh", "--destroy-clusters").exits(0);
  }

  @Test
  void oneThatCannotBeDestroyedKeepsTheControlPlaneUp() throws Exception {
    account
        .api()
        .answers(200, "[" + record(ID, "ready") + "]")
        .answers(202, record(ID, "destroying"))
        .answers(200, "[" + record(ID, "destroying") + "]")
        .answers(200, "[" + record(ID, "destroy-failed") + "]");

    scripts
        .run("eksp-down.sh", "--destroy-clusters")
        .exits(1)
        .says("some clusters could not be destroyed", ID + " dev destroy-failed", "eksp-list.sh");

    assertThat(account.file("stack.json")).exists();
  }

  /** What is in a bucket may have been put there by others. */
  @Test
  void theNameInARecordIsNoCommand() throws Exception {
    account.api().answers(200, "[" + record(ID, "ready").replace("dev", "x; touch y") + "]");

    scripts
        .run("eksp-down.sh", "--abandon-clusters")
        .exits(0)
        .says("eksctl delete cluster --region us-east-2 --name x\\;\\ touch\\ y ");
  }

  @Test
  void theLastTasksAreWaitedFor() throws Exception {
    account.api().answers(200, "[]");
    account.on(
        "ecs list-tasks*",
        """
        [[ ! -e $ACCOUNT/asked ]] || { echo '{"taskArns": []}' && exit; }
        touch "$ACCOUNT/asked"
        echo '{"taskArns": ["arn:task/1"]}'
        """);

    scripts.run("eksp-down.sh").exits(0).says("waiting for the last tasks to end");

    assertThat(account.calls()).noneMatch(call -> call.startsWith("ecs stop-task"));
    assertThat(account.calls().stream().filter(call -> call.startsWith("ecs list-tasks")))
        .hasSize(2);
  }

  @Test
  void abandonedClustersAreNamedWithWhatTheyAreMadeOf() throws Exception {
    account.api().answers(200, "[" + record(ID, "creating") + "]");
    account.object(CLUSTER_BUCKET, ID + ".json", record(ID, "creating"));
    account.on(
        "cloudformation describe-stacks --output json",
        """
        cat <<'END'
        {"Stacks": [
          {"StackName": "eksctl-dev-cluster", "Tags": [{"Key": "eksphemeral:id", "Value": "%s"}]},
          {"StackName": "eksctl-other-cluster", "Tags": [{"Key": "eksphemeral:id", "Value": "x"}]},
          {"StackName": "mine"}]}
        END
        """
            .formatted(ID));
    account.on(
        "ecs list-tasks*",
        """
        [[ ! -e $ACCOUNT/stopped ]] || { echo '{"taskArns": []}' && exit; }
        echo '{"taskArns": ["arn:task/1"]}'
        """);
    account.on(
        "ecs stop-task*",
        // A task that stops has the control plane look at its cluster, which must be forgotten by
        // then.
        "[[ ! -e $ACCOUNT/buckets/%s/objects/%s.json ]] && touch \"$ACCOUNT/stopped\""
            .formatted(CLUSTER_BUCKET, ID));

    scripts
        .run("eksp-down.sh", "--abandon-clusters")
        .exits(0)
        .says(
            "these clusters were abandoned; they cost money until you delete them:\n"
                + "  the cluster dev, which was creating, and everything with the tag eksphemeral:id="
                + ID
                + "\n"
                + "    the stack eksctl-dev-cluster\n"
                + "    eksctl delete cluster --region us-east-2 --name dev ")
        .doesNotSay("eksctl-other")
        .doesNotSay("the stack mine");

    assertThat(account.file("stopped")).exists();
    assertThat(account.api().paths()).containsExactly("GET /clusters");
  }

  @Test
  void oneThatWasAskedForInTheLastMomentIsNotForgotten() throws Exception {
    account.api().answers(200, "[]");
    account.on(
        "cloudformation delete-stack*",
        "rm \"$ACCOUNT/stack.json\"; echo '%s' >\"$ACCOUNT/buckets/%s/objects/%s.json\""
            .formatted(record(LATE, "creating"), CLUSTER_BUCKET, LATE));

    scripts
        .run("eksp-down.sh")
        .exits(1)
        .says(
            "these clusters were requested meanwhile",
            LATE + " dev creating",
            "/eksp-up.sh\n",
            "--abandon-clusters");

    assertThat(account.file("deleted")).doesNotExist();
  }

  @Test
  void aRecordOf2019IsNotForgottenSilently() throws Exception {
    account.api().answers(200, "[{\"name\":\"old\",\"numworkers\":1}]");

    scripts.run("eksp-down.sh").exits(2).says("  old, a record from 2019");
    assertThat(account.changes()).isEmpty();
    scripts
        .run("eksp-down.sh", "--abandon-clusters")
        .exits(0)
        .says("and what may exist for these records:\n  old, a record from 2019");
  }

  // --- where half of it is gone ---

  @ParameterizedTest
  @ValueSource(ints = {403, 404, 500})
  void withoutTheApiTheBucketIsAsked(int status) throws Exception {
    account.api().answers(status, "{\"message\":\"Forbidden\"}");
    account.object(CLUSTER_BUCKET, ID + ".json", record(ID, "ready"));

    scripts
        .run("eksp-down.sh", "--destroy-clusters")
        .exits(1)
        .says(
            account.api().endpoint() + " does not respond (" + status + ")",
            "so the remaining clusters cannot be destroyed:\n  " + ID + " dev ready\n",
            "destroy them by installing it again: ");
    scripts.run("eksp-down.sh").exits(2).says(ID + " dev ready");
    assertThat(account.file("stack.json")).exists();

    scripts
        .run("eksp-down.sh", "--abandon-clusters")
        .exits(0)
        .says("the cluster dev, which was ready");
    assertThat(account.file("stack.json")).doesNotExist();
    assertThat(account.file("buckets/" + CLUSTER_BUCKET + "/objects/" + ID + ".json"))
        .doesNotExist();
  }

  @Test
  void aRecordThatIsNoJsonMayBeACluster() throws Exception {
    account.api().answers(404, "{}");
    account.object(CLUSTER_BUCKET, ID + ".json", "{\"name\": ");

    scripts.run("eksp-down.sh").exits(2).says(ID + ", which is unreadable");
  }

  @Test
  void aDeletionThatFailsSaysWhyAndIsTakenUpAgain() throws Exception {
    account.api().answers(200, "[]");
    account.on(
        "cloudformation delete-stack*",
        """
        jq '.Stacks[0].StackStatus = "DELETE_FAILED" | del(.Stacks[0].Outputs)' "$ACCOUNT/stack.json" >"$ACCOUNT/stack.new"
        mv "$ACCOUNT/stack.new" "$ACCOUNT/stack.json"
        echo '{"StackEvents": [{"EventId": "'$RANDOM'", "LogicalResourceId": "EcsCluster", "ResourceType": "AWS::ECS::Cluster",
          "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "it has tasks"}]}' >"$ACCOUNT/events.json"
        [[ ! -e $ACCOUNT/tried ]] || rm "$rule"
        touch "$ACCOUNT/tried"
        """);

    scripts
        .run("eksp-down.sh")
        .exits(1)
        .says(
            "the deletion failed and is retried:\n  - EcsCluster (AWS::ECS::Cluster): it has tasks\n",
            "the control plane could not be removed; its stack is in DELETE_FAILED:\n  - EcsCluster (AWS::ECS::Cluster): it has tasks\n",
            "--deletion-mode FORCE_DELETE_STACK")
        .doesNotSay("is down");
    assertThat(account.file("deleted")).doesNotExist();

    scripts.run("eksp-down.sh").exits(0).says("there is no API", "the control plane is down");
    assertThat(account.file("deleted")).exists();
  }

  @Test
  void withoutAStackWhatItLeftInTheBucketsGoes() throws Exception {
    Files.delete(account.file("stack.json"));

    scripts
        .run("eksp-down.sh")
        .exits(0)
        .says("EKSphemeral is not installed in region us-east-2", "records are deleted");

    assertThat(account.file("buckets/" + CLUSTER_BUCKET + "/objects/names/dev")).doesNotExist();
    assertThat(account.changes())
        .allMatch(call -> call.startsWith("s3api delete-objects") || call.startsWith("s3 cp"));
  }

  @Test
  void withoutAStackClustersAreStillNotForgotten() throws Exception {
    Files.delete(account.file("stack.json"));
    account.object(CLUSTER_BUCKET, ID + ".json", record(ID, "ready"));

    scripts.run("eksp-down.sh").exits(2).says(ID + " dev ready");
  }

  @Test
  void withoutStackAndBucketsThereIsNothingToDo() throws Exception {
    Files.delete(account.file("stack.json"));
    scripts
        .with("EKSPHEMERAL_SVC_BUCKET", "none")
        .with("EKSPHEMERAL_CLUSTERMETA_BUCKET", "neither");
    scripts.run("eksp-down.sh").exits(0).doesNotSay("delete-bucket");

    scripts.without("EKSPHEMERAL_SVC_BUCKET").without("EKSPHEMERAL_CLUSTERMETA_BUCKET");
    scripts
        .run("eksp-down.sh")
        .exits(0)
        .says("EKSphemeral is not installed in region us-east-2", "export EKSPHEMERAL_SVC_BUCKET=")
        .doesNotSay("removed");
  }

  @Test
  void withoutCredentialsNothingIsDone() throws Exception {
    account.refuses("sts *", "ExpiredToken", "it has expired");

    scripts
        .run("eksp-down.sh")
        .exits(1)
        .says("the caller's identity cannot be looked up: it has expired", "aws sso login");

    assertThat(account.calls()).hasSize(1);
  }

  private static String record(String id, String state) {
    return "{\"name\":\"dev\",\"numworkers\":1,\"status\":{\"id\":\"%s\",\"state\":\"%s\"}}"
        .formatted(id, state);
  }
}
