"""EKS and what a cluster lies in, with what the emulator lacks:

- EKS says which versions it offers, of itself and of add-ons, knows the VPC of a cluster, and makes a security group for it,
  which it removes with the cluster unless something still uses it;
- CloudFormation refuses tags of a stack that have the same key twice;
- EKS has capabilities, whose deletion takes a while, and deletes no control plane that has one;
- access entries and single rules of security groups are types of resources of stacks;
- EC2 says where it offers which type of instance; a node group has none in a zone that lacks one;
- node groups have instances, which go with them, and the tags that their launch template says;
- what is in use cannot be deleted: security groups by interfaces and other groups' rules, subnets by
  interfaces; and an account has five VPCs at most;
- deleting a stack that eksctl made takes a moment;
- a load balancer is in the VPC of its subnets, and has interfaces there, which nobody else can
  delete; classic ones there are none;
- Service Quotas says how many VPCs there may be.
"""

import asyncio
import base64
import functools
import hashlib
import json
import re

from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.services import alb, ec2, eks
from ministack.services.cloudformation import handlers, helpers, provisioners, stacks

from patches import lean_on, replace, replace_in_stacks

MOST_VPCS = 5
SECONDS_TO_DELETE = 1

# What EKS offered in November 2026.
STANDARD, EXTENDED = ("1.34", "1.35"), ("1.32", "1.33")
DEFAULT_VERSION = "1.35"


def versions():
    return [
        {
            "clusterVersion": version,
            "clusterType": "eks",
            "defaultVersion": version == DEFAULT_VERSION,
            "status": status.lower().replace("_", "-"),
            "versionStatus": status,
        }
        for status, offered in (("STANDARD_SUPPORT", STANDARD), ("EXTENDED_SUPPORT", EXTENDED))
        for version in reversed(offered)
    ]


# Which of an add-on's service accounts want permissions, and which.
PERMISSIONS = {
    "vpc-cni": {"aws-node": "AmazonEKS_CNI_Policy"},
    "aws-ebs-csi-driver": {"ebs-csi-controller-sa": "AmazonEBSCSIDriverPolicyV2"},
}
OFFERED = [*PERMISSIONS, "coredns", "eks-pod-identity-agent", "kube-proxy", "metrics-server"]


def addons(name):
    if name not in OFFERED:
        return []
    fits = [{"clusterVersion": one, "platformVersions": ["*"], "defaultVersion": True} for one in STANDARD + EXTENDED]
    version = {
        "addonVersion": "v1.0.0-eksbuild.1", "architecture": ["amd64", "arm64"], "compatibilities": fits,
        "requiresConfiguration": False, "requiresIamPermissions": name in PERMISSIONS,
    }
    return [{"addonName": name, "type": "networking", "owner": "aws", "publisher": "eks", "addonVersions": [version]}]


def configuration(name):
    return {
        "configurationSchema": "{}",
        "podIdentityConfiguration": [
            {"serviceAccount": account, "recommendedManagedPolicies": [f"arn:aws:iam::aws:policy/{policy}"]}
            for account, policy in PERMISSIONS.get(name, {}).items()
        ],
    }


@replace("handle_request", eks, was="0f7ffc7c")
async def eks_request(original, method, path, headers, body, query_params):
    if (method, path) == ("GET", "/cluster-versions"):
        return eks._json_resp(200, {"clusterVersions": versions()})
    if (method, path) == ("GET", "/addons/supported-versions"):
        return eks._json_resp(200, {"addons": addons(query_params["addonName"][0])})
    if (method, path) == ("GET", "/addons/configuration-schemas"):
        name, version = query_params["addonName"][0], query_params["addonVersion"][0]
        return eks._json_resp(200, {"addonName": name, "addonVersion": version, **configuration(name)})
    capability = re.fullmatch("/clusters/([^/]+)/capabilities(?:/([^/]+))?", path)
    if capability and method in ("GET", "DELETE"):
        return capability_request(method, *capability.groups())
    return await original(method, path, headers, body, query_params)


