package io.eksphemeral.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.Versions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Renders the ClusterConfig for eksctl (eksctl.io/v1alpha5) as JSON, which is valid YAML. Every
 * default is explicit, as eksctl's defaults change between versions.
 *
 * <p>Nodes are in public subnets without a NAT gateway, which would cost more than a node. The
 * roles belong to the installation, so that a task that runs eksctl needs no permission to create
 * roles.
 */
public final class EksctlConfig {
  private static final int MAX_TAG_LENGTH = 256;

  /**
   * The tag that limits the CNI's role to a cluster's network interfaces. The CNI sets it on
   * interfaces that it creates; nodes need it on their first one.
   */
  private static final String CNI_CLUSTER = "cluster.k8s.amazonaws.com/name";

  private static final String EBS_CSI = "aws-ebs-csi-driver";

  /** Characters that AWS rejects in tag values. */
  private static final Pattern NOT_IN_TAGS = Pattern.compile("[^A-Za-z0-9 +=._:/@-]");

  /** Principals that can have an access entry; root and federated users cannot. */
  private static final Pattern PRINCIPAL =
      Pattern.compile(
          "arn:aws[a-z-]*:(iam::[0-9]{12}:(user|role)|sts::[0-9]{12}:assumed-role/[^/]+)/[\\x21-\\x7e]+");

  private final Settings settings;

  /**
   * What all clusters of an installation have in common.
   *
   * @param serviceRole the ARN of the control planes' role
   * @param nodeRole the ARN of the nodes' role; its partition is the account's
   * @param cniRole the ARN of the role of the VPC CNI
   * @param ebsRole the ARN of the role of the EBS CSI driver
   * @param tags additional tags, which cannot override EKSphemeral's own
   */
  public record Settings(
      String region,
      String serviceRole,
      String nodeRole,
      String cniRole,
      String ebsRole,
      Nodes nodes,
      SortedMap<String, String> tags) {
    /** Without additional tags. */
    public Settings(
        String region,
        String serviceRole,
        String nodeRole,
        String cniRole,
        String ebsRole,
        Nodes nodes) {
      this(region, serviceRole, nodeRole, cniRole, ebsRole, nodes, new TreeMap<>());
    }
  }

  public EksctlConfig(Settings settings) {
    this.settings = settings;
  }

