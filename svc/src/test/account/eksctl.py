"""Stands in for eksctl 0.230.0, as the tasks use it:

    eksctl create cluster --without-nodegroup -f FILE --timeout 25m --write-kubeconfig=false -C false
    eksctl create nodegroup -f FILE --timeout 15m -C false

It reads the config as strictly as eksctl does, and asks CloudFormation and EKS for the same things in
the same order, with the same names and tags: the cluster's stack; one for each access entry; the
add-ons, which carry no tags; then the stack of each node group. Stacks have termination protection.
A node group's stack carries metadata.tags twice, once as every stack's and once as the group's own.
Its log has eksctl's form: what went wrong are lines with [✖], and the last line, `Error: …`, often
says no more than that it failed. What there is then stays.

What it leaves out: it talks to no Kubernetes API, as there is none.
"""

import argparse
import base64
import hashlib
import ipaddress
import json
import re
import sys
import time
from pathlib import Path

import boto3
import jsonschema
import yaml

VERSION = "0.230.0"
SCHEMA = Path(__file__).parents[1] / "resources" / "eksctl" / "cluster-config.schema.json"
NETWORK = ipaddress.ip_network("192.168.0.0/16")
ANYTHING = {"IpProtocol": "-1", "FromPort": 0, "ToPort": 65535}


class Failed(Exception):
    """Ends eksctl: with what its last line says, after the reasons, which come first."""

    def __init__(self, message, *reasons):
        super().__init__(message)
        self.reasons = reasons


def say(text, mark="ℹ"):
    print(time.strftime(f"%Y-%m-%d %H:%M:%S [{mark}]  ") + text, flush=True)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def read(file):
    try:
        config = yaml.safe_load(Path(file).read_text())
    except OSError as why:
        raise Failed(f"reading config file {quoted(file)}: {why.strerror}") from why
    for one in jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(config):
        raise Failed(f"loading config file {quoted(file)}: {one.json_path}: {one.message}")
    return config


