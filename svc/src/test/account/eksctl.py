"""Stands in for eksctl, as the tasks use it:

    eksctl create cluster -f FILE --timeout 40m --write-kubeconfig=false -C false

It reads the config as strictly as eksctl does, and has CloudFormation make the same stacks of the
same resources: the cluster with its VPC, a stack for each access entry, one for the node group, all
with termination protection and the tags of the config. It ends with 1 and a last line `Error: …`
where one of them fails, and leaves what there is then, as eksctl does.
"""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import boto3
import jsonschema
import yaml

SCHEMA = Path(__file__).parents[1] / "resources" / "eksctl" / "cluster-config.schema.json"


class Failed(Exception):
    pass


def say(text):
    print(time.strftime("%Y-%m-%d %H:%M:%S [ℹ]  ") + text, flush=True)


def read(file):
    try:
        config = yaml.safe_load(Path(file).read_text())
    except OSError as why:
        raise Failed(f"reading config file {file!r}: {why.strerror}") from why
    problem = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(config)
    for one in problem:
        raise Failed(f"loading config file {file!r}: {one.json_path}: {one.message}")
    offered = [
        one["clusterVersion"]
        for one in boto3.client("eks", config["metadata"]["region"]).describe_cluster_versions()["clusterVersions"]
    ]
    version = config["metadata"]["version"]
    if version not in offered:
        raise Failed(
            f"invalid version, {version} is no longer supported, supported values: {', '.join(sorted(offered))}"
        )
    return config


class Builder:
    def __init__(self, config):
        self.config = config
        self.name = config["metadata"]["name"]
        self.stacks = boto3.client("cloudformation", config["metadata"]["region"])

    def stack(self, rest, resources, outputs=()):
        """Has a stack made, and waits for it; gives what it says of itself."""
        name = f"eksctl-{self.name}-{rest}"
        tags = {**self.config["metadata"]["tags"], "alpha.eksctl.io/cluster-name": self.name}
        say(f"deploying stack {name!r}")
        template = {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": resources,
            "Outputs": {one: {"Value": {"Ref": one}} for one in outputs},
        }
        self.stacks.create_stack(
            StackName=name, TemplateBody=json.dumps(template), EnableTerminationProtection=True,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        while True:
            stack = self.stacks.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                break
            time.sleep(0.2)
        if stack["StackStatus"] != "CREATE_COMPLETE":
            say(f"unexpected status {stack['StackStatus']!r} while waiting for CloudFormation stack {name!r}")
            for event in self.stacks.describe_stack_events(StackName=name)["StackEvents"]:
                if event["ResourceStatus"] == "CREATE_FAILED":
                    what = f"{event['ResourceType']}/{event['LogicalResourceId']}"
                    say(f"{what}: CREATE_FAILED – {event['ResourceStatusReason']}")
            raise Failed(f"failed to create cluster {self.name!r}")
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    def cluster(self):
        region = self.config["metadata"]["region"]
        zones = boto3.client("ec2", region).describe_availability_zones()["AvailabilityZones"][:2]
        resources = {
            "VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "192.168.0.0/16"}},
            "InternetGateway": {"Type": "AWS::EC2::InternetGateway"},
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
            "ControlPlaneSecurityGroup": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"GroupDescription": "the control plane and the nodes", "VpcId": {"Ref": "VPC"}},
            },
        }
        subnets = []
        for number, zone in enumerate(zones):
            subnet = f"SubnetPublic{zone['ZoneName'].replace('-', '').upper()}"
            subnets.append(subnet)
            resources[subnet] = {
                "Type": "AWS::EC2::Subnet",
                "Properties": {
                    "AvailabilityZone": zone["ZoneName"], "CidrBlock": f"192.168.{32 * number}.0/19",
                    "MapPublicIpOnLaunch": True, "VpcId": {"Ref": "VPC"},
                },
            }
            resources[f"RouteTableAssociation{subnet}"] = {
                "Type": "AWS::EC2::SubnetRouteTableAssociation",
                "Properties": {"RouteTableId": {"Ref": "PublicRouteTable"}, "SubnetId": {"Ref": subnet}},
            }
        resources["ControlPlane"] = {
            "Type": "AWS::EKS::Cluster",
            "Properties": {
                "Name": self.name,
                "Version": self.config["metadata"]["version"],
                "RoleArn": self.config["iam"]["serviceRoleARN"],
                "AccessConfig": {"AuthenticationMode": self.config["accessConfig"]["authenticationMode"]},
                "ResourcesVpcConfig": {
                    "SubnetIds": [{"Ref": one} for one in subnets],
                    "SecurityGroupIds": [{"Ref": "ControlPlaneSecurityGroup"}],
                },
            },
        }
        made = self.stack("cluster", resources, subnets)
        return [made[one] for one in subnets]

    def access(self):
        for entry in self.config["accessConfig"]["accessEntries"]:
            principal = entry["principalARN"]
            self.stack(f"accessentry-{hashlib.sha1(principal.encode()).hexdigest()[:12]}", {
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

    def nodes(self, group, subnets):
        self.stack(f"nodegroup-{group['name']}", {
            "LaunchTemplate": {
                "Type": "AWS::EC2::LaunchTemplate",
                "Properties": {
                    "LaunchTemplateName": f"eksctl-{self.name}-nodegroup-{group['name']}",
                    "LaunchTemplateData": {
                        "MetadataOptions": {"HttpTokens": "required" if group["disableIMDSv1"] else "optional"},
                    },
                },
            },
            "ManagedNodeGroup": {
                "Type": "AWS::EKS::Nodegroup",
                "Properties": {
                    "ClusterName": self.name,
                    "NodegroupName": group["name"],
                    "NodeRole": group["iam"]["instanceRoleARN"],
                    "CapacityType": "SPOT" if group["spot"] else "ON_DEMAND",
                    "InstanceTypes": group["instanceTypes"],
                    "ScalingConfig": {
                        "MinSize": group["minSize"], "MaxSize": group["maxSize"],
                        "DesiredSize": group["desiredCapacity"],
                    },
                    "Subnets": subnets,
                },
            },
        })

    def build(self):
        say(f"creating EKS cluster {self.name!r} in {self.config['metadata']['region']!r} region")
        subnets = self.cluster()
        api = boto3.client("eks", self.config["metadata"]["region"])
        for addon in self.config["addons"]:
            say(f"creating addon {addon['name']}")
            api.create_addon(clusterName=self.name, addonName=addon["name"])
        self.access()
        for group in self.config["managedNodeGroups"]:
            self.nodes(group, subnets)
        say(f"EKS cluster {self.name!r} in {self.config['metadata']['region']!r} region is ready")


def main():
    options = argparse.ArgumentParser(prog="eksctl", allow_abbrev=False)
    options.add_argument("words", nargs=2)
    options.add_argument("-f", dest="file", required=True)
    options.add_argument("--timeout")
    options.add_argument("--write-kubeconfig", choices=["true", "false"])
    options.add_argument("-C", dest="colour")
    asked = options.parse_args()
    try:
        if asked.words != ["create", "cluster"]:
            raise Failed(f"unknown command {' '.join(asked.words)!r} for \"eksctl\"")
        Builder(read(asked.file)).build()
    except Failed as why:
        sys.exit(f"Error: {why}")
    except Exception as why:  # what AWS answered, as a rule
        sys.exit(f"Error: {str(why).splitlines()[-1]}")


main()