@replace("_create_cluster", eks, was="7c6cfd44")
def create_cluster(original, body, creator_arn=None):
    config = body.get("resourcesVpcConfig", {})
    found = [ec2._subnets[one]["VpcId"] for one in config.get("subnetIds", []) if one in ec2._subnets]
    if body.get("version") not in STANDARD + EXTENDED:
        return eks._error(400, "InvalidParameterException", f"unsupported Kubernetes version {body.get('version')}")
    if found:
        config["vpcId"] = found[0]
    answer = original(body, creator_arn)
    if answer[0] == 200:
        cluster = eks._clusters[body["name"]]
        cluster["certificateAuthority"]["data"] = base64.b64encode(b"there is no cluster behind this").decode()
        cluster["resourcesVpcConfig"]["clusterSecurityGroupId"] = create_cluster_group(cluster)
        return eks._json_resp(200, {"cluster": eks._sanitize(cluster)})
    return answer


def create_cluster_group(cluster):
    name, group = cluster["name"], ec2._new_sg_id()
    ec2._security_groups[group] = {
        "GroupId": group,
        "GroupName": f"eks-cluster-sg-{name}-{hashlib.sha1(cluster['arn'].encode()).hexdigest()[:9]}",
        "Description": "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes",
        "VpcId": cluster["resourcesVpcConfig"]["vpcId"],
        "OwnerId": get_account_id(),
        "IpPermissions": provisioners._ec2_sg_permissions([{"IpProtocol": "-1", "SourceSecurityGroupId": group}]),
        "IpPermissionsEgress": provisioners._ec2_sg_permissions([{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]),
    }
    tags = {f"kubernetes.io/cluster/{name}": "owned", "aws:eks:cluster-name": name}
    ec2._tags[group] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return group


# --- capabilities ---

capabilities = {}  # by cluster and name: how often it is still listed once it is deleted; or None


def capability_request(method, cluster, name):
    if name is None:
        listed = []
        for key, left in list(capabilities.items()):
            if key[0] != cluster:
                continue
            listed.append({"capabilityName": key[1], "type": "ACK", "status": "ACTIVE" if left is None else "DELETING"})
            if left is not None:
                capabilities[key] = left - 1
                if left == 1:
                    del capabilities[key]
        return eks._json_resp(200, {"capabilities": listed})
    if method != "DELETE" or (cluster, name) not in capabilities:
        return eks._error(404, "ResourceNotFoundException", f"No capability {name}")
    capabilities[cluster, name] = 2
    return eks._json_resp(200, {"capability": {"capabilityName": name, "status": "DELETING"}})


@replace("_delete_cluster", eks, was="f90e5be0")
def delete_cluster(original, name):
    if any(cluster == name for cluster, _ in capabilities):
        return eks._error(409, "ResourceInUseException", "Cluster has capabilities attached")
    group = eks._clusters.get(name, {}).get("resourcesVpcConfig", {}).get("clusterSecurityGroupId")
    answer = original(name)
    if group in ec2._security_groups and keeps_group(group) is None:
        del ec2._security_groups[group]
        ec2._tags.pop(group, None)
    return answer


# --- resources that a user may attach to a VPC; the emulator lacks them, and none exists here ---

for action, listed in (
    ("DescribeCarrierGateways", "carrierGatewaySet"),
    ("DescribeTransitGatewayVpcAttachments", "transitGatewayVpcAttachments"),
):
    ec2._ACTION_MAP[action] = functools.partial(
        lambda action, listed, p: ec2._xml(200, f"{action}Response", f"<{listed}/>"), action, listed
    )

# --- types of instances ---

GRAVITON = ("a1", "t4g", "m6g", "m7g", "m8g", "c6g", "c7g", "c8g", "r6g", "r7g", "r8g")  # of those that tests use
not_offered = set()  # pairs of a type and a zone that lacks it; all others are on offer everywhere
TYPES = ("t3.medium", "t3.large", "t3a.medium", "t3a.large", "m7i.large", "m8i.large", "t4g.medium", "m7g.large")


def is_offered(type, zone):
    return (type, zone) not in not_offered


def describe_instance_type_offerings(p):
    by, filters = ec2._p(p, "LocationType") or "region", ec2._parse_filters(p)
    region = get_region()
    zones = {f"{region}{one}": f"{region}{one}" for one in "abc"}  # by what they are called in the answer
    if by == "availability-zone-id":
        zones = {ec2._az_id_for_zone_name(one): one for one in zones}
    locations = list(zones) if by != "region" else [region]
    items = "".join(
        f"<item><instanceType>{type}</instanceType><locationType>{by}</locationType><location>{place}</location></item>"
        for type in filters.get("instance-type", TYPES)
        for place in locations
        if place in filters.get("location", locations)
        and any(is_offered(type, zone) for name, zone in zones.items() if by == "region" or name == place)
    )
    return ec2._xml(
        200, "DescribeInstanceTypeOfferingsResponse", f"<instanceTypeOfferingSet>{items}</instanceTypeOfferingSet>"
    )


ec2._ACTION_MAP["DescribeInstanceTypeOfferings"] = describe_instance_type_offerings


@replace_in_stacks("AWS::EKS::Cluster", "delete", was="87f627e0")
def delete_cluster_in_stack(original, physical_id, props):
    if any(cluster == physical_id for cluster, _ in capabilities):
        raise ValueError("Cluster has capabilities attached (Service: Eks, Status Code: 409)")
    return original(physical_id, props)

# --- in stacks ---


def succeed(answer, what):
    if answer[0] >= 400:
        raise ValueError(f"{what}: {json.loads(answer[2]).get('message', answer[2])}")


def create_access_entry(logical_id, props, stack_name):
    name, principal = props["ClusterName"], props["PrincipalArn"]
    request = {"principalArn": principal, "tags": provisioners._tag_map(props.get("Tags"))}
    succeed(eks._create_access_entry(name, request), "AWS::EKS::AccessEntry")
    for policy in props.get("AccessPolicies", []):
        scope = {key[0].lower() + key[1:]: value for key, value in policy["AccessScope"].items()}
        request = {"policyArn": policy["PolicyArn"], "accessScope": scope}
        succeed(eks._associate_access_policy(name, principal, request), "AWS::EKS::AccessEntry")
    return f"{principal}|{name}", {}


def delete_access_entry(physical_id, props):
    eks._delete_access_entry(props["ClusterName"], props["PrincipalArn"])


provisioners._RESOURCE_HANDLERS["AWS::EKS::AccessEntry"] = {
    "create": create_access_entry, "delete": delete_access_entry,
}
provisioners._STACK_TAG_PROPERTY["AWS::EKS::AccessEntry"] = ("Tags", "list")


@replace("_validate_stack_tags", helpers, was="a808d116")
def validate_stack_tags(original, tags):
    if len({one["Key"] for one in tags}) < len(tags):
        return helpers._error("ValidationError", "Tags contain duplicate keys; tag keys must be unique")
    return original(tags)


def create_rule(logical_id, props, stack_name):
    (rule,) = provisioners._ec2_sg_permissions([props])
    ec2._security_groups[props["GroupId"]]["IpPermissions"].append(rule)
    return f"sgr-{hashlib.sha1(f'{stack_name}/{logical_id}'.encode()).hexdigest()[:17]}", {}


def delete_rule(physical_id, props):
    rules = ec2._security_groups.get(props["GroupId"], {}).get("IpPermissions", [])
    (rule,) = provisioners._ec2_sg_permissions([props])
    if rule in rules:
        rules.remove(rule)


provisioners._RESOURCE_HANDLERS["AWS::EC2::SecurityGroupIngress"] = {"create": create_rule, "delete": delete_rule}


@replace_in_stacks("AWS::EKS::Nodegroup", "create", was="7a940033")
def create_node_group(original, logical_id, props, stack_name):
    zones = {ec2._subnets[one]["AvailabilityZone"] for one in props["Subnets"]}
    lacking = [one for one in zones if not all(is_offered(type, one) for type in props["InstanceTypes"])]
    if lacking or not zones:
        raise ValueError(f"The requested instance types are not supported in your requested zones: {sorted(lacking)}")
    arm = [one for one in props["InstanceTypes"] if one.split(".")[0] in GRAVITON]
    if len(arm) != (len(props["InstanceTypes"]) if "_ARM_64_" in props["AmiType"] else 0):
        raise ValueError(f"{props['InstanceTypes']} is not a valid instance type for requested amiType {props['AmiType']}")
    name, attributes = original(logical_id, props, stack_name)
    group = eks._nodegroups[f"{props['ClusterName']}/{name}"]
    group["capacityType"] = props.get("CapacityType", "ON_DEMAND")
    group["_instances"] = [
        one["InstanceId"]
        for one in ec2._launch_instances_internal(
            image_id="ami-00000000", instance_type=group["instanceTypes"][0], subnet_id=group["subnets"][0],
            count=group["scalingConfig"]["desiredSize"],
            sg_ids=[eks._clusters[props["ClusterName"]]["resourcesVpcConfig"]["clusterSecurityGroupId"]],
        )
    ]
    tag_instances(group)
    return name, attributes


def tag_instances(group):
    template = ec2._launch_templates[group["launchTemplate"]["id"]]["Versions"][-1]["LaunchTemplateData"]
    told = [one["Tags"] for one in template.get("TagSpecifications", []) if one["ResourceType"] == "instance"]
    tags = [*(told[0] if told else []), {"Key": "eks:cluster-name", "Value": group["clusterName"]}]
    for instance in group["_instances"]:
        ec2._tags[instance] = list(tags)


@replace_in_stacks("AWS::EKS::Nodegroup", "delete", was="4246c3b3")
def delete_node_group(original, physical_id, props):
    group = eks._nodegroups.get(f"{props.get('ClusterName', '')}/{physical_id}")
    if group and group.get("_instances"):
        ec2._terminate_instances({f"InstanceId.{n}": [one] for n, one in enumerate(group["_instances"], 1)})
    original(physical_id, props)


@replace("_delete_stack_async", stacks, handlers, was="910363ee")
async def delete_stack(original, stack_name, stack_id, *more, **named):
    if stack_name.startswith("eksctl-"):
        from ministack.services.cloudformation import _stacks

        _stacks[stack_name]["StackStatus"] = "DELETE_IN_PROGRESS"
        await asyncio.sleep(SECONDS_TO_DELETE)
    await original(stack_name, stack_id, *more, **named)


# --- what is in use ---


def keeps_group(group):
    """What keeps a security group from being deleted, or None."""
    for interface in ec2._network_interfaces.values():
        if any(one.get("GroupId") == group for one in interface.get("Groups", [])):
            return interface["NetworkInterfaceId"]
    for other in ec2._security_groups.values():
        rules = other["IpPermissions"] + other["IpPermissionsEgress"]
        pairs = [pair for rule in rules for pair in rule.get("UserIdGroupPairs", [])]
        if other["GroupId"] != group and any(pair.get("GroupId") == group for pair in pairs):
            return other["GroupId"]
    return None


def keeps_subnet(subnet):
    for interface in ec2._network_interfaces.values():
        if interface["SubnetId"] == subnet:
            return interface["NetworkInterfaceId"]
    for instance in ec2._instances.values():
        if instance["SubnetId"] == subnet and instance["State"]["Name"] != "terminated":
            return instance["InstanceId"]
    return None


def guard(resource_type, delete_action, parameter, keeps, was_in_stacks, was):
    """Has both ways to delete something refuse to while something else keeps it."""

    def refusal(id):
        user = keeps(id)
        return f"resource {id} has a dependent object: {user}" if user else None

    @replace_in_stacks(resource_type, "delete", was=was_in_stacks)
    def delete_in_stack(original, physical_id, props):
        problem = refusal(physical_id)
        if problem:
            raise ValueError(problem)
        return original(physical_id, props)

    action = ec2._ACTION_MAP[delete_action]

    @replace(action.__name__, ec2, was=was)
    def delete(original, p):
        problem = refusal(ec2._p(p, parameter))
        return ec2._error("DependencyViolation", problem, 400) if problem else original(p)

    ec2._ACTION_MAP[delete_action] = delete


@replace("_delete_network_interface", ec2, was="82fad9de")
def delete_interface(original, p):
    interface = ec2._network_interfaces.get(ec2._p(p, "NetworkInterfaceId"), {})
    if interface.get("Status") == "in-use":
        problem = f"Network interface '{interface['NetworkInterfaceId']}' is currently in use."
        return ec2._error("InvalidParameterValue", problem, 400)
    return original(p)


ec2._ACTION_MAP["DeleteNetworkInterface"] = delete_interface


guard("AWS::EC2::SecurityGroup", "DeleteSecurityGroup", "GroupId", keeps_group, "8efab757", "769ce932")
guard("AWS::EC2::Subnet", "DeleteSubnet", "SubnetId", keeps_subnet, "261875bf", "dbc56de2")


@replace_in_stacks("AWS::EC2::VPC", "create", was="4920746a")
def create_vpc_in_stack(original, logical_id, props, stack_name):
    if len(ec2._vpcs) >= MOST_VPCS:
        raise ValueError(
            'Resource handler returned message: "The maximum number of VPCs has been reached. (Service: Ec2,'
            ' Status Code: 400)"'
        )
    return original(logical_id, props, stack_name)


# --- load balancers ---


@replace("_create_lb", alb, was="80262ade")
def create_load_balancer(original, params):
    answer = original(params)
    made = next((one for one in alb._lbs.values() if one["LoadBalancerName"] == alb._p(params, "Name")), None)
    if answer[0] == 200 and made["Subnets"]:
        made["VpcId"] = ec2._subnets[made["Subnets"][0]]["VpcId"]
        for subnet in made["Subnets"]:
            ec2._create_network_interface({"SubnetId": [subnet], "Description": [f"ELB {made['LoadBalancerArn']}"]})
        for one in interfaces_of(made):
            one["Status"] = "in-use"
    return answer


def interfaces_of(load_balancer):
    return [
        one for one in ec2._network_interfaces.values()
        if one["Description"] == f"ELB {load_balancer['LoadBalancerArn']}"
    ]


@replace("_delete_lb", alb, was="40fe6b0f")
def delete_load_balancer(original, params):
    gone = alb._lbs.get(alb._p(params, "LoadBalancerArn"))
    answer = original(params)
    if gone and answer[0] == 200:
        for one in interfaces_of(gone):
            del ec2._network_interfaces[one["NetworkInterfaceId"]]
    return answer


alb._ACTION_MAP.update(CreateLoadBalancer=create_load_balancer, DeleteLoadBalancer=delete_load_balancer)


@replace("handle_request", alb, was="6a52a86b")
async def elb_request(original, method, path, headers, body, query_params):
    if b"Version=2012-06-01" in body:
        return 200, {"Content-Type": "text/xml"}, (
            b'<DescribeLoadBalancersResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/">'
            b"<DescribeLoadBalancersResult><LoadBalancerDescriptions/></DescribeLoadBalancersResult>"
            b"</DescribeLoadBalancersResponse>"
        )
    return await original(method, path, headers, body, query_params)


# --- quotas ---


async def quotas(method, path, headers, body, query_params):
    asked = json.loads(body or b"{}")
    if asked.get("QuotaCode") != "L-F678F1CE":  # VPCs in a region
        return 400, {"Content-Type": "application/x-amz-json-1.1"}, b'{"__type": "NoSuchResourceException"}'
    quota = {"ServiceCode": "vpc", "QuotaCode": asked["QuotaCode"], "Value": float(MOST_VPCS)}
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"Quota": quota}).encode()