  /**
   * Renders the config of a cluster. The result depends only on the task, the settings and the
   * versions.
   *
   * <p>A caller that is an assumed role appears with the ARN of the session, {@code
   * arn:aws:sts::…:assumed-role/NAME/SESSION}, which EKS rejects; the task resolves it, as only IAM
   * knows the path of the role.
   *
   * @param creation the create task
   */
  public String render(Cluster cluster, Task creation, Versions versions) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("apiVersion", "eksctl.io/v1alpha5");
    config.put("kind", "ClusterConfig");
    ObjectNode metadata = config.putObject("metadata");
    metadata.put("name", cluster.name());
    metadata.put("region", settings.region());
    metadata.put("version", cluster.spec().kubeversion());
    ObjectNode tags = metadata.putObject("tags");
    settings.tags().forEach(tags::put);
    tags.put("eksphemeral:id", cluster.id().value())
        .put("eksphemeral:owner", tagValue(cluster.spec().owner()))
        .put("eksphemeral:expires", latestExpiry(cluster, creation).toString());
    config
        .putObject("upgradePolicy")
        .put("supportType", versions.supports(cluster.spec().kubeversion()).name());
    config.putObject("autoModeConfig").put("enabled", false);
    config.putObject("iam").put("serviceRoleARN", settings.serviceRole()).put("withOIDC", false);
    ObjectNode vpc = config.putObject("vpc");
    vpc.putObject("nat").put("gateway", "Disable");
    vpc.putObject("clusterEndpoints").put("publicAccess", true).put("privateAccess", false);
    putAccess(config.putObject("accessConfig"), cluster);
    config.putObject("addonsConfig").put("disableDefaultAddons", true);
    putAddons(config.putArray("addons"), cluster.spec());
    putNodes(config.putArray("managedNodeGroups").addObject(), cluster);
    return config.toPrettyString() + "\n";
  }

  /** The creator is the task's role, which destroy tasks share. */
  private void putAccess(ObjectNode json, Cluster cluster) {
    json.put("authenticationMode", "API");
    json.put("bootstrapClusterCreatorAdminPermissions", true);
    ArrayNode entries = json.putArray("accessEntries");
    Stream.concat(
            Stream.of(cluster.createdBy()).filter(arn -> PRINCIPAL.matcher(arn).matches()),
            cluster.spec().access().stream())
        .distinct()
        .forEach(principal -> {
          ObjectNode entry = entries.addObject().put("principalARN", principal);
          entry
              .putArray("accessPolicies")
              .addObject()
              .put("policyARN", administrator())
              .putObject("accessScope")
              .put("type", "cluster");
        });
  }

  /**
   * CNI and CSI driver have their own roles, as any process on a node could use the node's role.
   * They get them from the Pod Identity agent, which needs no pod network.
   */
  private void putAddons(ArrayNode json, Spec spec) {
    json.addObject().put("name", "eks-pod-identity-agent");
    putRole(json.addObject().put("name", "vpc-cni"), "aws-node", settings.cniRole());
    json.addObject().put("name", "kube-proxy");
    json.addObject().put("name", "coredns");
    Spec.OPTIONAL_ADDONS.stream()
        .filter(name -> !spec.without().contains(name) && isOffered(name))
        .forEach(name -> putOptional(json.addObject().put("name", name), name));
  }

  private void putOptional(ObjectNode json, String name) {
    if (name.equals(EBS_CSI)) {
      putRole(json, "ebs-csi-controller-sa", settings.ebsRole());
      json.put("configurationValues", "{\"defaultStorageClass\":{\"enabled\":true}}");
    }
  }

  private static void putRole(ObjectNode json, String account, String role) {
    json.putArray("podIdentityAssociations")
        .addObject()
        .put("namespace", "kube-system")
        .put("serviceAccountName", account)
        .put("roleARN", role);
  }

  /** EKS has community add-ons in the partition {@code aws} alone. */
  private boolean isOffered(String addon) {
    return addon.equals(EBS_CSI) || partition().equals("aws");
  }

  private void putNodes(ObjectNode json, Cluster cluster) {
    int number = cluster.spec().numworkers();
    Nodes nodes = settings.nodes().with(cluster.spec().nodes());
    json.put("name", "workers");
    json.putObject("tags").put(CNI_CLUSTER, cluster.name());
    json.putObject("iam").put("instanceRoleARN", settings.nodeRole());
    json.put("amiFamily", "AmazonLinux2023");
    nodes.instanceTypes().forEach(json.putArray("instanceTypes")::add);
    json.put("spot", nodes.spot());
    json.put("minSize", number);
    json.put("maxSize", number);
    json.put("desiredCapacity", number);
    json.put("volumeSize", nodes.disk());
    json.put("privateNetworking", false);
    json.put("disableIMDSv1", true);
    json.put("disablePodIMDS", true); // keeps pods from using the node's role
  }

  private String administrator() {
    return "arn:%s:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
        .formatted(partition());
  }

  private String partition() {
    return settings.nodeRole().split(":", 3)[1];
  }

  /** The latest possible expiry, unless the cluster is prolonged. */
  private static Instant latestExpiry(Cluster cluster, Task creation) {
    Spec spec = cluster.spec();
    Instant ready = creation.planned().plus(Lifecycle.CREATE_DEADLINE);
    return spec.expiry(ready, spec.timeout()).truncatedTo(ChronoUnit.SECONDS);
  }

  private static String tagValue(String text) {
    String value = NOT_IN_TAGS.matcher(text).replaceAll("_");
    return value.substring(0, Math.min(value.length(), MAX_TAG_LENGTH));
  }
}