class Builder:
    def __init__(self, config):
        self.config = config
        self.metadata = config["metadata"]
        self.name, self.region = self.metadata["name"], self.metadata["region"]
        self.tags = self.metadata.get("tags", {})
        self.groups = config.get("managedNodeGroups", [])
        self.stacks, self.eks, self.ec2 = (
            boto3.client(one, self.region) for one in ("cloudformation", "eks", "ec2")
        )
        say(f"eksctl version {VERSION}")
        say(f"using region {self.region}")

    # --- stacks ---

    def stack(self, rest, resources, tags=(), exports=None, outputs=None):
        """Has a stack made, and waits for it; gives its outputs."""
        name = f"eksctl-{self.name}-{rest}"
        # A list: what is in it twice is sent twice.
        sent = [
            ("alpha.eksctl.io/cluster-name", self.name),
            ("eksctl.cluster.k8s.io/v1alpha1/cluster-name", self.name),
            ("alpha.eksctl.io/eksctl-version", VERSION),
            *self.tags.items(),
            *dict(tags).items(),
        ]
        template = {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "[created by eksctl]",
            "Resources": resources,
            "Outputs": {
                **{one: {"Value": value} for one, value in (outputs or {}).items()},
                **{
                    one: {"Value": value, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}::" + one}}}
                    for one, value in (exports or {}).items()
                },
            },
        }
        say(f"deploying stack {quoted(name)}")
        try:
            self.stacks.create_stack(
                StackName=name, TemplateBody=json.dumps(template), EnableTerminationProtection=True,
                Tags=[{"Key": key, "Value": value} for key, value in sent],
            )
        except Exception as why:
            raise Failed("", f"creating CloudFormation stack {quoted(name)}: {api_error(why)}") from why
        while True:
            stack = self.stacks.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                break
            time.sleep(0.2)
        if stack["StackStatus"] != "CREATE_COMPLETE":
            unexpected = f"unexpected status {quoted(stack['StackStatus'])} while waiting for CloudFormation stack"
            say(f"{unexpected} {quoted(name)}", "✖")
            say("fetching stack events in attempt to troubleshoot the root cause of the failure")
            for event in self.stacks.describe_stack_events(StackName=name)["StackEvents"]:
                if event["ResourceStatus"] == "CREATE_FAILED":
                    what = f"{event['ResourceType']}/{event['LogicalResourceId']}"
                    say(f"{what}: CREATE_FAILED – {quoted(event['ResourceStatusReason'])}", "✖")
            raise Failed("", "ResourceNotReady: failed waiting for successful resource state")
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    # --- the cluster ---

    def zones(self):
        """The zones in which every type of the node groups in this config is on offer."""
        chosen = self.config.get("availabilityZones")
        if not chosen:
            there = self.ec2.describe_availability_zones(Filters=[{"Name": "state", "Values": ["available"]}])
            chosen = self.with_types([one["ZoneName"] for one in there["AvailabilityZones"]], self.groups)
            if len(chosen) < 2:
                raise Failed(
                    f"getting availability zones: only {len(chosen)} zones discovered [{' '.join(chosen)}],"
                    " at least 2 are required"
                )
            say(f"setting availability zones to [{' '.join(chosen)}]")
        return chosen[:3]

    def with_types(self, zones, groups):
        types = sorted({one for group in groups for one in group["instanceTypes"]})
        if not types:
            return zones
        offered = {
            (one["Location"], one["InstanceType"])
            for page in self.ec2.get_paginator("describe_instance_type_offerings").paginate(
                LocationType="availability-zone",
                Filters=[{"Name": "instance-type", "Values": types}, {"Name": "location", "Values": zones}],
            )
            for one in page["InstanceTypeOfferings"]
        }
        fit = []
        for zone in zones:
            lacks = [one for one in types if (zone, one) not in offered]
            if lacks:
                say(
                    f"skipping {zone} from selection because it doesn't support the following instance type(s):"
                    f" {','.join(lacks)}"
                )
            else:
                fit.append(zone)
        return fit

    def check_version(self):
        version = self.metadata["version"]
        offered = [one["clusterVersion"] for one in self.eks.describe_cluster_versions()["clusterVersions"]]
        if version not in offered:
            raise Failed(
                f"invalid version, {version} is no longer supported, supported values: {', '.join(sorted(offered))}"
            )

    def network(self, zones):
        resources = {
            "VPC": {
                "Type": "AWS::EC2::VPC",
                "Properties": {"CidrBlock": str(NETWORK), "EnableDnsHostnames": True, "EnableDnsSupport": True},
            },
            "InternetGateway": {"Type": "AWS::EC2::InternetGateway", "Properties": {}},
            "VPCGatewayAttachment": {
                "Type": "AWS::EC2::VPCGatewayAttachment",
                "Properties": {"InternetGatewayId": {"Ref": "InternetGateway"}, "VpcId": {"Ref": "VPC"}},
            },
            "PublicRouteTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "VPC"}}},
            "PublicSubnetRoute": {
                "Type": "AWS::EC2::Route",
                "DependsOn": "VPCGatewayAttachment",
                "Properties": {
                    "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "InternetGateway"},
                    "RouteTableId": {"Ref": "PublicRouteTable"},
                },
            },
        }
        blocks = list(NETWORK.subnets(new_prefix=19))
        subnets = {"Public": [], "Private": []}
        for number, zone in enumerate(zones):
            alias = zone.replace("-", "").upper()
            resources[f"PrivateRouteTable{alias}"] = {
                "Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "VPC"}},
            }
            for topology, table, role, first in (
                ("Public", "PublicRouteTable", "elb", 0),
                ("Private", f"PrivateRouteTable{alias}", "internal-elb", len(zones)),
            ):
                subnet = f"Subnet{topology}{alias}"
                subnets[topology].append(subnet)
                resources[subnet] = {
                    "Type": "AWS::EC2::Subnet",
                    "Properties": {
                        "AvailabilityZone": zone, "CidrBlock": str(blocks[first + number]), "VpcId": {"Ref": "VPC"},
                        "Tags": [{"Key": f"kubernetes.io/role/{role}", "Value": "1"}],
                        **({"MapPublicIpOnLaunch": True} if topology == "Public" else {}),
                    },
                }
                resources[f"RouteTableAssociation{topology}{alias}"] = {
                    "Type": "AWS::EC2::SubnetRouteTableAssociation",
                    "Properties": {"RouteTableId": {"Ref": table}, "SubnetId": {"Ref": subnet}},
                }
            say(f"subnets for {zone} - public:{blocks[number]} private:{blocks[len(zones) + number]}")
        return resources, subnets

    def groups_of_the_cluster(self):
        default = {"Fn::GetAtt": ["ControlPlane", "ClusterSecurityGroupId"]}
        shared = {"Ref": "ClusterSharedNodeSecurityGroup"}

        def let_in(to, source, why):
            return {
                "Type": "AWS::EC2::SecurityGroupIngress",
                "Properties": {"GroupId": to, "SourceSecurityGroupId": source, "Description": why, **ANYTHING},
            }

        def group(why):
            return {
                "Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": why, "VpcId": {"Ref": "VPC"}},
            }

        return {
            "ControlPlaneSecurityGroup": group("Communication between the control plane and worker nodegroups"),
            "ClusterSharedNodeSecurityGroup": group("Communication between all nodes in the cluster"),
            "IngressInterNodeGroupSG": let_in(shared, shared, "Allow nodes to communicate with each other"),
            "IngressDefaultClusterToNodeSG": let_in(shared, default, "Allow managed and unmanaged nodes to communicate"),
            "IngressNodeToDefaultClusterSG": let_in(default, shared, "Allow unmanaged nodes to communicate"),
        }

    def cluster(self, zones):
        resources, subnets = self.network(zones)
        resources.update(self.groups_of_the_cluster())
        access = self.config["accessConfig"]
        refs = {topology: [{"Ref": one} for one in names] for topology, names in subnets.items()}
        resources["ControlPlane"] = {
            "Type": "AWS::EKS::Cluster",
            "Properties": {
                "Name": self.name,
                "Version": self.metadata["version"],
                "RoleArn": self.config["iam"]["serviceRoleARN"],
                "BootstrapSelfManagedAddons": False,
                "UpgradePolicy": {"SupportType": self.config["upgradePolicy"]["supportType"]},
                "AccessConfig": {
                    "AuthenticationMode": access["authenticationMode"],
                    "BootstrapClusterCreatorAdminPermissions": access["bootstrapClusterCreatorAdminPermissions"],
                },
                "ResourcesVpcConfig": {
                    "EndpointPublicAccess": self.config["vpc"]["clusterEndpoints"]["publicAccess"],
                    "EndpointPrivateAccess": self.config["vpc"]["clusterEndpoints"]["privateAccess"],
                    "SubnetIds": refs["Public"] + refs["Private"],
                    "SecurityGroupIds": [{"Ref": "ControlPlaneSecurityGroup"}],
                },
                "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            },
        }
        # Everything that has tags has its name in one, as stack and part.
        for part, resource in resources.items():
            if resource["Type"].rsplit("::", 1)[-1] in (
                "VPC", "InternetGateway", "RouteTable", "Subnet", "SecurityGroup", "Cluster"
            ):
                name = {"Key": "Name", "Value": {"Fn::Sub": "${AWS::StackName}/" + part}}
                resource["Properties"].setdefault("Tags", []).append(name)
        self.stack(
            "cluster", resources, {"alpha.eksctl.io/cluster-oidc-enabled": "false"},
            {
                "VPC": {"Ref": "VPC"},
                "SubnetsPublic": {"Fn::Join": [",", refs["Public"]]},
                "SubnetsPrivate": {"Fn::Join": [",", refs["Private"]]},
                "SecurityGroup": {"Ref": "ControlPlaneSecurityGroup"},
                "SharedNodeSecurityGroup": {"Ref": "ClusterSharedNodeSecurityGroup"},
                "ClusterSecurityGroupId": {"Fn::GetAtt": ["ControlPlane", "ClusterSecurityGroupId"]},
                "ARN": {"Fn::GetAtt": ["ControlPlane", "Arn"]},
                "Endpoint": {"Fn::GetAtt": ["ControlPlane", "Endpoint"]},
                "ServiceRoleARN": self.config["iam"]["serviceRoleARN"],
            },
            {
                "CertificateAuthorityData": {"Fn::GetAtt": ["ControlPlane", "CertificateAuthorityData"]},
                "ClusterStackName": {"Ref": "AWS::StackName"},
                "FeatureNATMode": self.config["vpc"]["nat"]["gateway"],
            },
        )

    def access(self):
        for entry in self.config["accessConfig"]["accessEntries"]:
            principal = entry["principalARN"]
            say(f"creating access entry for principal ARN {quoted(principal)}")
            digest = base64.b32encode(hashlib.sha1(principal.encode()).digest()).decode()  # 32 characters
            self.stack(f"accessentry-{digest}", {
                "AccessEntry": {
                    "Type": "AWS::EKS::AccessEntry",
                    "Properties": {
                        "ClusterName": self.name,
                        "PrincipalArn": principal,
                        "AccessPolicies": [
                            {"PolicyArn": one["policyARN"], "AccessScope": {"Type": one["accessScope"]["type"]}}
                            for one in entry["accessPolicies"]
                        ],
                    },
                },
            })

    def addons(self):
        # The agent goes first, as the others may need its permissions.
        for addon in sorted(self.config["addons"], key=lambda one: one["name"] != "eks-pod-identity-agent"):
            (there,) = self.eks.describe_addon_versions(
                addonName=addon["name"], kubernetesVersion=self.metadata["version"]
            )["addons"]
            latest = there["addonVersions"][0]
            told = {}
            if latest["requiresIamPermissions"]:
                self.eks.describe_addon_configuration(addonName=addon["name"], addonVersion=latest["addonVersion"])
                told["podIdentityAssociations"] = [
                    {"serviceAccount": one["serviceAccountName"], "roleArn": one["roleARN"]}
                    for one in addon.get("podIdentityAssociations", [])
                ]
            if addon.get("configurationValues"):
                json.loads(addon["configurationValues"])
                told["configurationValues"] = addon["configurationValues"]
            say(f"creating addon: {addon['name']}")
            self.eks.create_addon(
                clusterName=self.name, addonName=addon["name"], addonVersion=latest["addonVersion"],
                resolveConflicts="OVERWRITE", **told,
            )
            say(f"successfully created addon: {addon['name']}")

    def create_cluster(self, without_nodes):
        if without_nodes:
            self.groups = []
        self.check_version()
        zones = self.zones()
        what = f"EKS cluster {quoted(self.name)} in {quoted(self.region)} region"
        say(f"using Kubernetes version {self.metadata['version']}")
        say(f"creating {what} with {'managed nodes' if self.groups else ''}")
        try:
            say(f"building cluster stack {quoted(f'eksctl-{self.name}-cluster')}")
            self.cluster(zones)
            self.access()
            self.addons()
            for group in self.groups:
                self.nodes(group, zones)
        except Failed as why:
            say("1 error(s) occurred and cluster hasn't been created properly, you may wish to check"
                " CloudFormation console", "!")
            say(f"to cleanup resources, run 'eksctl delete cluster --region={self.region} --name={self.name}'")
            raise Failed(f"failed to create cluster {quoted(self.name)}", *why.reasons) from why
        say(f"all EKS cluster resources for {quoted(self.name)} have been created", "✔")
        say(f"{what} is ready", "✔")

    # --- node groups ---

    def nodes(self, group, zones):
        name = f"nodegroup-{group['name']}"
        say(f"building managed nodegroup stack {quoted(f'eksctl-{self.name}-{name}')}")
        vpc = self.eks.describe_cluster(name=self.name)["cluster"]["resourcesVpcConfig"]["vpcId"]
        fit = self.with_types(zones, [group])
        found = self.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
        public = [one for one in found if one["MapPublicIpOnLaunch"]]
        own = {
            **self.tags, **group.get("tags", {}),
            "alpha.eksctl.io/nodegroup-name": group["name"], "alpha.eksctl.io/nodegroup-type": "managed",
        }
        as_list = [{"Key": key, "Value": value} for key, value in own.items()]
        no_pods = group.get("disablePodIMDS", False)
        labels = {"alpha.eksctl.io/cluster-name": self.name, "alpha.eksctl.io/nodegroup-name": group["name"]}
        self.stack(name, {
            "LaunchTemplate": {
                "Type": "AWS::EC2::LaunchTemplate",
                "Properties": {
                    "LaunchTemplateName": {"Fn::Sub": "${AWS::StackName}"},
                    "LaunchTemplateData": {
                        "BlockDeviceMappings": [
                            {"DeviceName": "/dev/xvda", "Ebs": {
                                "Iops": 3000, "Throughput": 125, "VolumeSize": group["volumeSize"], "VolumeType": "gp3",
                            }}
                        ],
                        "MetadataOptions": {
                            "HttpPutResponseHopLimit": 1 if no_pods else 2,
                            "HttpTokens": "required" if no_pods or group.get("disableIMDSv1") else "optional",
                        },
                        "SecurityGroupIds": [
                            {"Fn::ImportValue": f"eksctl-{self.name}-cluster::ClusterSecurityGroupId"}
                        ],
                        "TagSpecifications": [
                            {
                                "ResourceType": one,
                                "Tags": [{"Key": "Name", "Value": f"{self.name}-{group['name']}-Node"}, *as_list],
                            }
                            for one in ("instance", "volume", "network-interface")
                        ],
                    },
                },
            },
            "ManagedNodeGroup": {
                "Type": "AWS::EKS::Nodegroup",
                "Properties": {
                    "AmiType": "AL2023_ARM_64_STANDARD" if is_arm(group) else "AL2023_x86_64_STANDARD",
                    "ClusterName": self.name,
                    "NodegroupName": group["name"],
                    "NodeRole": group["iam"]["instanceRoleARN"],
                    **({"CapacityType": "SPOT"} if group["spot"] else {}),
                    "InstanceTypes": group["instanceTypes"],
                    "Labels": labels,
                    "LaunchTemplate": {"Id": {"Ref": "LaunchTemplate"}},
                    "ScalingConfig": {
                        "MinSize": group["minSize"], "MaxSize": group["maxSize"],
                        "DesiredSize": group["desiredCapacity"],
                    },
                    "Subnets": [one["SubnetId"] for one in public if one["AvailabilityZone"] in fit],
                    "Tags": own,
                },
            },
        }, own)

    def create_node_groups(self):
        cluster = self.eks.describe_cluster(name=self.name)["cluster"]
        say(f"will use version {cluster['version']} for new nodegroup(s) based on control plane version")
        stack = self.stacks.describe_stacks(StackName=f"eksctl-{self.name}-cluster")["Stacks"][0]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        subnets = self.ec2.describe_subnets(SubnetIds=outputs["SubnetsPublic"].split(","))["Subnets"]
        there = self.eks.list_nodegroups(clusterName=self.name)["nodegroups"]
        missing = [one for one in self.groups if one["name"] not in there]
        say(f"{len(missing)} nodegroup ({', '.join(one['name'] for one in missing)}) was included")
        say("checking cluster stack for missing resources")
        self.stacks.get_template(StackName=stack["StackName"])
        try:
            for group in missing:
                self.nodes(group, sorted({one["AvailabilityZone"] for one in subnets}))
        except Failed as why:
            say("1 error(s) occurred and nodegroups haven't been created properly, you may wish to check"
                " CloudFormation console")
            raise Failed(f"failed to create nodegroups for cluster {quoted(self.name)}", *why.reasons) from why
        say(f"created {len(missing)} managed nodegroup(s) in cluster {quoted(self.name)}", "✔")
        for group in self.groups:
            self.stacks.describe_stack_resources(StackName=f"eksctl-{self.name}-nodegroup-{group['name']}")
        say("checking security group configuration for all nodegroups")


def is_arm(group):
    return all(re.match(r"(a1|[a-z]+\d+[a-z]*g[a-z]*)\.", one) for one in group["instanceTypes"])


def api_error(why):
    """What AWS answered, as the SDK of eksctl has it."""
    answer = getattr(why, "response", {}).get("Error")
    if not answer:
        return str(why)
    return f"operation error: https response error StatusCode: 400, api error {answer['Code']}: {answer['Message']}"


def options():
    parser = argparse.ArgumentParser(prog="eksctl", allow_abbrev=False)
    commands = parser.add_subparsers(required=True).add_parser("create").add_subparsers(dest="what", required=True)
    cluster, nodegroup = commands.add_parser("cluster"), commands.add_parser("nodegroup")
    for command in (cluster, nodegroup):
        command.add_argument("-f", dest="file", required=True)
        command.add_argument("--timeout")
        command.add_argument("-C", dest="colour")
    cluster.add_argument("--without-nodegroup", action="store_true")
    cluster.add_argument("--write-kubeconfig", choices=["true", "false"])
    return parser.parse_args()


def main():
    asked = options()
    try:
        builder = Builder(read(asked.file))
        if asked.what == "cluster":
            builder.create_cluster(asked.without_nodegroup)
        else:
            builder.create_node_groups()
    except Failed as why:
        for reason in why.reasons:
            say(f"{reason}\n", "✖")
        sys.exit(f"Error: {why}")
    except Exception as why:  # what AWS answered, as a rule
        sys.exit(f"Error: {api_error(why)}")


main()