@replace("detect_service", app, was="fd156fac")
def detect_service(original, method, path, headers, query_params):
    asks_for_quotas = headers.get("x-amz-target", "").startswith("ServiceQuotas")
    return "servicequotas" if asks_for_quotas else original(method, path, headers, query_params)


app.SERVICE_HANDLERS["servicequotas"] = quotas

# --- what people and controllers leave behind ---


def left_over(account, kind, name):
    """Leaves something behind in a cluster's VPC, or beside it, as what runs in a cluster does; gives
    what inventory says of it."""
    api = account.client("ec2")
    vpc = account.client("eks").describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]["vpcId"]
    in_vpc = api.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    subnets = [one["SubnetId"] for one in in_vpc["Subnets"]]

    def tagged(id, key, value):
        api.create_tags(Resources=[id], Tags=[{"Key": key, "Value": value}])
        return id

    if kind == "capability":
        capabilities[name, "argocd"] = None
        return f"capability {name}/argocd"
    if kind == "load-balancer":
        made = account.client("elbv2").create_load_balancer(
            Name=f"k8s-{hashlib.sha256(name.encode()).hexdigest()[:8]}", Subnets=subnets,
            Tags=[{"Key": "elbv2.k8s.aws/cluster", "Value": name}],
        )["LoadBalancers"][0]["LoadBalancerArn"]
    elif kind == "network-interface":
        group = api.create_security_group(GroupName=f"k8s-{name}", Description="of a load balancer", VpcId=vpc)
        tagged(group["GroupId"], "elbv2.k8s.aws/cluster", name)
        interface = api.create_network_interface(SubnetId=subnets[0], Groups=[group["GroupId"]])
        made = interface["NetworkInterface"]["NetworkInterfaceId"]
        tagged(made, "node.k8s.amazonaws.com/createdAt", "2026-11-01T00:00:00Z")
    elif kind == "volume":
        made = api.create_volume(AvailabilityZone=f"{get_region()}a", Size=1)["VolumeId"]
        tagged(made, f"kubernetes.io/cluster/{name}", "owned")
        tagged(made, "ebs.csi.aws.com/cluster", "true")
        tagged(made, "ebs.csi.aws.com/cluster-name", name)
    else:
        raise ValueError(kind)
    return f"{kind} {made}"


def inventory(account):
    """Everything that clusters consist of and leave behind, but for what every account has: 'kind id'."""
    own = {one["VpcId"] for one in account.client("ec2").describe_vpcs()["Vpcs"] if not one["IsDefault"]}

    def found(kind, service, call, listed, id, counts=lambda one: True, **asked):
        answer = getattr(account.client(service), call)(**asked)
        return [f"{kind} {one[id]}" for one in answer[listed] if counts(one)]

    def in_own(one):
        return one["VpcId"] in own

    instances = [
        f"instance {one['InstanceId']}"
        for reservation in account.client("ec2").describe_instances()["Reservations"]
        for one in reservation["Instances"]
        if one["State"]["Name"] != "terminated"
    ]
    return sorted([
        *found("stack", "cloudformation", "describe_stacks", "Stacks", "StackName",
               lambda one: one["StackName"].startswith("eksctl-")),
        *[f"cluster {one}" for one in account.client("eks").list_clusters()["clusters"]],
        *[f"capability {cluster}/{name}" for cluster, name in capabilities],
        *[f"vpc {one}" for one in own],
        *found("subnet", "ec2", "describe_subnets", "Subnets", "SubnetId", in_own),
        *found("security-group", "ec2", "describe_security_groups", "SecurityGroups", "GroupId",
               lambda one: in_own(one) and one["GroupName"] != "default"),
        *found("network-interface", "ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
        *instances,
        *found("internet-gateway", "ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId",
               lambda one: all(in_own(to) for to in one["Attachments"])),
        *found("volume", "ec2", "describe_volumes", "Volumes", "VolumeId", lambda one: one["State"] == "available"),
        *found("address", "ec2", "describe_addresses", "Addresses", "AllocationId"),
        *found("launch-template", "ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"),
        *found("load-balancer", "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
        *found("oidc-provider", "iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
        *found("log-group", "logs", "describe_log_groups", "logGroups", "logGroupName",
               logGroupNamePrefix="/aws/eks/"),
    ])


lean_on(
    eks,
    _associate_access_policy="e5f651a6",
    _create_access_entry="8664adac",
    _delete_access_entry="ea7db976",
    _sanitize="5027f2df",
)
lean_on(
    ec2,
    _az_id_for_zone_name="904aeef2",
    _launch_instances_internal="fc79c249",
    _new_sg_id="41fa1809",
    _parse_filters="eb2fa616",
    _terminate_instances="2cd7b7d0",
)
lean_on(provisioners, _ec2_sg_permissions="fa71231f")
