"""AWS as the tests of the task scripts see it: moto, and what of AWS's documented behaviour it lacks.

    python emulator.py SOCKET

It says the address it listens on in a line, and then answers commands on its standard input, a JSON
object a line, with one line each. It ends with its input. The CLI of aws.py answers on SOCKET.

Added, from AWS's references:
- stacks have termination protection; their deletion takes a while, waits for what is in the VPC,
  fails after some time, and can be forced, which leaves behind what cannot go;
- CloudControl looks up roles, and no other type;
- a control plane and node groups go with the stack that they were made by;
- a filter by keys of tags wants one of them, and not all that a resource has;
- EKS has capabilities, whose deletion takes a while, and deletes no control plane that has one;
- EKS says which versions there are;
- what is in use cannot be deleted: security groups by interfaces and by other groups' rules,
  subnets by interfaces, VPCs by groups, gateways, network ACLs, peerings and attachments.
"""

import json
import os
import re
import sys
import threading
from datetime import datetime, timedelta, timezone

import aws

REGION, ACCOUNT = "us-east-2", "123456789012"
TAG = "eksphemeral:id"

if __name__ == "__main__":
    read_end, write_end = os.pipe()
    if os.fork() == 0:  # before there are threads
        os.close(write_end)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        aws.serve(sys.argv[1], read_end)
    os.close(read_end)

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION=REGION)

import boto3  # noqa: E402
import moto.backends  # noqa: E402
import moto.ec2.utils  # noqa: E402
from moto.cloudformation import models as cfn, parsing, responses as cfn_responses  # noqa: E402
from moto.cloudformation.exceptions import ValidationError  # noqa: E402
from moto.core.responses import ActionResult, EmptyResult  # noqa: E402
from moto.ec2.exceptions import DependencyViolationError  # noqa: E402
from moto.ec2.models import EC2Backend  # noqa: E402
from moto.eks.exceptions import ResourceInUseException  # noqa: E402
from moto.eks.models import EKSBackend  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402


def backend(service):
    return moto.backends.get_backend(service)[ACCOUNT][REGION]


def roles():
    return moto.backends.get_backend("iam")[ACCOUNT]["aws"].roles.values()


# --- what moto lacks ---

LOOKS_UNTIL_FAILED = 2
deleting = {}  # stack id: how often it was looked at since, by force or not
made_by = {}  # stack id: names of a cluster and of its node groups that go with it
stuck = set()  # physical ids that no stack can delete


class Stuck(Exception):
    pass


def delete_stack(self, name_or_id, force=False):
    for stack in self.stacks.values():
        if name_or_id in (stack.name, stack.stack_id):
            break
    else:
        return
    if stack.enable_termination_protection:
        raise ValidationError(stack.name, f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    if force and stack.status != "DELETE_FAILED":
        raise ValidationError(stack.name, "FORCE_DELETE_STACK needs a stack in DELETE_FAILED")
    if stack.status != "DELETE_IN_PROGRESS":
        stack.status = "DELETE_IN_PROGRESS"
        stack.deletion_time = datetime.now(timezone.utc)
        deleting[stack.stack_id] = [0, force]


def go_on_deleting(self):
    for stack_id, progress in list(deleting.items()):
        stack = self.stacks.get(stack_id)
        progress[0] += 1
        if stack is None or progress[0] == 1:
            continue
        eks = backend("eks")
        cluster, groups = made_by.get(stack_id, (None, []))
        for name, group in groups:
            if name in eks.clusters and group in eks.clusters[name].nodegroups:
                eks.delete_nodegroup(name, group)
        done = True
        try:
            if cluster in eks.clusters:
                eks.delete_cluster(cluster)
            stack.resource_map.delete()
        except Exception as why:
            done = progress[1]
            if progress[0] > LOOKS_UNTIL_FAILED or isinstance(why, Stuck):
                stack.status = "DELETE_FAILED"
                stack.reason = str(why)
                if not done:
                    del deleting[stack_id]
        if done:
            del deleting[stack_id]
            stack.status = "DELETE_COMPLETE"
            self.deleted_stacks[stack_id] = self.stacks.pop(stack_id)


moto_describes = cfn.CloudFormationBackend.describe_stacks


def describe_stacks(self, name_or_stack_id):
    go_on_deleting(self)
    return moto_describes(self, name_or_stack_id)


cfn.CloudFormationBackend.delete_stack = delete_stack
cfn.CloudFormationBackend.describe_stacks = describe_stacks


class Responses(cfn_responses.CloudFormationResponse):
    def delete_stack(self):
        force = self._get_param("DeletionMode") == "FORCE_DELETE_STACK"
        self.cloudformation_backend.delete_stack(self._get_param("StackName"), force)
        return EmptyResult()

    def update_termination_protection(self):
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        stack.enable_termination_protection = str(self._get_param("EnableTerminationProtection")).lower() == "true"
        return ActionResult({"StackId": stack.stack_id})

    def list_stack_resources(self):
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        return ActionResult({"StackResourceSummaries": [
            {
                "ResourceStatus": "DELETE_FAILED" if one.physical_resource_id in stuck else "CREATE_COMPLETE",
                "LogicalResourceId": one.logical_resource_id,
                "LastUpdatedTimestamp": stack.creation_time,
                "PhysicalResourceId": one.physical_resource_id,
                "ResourceType": one.cf_resource_type,
            }
            for one in list(stack.resource_map._parsed_resources.values())
            if hasattr(one, "logical_resource_id")
        ]})


for method in ("delete_stack", "update_termination_protection", "list_stack_resources"):
    setattr(cfn_responses.CloudFormationResponse, method, getattr(Responses, method))

moto_deletes_resource = parsing.ResourceMap._delete_resource


def delete_resource(self, resource, resource_json):
    type, id = resource_json["Type"], getattr(resource, "physical_resource_id", None)
    try:
        if type == "AWS::EC2::VPCGatewayAttachment":
            backend("ec2").detach_internet_gateway(resource.gateway_id, resource.vpc_id)
        elif id in stuck:
            raise Stuck("it cannot be deleted")
        elif type == "AWS::EC2::InternetGateway":
            backend("ec2").delete_internet_gateway(id)
        else:
            moto_deletes_resource(self, resource, resource_json)
    except Exception as why:
        # What is gone already counts as deleted.
        if not re.search("NotFound|NotAttached|Invalid.*Id", why.__class__.__name__):
            raise


parsing.ResourceMap._delete_resource = delete_resource

capabilities = {}  # by cluster and name: how often it is still listed once it is deleted; or None
moto_deletes_cluster = EKSBackend.delete_cluster


def delete_cluster(self, name):
    if any(cluster == name for cluster, _ in capabilities):
        raise ResourceInUseException(
            clusterName=name, nodegroupName=None, addonName=None, message="Cluster has capabilities attached"
        )
    return moto_deletes_cluster(self, name)


EKSBackend.delete_cluster = delete_cluster


def capability_request(method, cluster, name):
    """What EKS answers to a listing or a deletion: a status and a text."""
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
        return 200, {"capabilities": listed}
    if method != "DELETE" or (cluster, name) not in capabilities:
        return 404, {"__type": "ResourceNotFoundException", "message": f"No capability {name}"}
    if capabilities[cluster, name] is not None:
        return 409, {"__type": "ResourceInUseException", "message": f"{name} is being deleted"}
    capabilities[cluster, name] = 2
    return 200, {"capability": {"capabilityName": name, "status": "DELETING"}}


moto_matches = moto.ec2.utils.is_filter_matching


def is_filter_matching(one, name, values):
    if name == "tag-key":  # any of the keys will do
        return any(tag["key"] in values for tag in one.get_tags())
    return moto_matches(one, name, values)


moto.ec2.utils.is_filter_matching = is_filter_matching


not_offered = set()  # pairs of a type of instances and a zone that lacks it
moto_offers = EC2Backend.describe_instance_type_offerings


def describe_instance_type_offerings(self, *words, **named):
    return [one for one in moto_offers(self, *words, **named) if (one["InstanceType"], one["Location"]) not in not_offered]


EC2Backend.describe_instance_type_offerings = describe_instance_type_offerings

moto_deletes_group = EC2Backend.delete_security_group
moto_deletes_subnet = EC2Backend.delete_subnet
moto_deletes_vpc = EC2Backend.delete_vpc


def interfaces(ec2):
    # Instances that are terminated no longer have any.
    return [
        one for one in ec2.enis.values()
        if not (getattr(one, "instance", None) and one.instance.state == "terminated")
    ]


def delete_security_group(self, name=None, group_id=None):
    for group in [one for groups in self.groups.values() for one in groups.values()]:
        rules = [*group.ingress_rules, *group.egress_rules]
        if group.id != group_id and any((rule.source_group or {}).get("GroupId") == group_id for rule in rules):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
    for one in interfaces(self):
        if group_id in [group.id for group in one.group_set]:
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
    return moto_deletes_group(self, name, group_id)


def delete_subnet(self, subnet_id):
    if any(one.subnet.id == subnet_id for one in interfaces(self)):
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return moto_deletes_subnet(self, subnet_id)


def holds(self, vpc_id):
    """What people make in a VPC, and keeps it from going."""
    return [
        *[one.id for one in self.network_acls.values() if one.vpc_id == vpc_id and str(one.default).lower() != "true"],
        *[one.id for one in self.egress_only_internet_gateways.values() if one.vpc_id == vpc_id],
        *[one.id for one in self.vpn_gateways.values() if vpc_id in one.attachments],
        *[id for id, one in self.carrier_gateways.items() if one.vpc_id == vpc_id],
        *[one.id for one in self.vpc_pcxs.values() if vpc_id in (one.vpc.id, one.peer_vpc.id) and one._status.code != "deleted"],
        *[id for id, one in self.transit_gateway_attachments.items() if getattr(one, "vpc_id", None) == vpc_id and one.state != "deleted"],
    ]


def delete_vpc(self, vpc_id):
    if holds(self, vpc_id) or any(group.name != "default" for group in self.groups.get(vpc_id, {}).values()) or any(
        gateway.vpc and gateway.vpc.id == vpc_id for gateway in self.internet_gateways.values()
    ):
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return moto_deletes_vpc(self, vpc_id)


EC2Backend.delete_security_group = delete_security_group
EC2Backend.delete_subnet = delete_subnet
EC2Backend.delete_vpc = delete_vpc

# --- faults, on the wire ---

faults = []  # [pattern, how often yet, error code, status]
meanwhile = []  # [pattern, how often before, a command, its arguments]: what others do between two requests


class Wire:
    """Between the callers and moto: answers some requests with an error."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size) if size else b""
        import io

        environ["wsgi.input"] = io.BytesIO(body)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        service = (re.findall(r"/([a-z0-9-]+)/aws4_request", authorization) or ["?"])[0]
        words = f"{service} {environ['REQUEST_METHOD']} {environ['PATH_INFO']} {target} {body[:4000].decode(errors='replace')}"
        for event in list(meanwhile):
            if re.search(event[0], words):
                event[1] -= 1
                if event[1] < 0:
                    meanwhile.remove(event)
                    globals()[event[2]](*event[3])
        for fault in faults:
            if fault[1] and re.search(fault[0], words):
                fault[1] -= 1
                return self.refuse(service, fault[2], fault[3], start_response)
        if service == "eks" and environ["PATH_INFO"] == "/cluster-versions":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"clusterVersions": offered}).encode()]
        capability = re.fullmatch("/clusters/([^/]+)/capabilities(?:/([^/]+))?", environ["PATH_INFO"])
        if service == "eks" and capability:
            status, answer = capability_request(environ["REQUEST_METHOD"], *capability.groups())
            if status != 200:
                return self.refuse(service, answer["__type"], status, start_response)
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(answer).encode()]
        if service == "cloudcontrolapi":
            return self.look_up(json.loads(body), service, start_response)
        return self.app(environ, start_response)

    def look_up(self, request, service, start_response):
        if request["TypeName"] != "AWS::IAM::Role":
            return self.refuse(service, "TypeNotFoundException", 404, start_response)
        if not any(one.name == request["Identifier"] for one in roles()):
            return self.refuse(service, "ResourceNotFoundException", 404, start_response)
        text = json.dumps({"TypeName": request["TypeName"], "ResourceDescription": {"Identifier": request["Identifier"], "Properties": "{}"}})
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(text)))])
        return [text.encode()]

    @staticmethod
    def refuse(service, code, status, start_response):
        kind = "text/xml"
        if service == "ec2":
            text = f"<Response><Errors><Error><Code>{code}</Code><Message>refused</Message></Error></Errors><RequestID>1</RequestID></Response>"
        elif service in ("cloudformation", "iam", "elasticloadbalancing"):
            text = f"<ErrorResponse><Error><Code>{code}</Code><Message>refused</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        elif service == "s3":
            text = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
        else:
            kind, text = "application/json", json.dumps({"__type": code, "message": "refused"})
        start_response(f"{status} Refused", [("Content-Type", kind), ("Content-Length", str(len(text))), ("x-amzn-ErrorType", code)])
        return [text.encode()]


# --- what tests ask for ---

offered = []  # versions of Kubernetes, as EKS describes them

clients = {}


def client(service):
    if service not in clients:
        clients[service] = boto3.client(service, endpoint_url=address, region_name=REGION)
    return clients[service]


def tags_of(name, id):
    tags = {"alpha.eksctl.io/cluster-name": name}
    if id:
        tags[TAG] = id
    return tags


def as_list(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def stack(name, resources, tags, protected=False):
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    return client("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps(template), Tags=as_list(tags), EnableTerminationProtection=protected
    )["StackId"]


def stack_id(name):
    return client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackId"]


def cluster(name, id=None, protected=False, control_plane=True, stacks=True, others_tagged=True):
    """A cluster as eksctl makes it; without an id it is a foreign one."""
    tags = tags_of(name, id)
    eks, ec2 = client("eks"), client("ec2")
    made = {}
    if stacks:
        cluster_stack = stack(f"eksctl-{name}-cluster", {
            "VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "192.168.0.0/16", "Tags": as_list(tags)}},
            "SubnetA": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "192.168.0.0/19", "AvailabilityZone": REGION + "a"}},
            "SubnetB": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "192.168.32.0/19", "AvailabilityZone": REGION + "b"}},
            "Gateway": {"Type": "AWS::EC2::InternetGateway"},
            "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": {"VpcId": {"Ref": "VPC"}, "InternetGatewayId": {"Ref": "Gateway"}}},
            "ControlPlaneSecurityGroup": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "x", "VpcId": {"Ref": "VPC"}}},
        }, tags, protected)
        made["stack"] = cluster_stack
        found = [one for one in client("cloudformation").list_stack_resources(StackName=cluster_stack)["StackResourceSummaries"]]
        made["vpc"] = next(one["PhysicalResourceId"] for one in found if one["ResourceType"] == "AWS::EC2::VPC")
        subnets = [one["PhysicalResourceId"] for one in found if one["ResourceType"] == "AWS::EC2::Subnet"]
    else:
        made["vpc"] = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
    made["subnets"] = subnets
    if control_plane:
        role = f"arn:aws:iam::{ACCOUNT}:role/x"
        eks.create_cluster(name=name, roleArn=role, resourcesVpcConfig={"subnetIds": subnets}, tags={key: value for key, value in tags.items()})
        eks.create_nodegroup(clusterName=name, nodegroupName="workers", subnets=subnets, nodeRole=role)
        issuer = f"https://oidc.eks.{REGION}.amazonaws.com/id/{(id or 'foreign').replace('-', '').upper()[-32:]}{name}"
        backend("eks").clusters[name].identity = {"oidc": {"issuer": issuer}}
        made["issuer"] = issuer
    if stacks:
        other = tags if others_tagged else tags_of(name, None)
        made["group_stack"] = stack(f"eksctl-{name}-nodegroup-workers", {
            "LaunchTemplate": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {
                "LaunchTemplateName": f"{name}-workers", "LaunchTemplateData": {"InstanceType": "t3.medium"}}},
        }, other, protected)
        if control_plane:
            made_by[cluster_stack] = (name, [])
            made_by[made["group_stack"]] = (None, [(name, "workers")])
    return made


def left_over(kind, name, vpc, subnets, issuer=None, **_):
    """What a cluster's controllers and users make, and nobody's stack knows of."""
    ec2 = client("ec2")
    named = as_list({f"kubernetes.io/cluster/{name}": "owned"})

    def spec(resource, tags=named):
        return [{"ResourceType": resource, "Tags": tags}]

    if kind == "load-balancer":
        return client("elbv2").create_load_balancer(Name=f"lb-{name}"[:32], Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    if kind == "classic-load-balancer":
        client("elb").create_load_balancer(
            LoadBalancerName=f"classic-{name}"[:32], Subnets=subnets,
            Listeners=[{"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 80}])
        return f"classic-{name}"[:32]
    if kind == "target-group":
        return client("elbv2").create_target_group(Name=f"tg-{name}"[:32], Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    if kind == "instance":
        return ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnets[0])["Instances"][0]["InstanceId"]
    if kind == "nat-gateway":
        return ec2.create_nat_gateway(SubnetId=subnets[0], ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    if kind == "endpoint":
        return ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway")["VpcEndpoint"]["VpcEndpointId"]
    if kind == "network-interface":
        return ec2.create_network_interface(SubnetId=subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
    if kind == "security-group":
        one, other = (ec2.create_security_group(GroupName=f"{which}-{name}", Description="x", VpcId=vpc)["GroupId"] for which in ("lb", "nodes"))
        for group, peer in ((one, other), (other, one)):
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": peer}]}])
        ec2.create_network_interface(SubnetId=subnets[0], Groups=[one])
        return one
    if kind in ("volume", "volume-in-use"):
        csi = as_list({f"kubernetes.io/cluster/{name}": "owned", "KubernetesCluster": name, "ebs.csi.aws.com/cluster": "true"})
        volume = ec2.create_volume(AvailabilityZone=REGION + "a", Size=1, TagSpecifications=spec("volume", csi))["VolumeId"]
        if kind == "volume-in-use":
            attach(volume, ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnets[0])["Instances"][0]["InstanceId"])
        return volume
    if kind == "address":
        allocation = ec2.allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip"))["AllocationId"]
        interface = ec2.create_network_interface(SubnetId=subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
        ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface)
        return allocation
    if kind == "capability":
        capabilities[name, "argocd"] = None
        return f"{name}/argocd"
    if kind == "oidc-provider":
        return client("iam").create_open_id_connect_provider(Url=issuer, ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"]
    if kind == "log-group":
        client("logs").create_log_group(logGroupName=f"/aws/eks/{name}/cluster")
        return f"/aws/eks/{name}/cluster"
    raise ValueError(kind)


def attach(volume, instance):
    client("ec2").attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/xvdf")


def self_managed(kind, name, value="owned"):
    """Something of a cluster that EKS does not know, as kubeadm and RKE have them."""
    ec2, named = client("ec2"), as_list({f"kubernetes.io/cluster/{name}": value})
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"] if one["VpcId"] == default]
    instance = {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1, "SubnetId": subnets[0]}
    if kind == "instance":
        id = ec2.run_instances(**instance)["Instances"][0]["InstanceId"]
    elif kind == "volume-in-use":  # of an instance that carries nothing
        id = ec2.create_volume(AvailabilityZone=REGION + "a", Size=1)["VolumeId"]
        attach(id, ec2.run_instances(**instance)["Instances"][0]["InstanceId"])
    elif kind == "volume":
        id = ec2.create_volume(AvailabilityZone=REGION + "a", Size=1)["VolumeId"]
    elif kind == "security-group":
        id = ec2.create_security_group(GroupName=f"nodes-{name}", Description="x", VpcId=default)["GroupId"]
    elif kind == "subnet":
        id = subnets[0]
    elif kind == "vpc":
        id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    elif kind == "load-balancer":
        return client("elbv2").create_load_balancer(Name=f"a{name}", Subnets=subnets[:2], Tags=named)["LoadBalancers"][0]["LoadBalancerArn"]
    elif kind == "classic-load-balancer":
        client("elb").create_load_balancer(
            LoadBalancerName=f"a{name}", Subnets=subnets[:1], Tags=named,
            Listeners=[{"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 80}])
        return f"a{name}"
    ec2.create_tags(Resources=[id], Tags=named)
    return id


def terminate(instance):
    client("ec2").terminate_instances(InstanceIds=[instance])


def hold(vpc, subnets):
    """Makes one of each in a VPC, as a person may; gives their ids."""
    ec2 = client("ec2")
    ec2.create_network_acl(VpcId=vpc)
    ec2.create_egress_only_internet_gateway(VpcId=vpc)
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"])
    ec2.create_carrier_gateway(VpcId=vpc)
    other = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)
    ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"], VpcId=vpc, SubnetIds=subnets[:1])
    return holds(backend("ec2"), vpc)


def let_go():
    ec2 = backend("ec2")
    ec2.network_acls = {id: one for id, one in ec2.network_acls.items() if str(one.default).lower() == "true"}
    for all in (ec2.egress_only_internet_gateways, ec2.carrier_gateways, ec2.vpn_gateways, ec2.vpc_pcxs, ec2.transit_gateway_attachments):
        all.clear()


def age(id, minutes):
    """Has something be made earlier than it was."""
    then = datetime.now(timezone.utc) - timedelta(minutes=minutes)
    ec2 = backend("ec2")
    if id in ec2.volumes:
        ec2.volumes[id].create_time = then
    elif id in backend("cloudformation").stacks:
        backend("cloudformation").stacks[id].creation_time = then.replace(tzinfo=None)
    elif id in backend("eks").clusters:
        backend("eks").clusters[id].created_at = then
    else:
        backend("logs").groups[id].creation_time = then.replace(tzinfo=None)


def inventory():
    """Everything there is, but the default VPC and what it has: 'kind id'."""
    ec2 = backend("ec2")
    default = ec2.default_vpc.id
    found = [f"stack {one.name}" for one in backend("cloudformation").stacks.values()]
    found += [f"cluster {name}" for name in backend("eks").clusters]
    found += [f"capability {cluster}/{name}" for cluster, name in capabilities]
    found += [f"nodegroup {name}/{group}" for name, one in backend("eks").clusters.items() for group in one.nodegroups]
    found += [f"vpc {one}" for one in ec2.vpcs if one != default]
    found += [f"subnet {one.id}" for zone in ec2.subnets.values() for one in zone.values() if one.vpc_id != default]
    found += [f"security-group {one.id}" for vpc, groups in ec2.groups.items() if vpc != default for one in groups.values() if one.name != "default"]
    found += [f"network-interface {one.id}" for one in interfaces(ec2)]
    found += [f"instance {one.id}" for one in ec2.all_instances() if one.state != "terminated"]
    found += [f"volume {one}" for one in ec2.volumes]
    found += [f"address {one.allocation_id}" for one in ec2.describe_addresses()]
    found += [f"nat-gateway {one.id}" for one in ec2.nat_gateways.values() if one.state != "deleted"]
    found += [f"internet-gateway {one.id}" for one in ec2.internet_gateways.values()]
    found += [f"role {one.name}" for one in roles()]
    found += [f"endpoint {one.id}" for one in ec2.vpc_end_points.values() if one.state.lower() != "deleted"]
    found += [f"launch-template {one}" for one in ec2.launch_templates]
    found += [f"load-balancer {one}" for one in backend("elbv2").load_balancers]
    found += [f"target-group {one}" for one in backend("elbv2").target_groups]
    found += [f"classic-load-balancer {one}" for one in backend("elb").load_balancers]
    found += [f"oidc-provider {one}" for one in moto.backends.get_backend("iam")[ACCOUNT]["aws"].open_id_providers]
    found += [f"log-group {one}" for one in backend("logs").groups]
    return sorted(found)


def tag(id, key, value):
    client("ec2").create_tags(Resources=[id], Tags=[{"Key": key, "Value": value}])


def put(bucket, key, text):
    client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())


def drop(bucket, key):
    client("s3").delete_object(Bucket=bucket, Key=key)


def get(bucket, key):
    try:
        return client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except client("s3").exceptions.NoSuchKey:
        return None


def expire(bucket, days):
    """Lets days go by, after which what was not written in the last 30 of them expires."""
    objects = moto.backends.get_backend("s3")[ACCOUNT]["aws"].buckets[bucket].keys
    for key, one in list(objects.items()):
        one.last_modified -= timedelta(days=days)
        if one.last_modified < datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(days=30):
            client("s3").delete_object(Bucket=bucket, Key=key)


def reset(bucket):
    import urllib.request

    faults.clear(), meanwhile.clear(), deleting.clear(), made_by.clear(), stuck.clear(), offered.clear(), not_offered.clear(), capabilities.clear()
    urllib.request.urlopen(urllib.request.Request(address + "/moto-api/reset", method="POST")).read()
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})


def fault(pattern, times=-1, code="AccessDenied", status=403):
    faults.append([pattern, times, code, status])


def between(pattern, before, command, *arguments):
    """Has a command be done when a request comes that was made so often before."""
    meanwhile.append([pattern, before, command, arguments])


def replace_control_plane(name):
    """By a foreign one of the same name."""
    backend("eks").clusters[name].tags = {}


def group(cluster, name, status):
    """One more node group."""
    role, subnets = f"arn:aws:iam::{ACCOUNT}:role/x", [one["SubnetId"] for one in client("ec2").describe_subnets()["Subnets"]]
    client("eks").create_nodegroup(clusterName=cluster, nodegroupName=name, subnets=subnets[:1], nodeRole=role)
    group_status(cluster, name, status)


def bucket(name, tags):
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": as_list(tags)})


def drop_bucket(name):
    client("s3").delete_bucket(Bucket=name)


def heal():
    faults.clear()
    stuck.clear()


def user(name, path):
    return client("iam").create_user(UserName=name, Path=path)["User"]["Arn"]


def no_offer(type, zone):
    not_offered.add((type, zone))


def drop_role(name):
    client("iam").delete_role(RoleName=name)


def stick(id):
    stuck.add(id)


def many(kind, count):
    """So many that a listing has pages, before what else there is."""
    for number in range(count):
        if kind == "stack":
            stack(f"a{number}", {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"g{number}"}}}, {})
        else:
            subnets = [one["SubnetId"] for one in client("ec2").describe_subnets()["Subnets"]]
            client("elbv2").create_load_balancer(Name=f"a{number}", Subnets=subnets)


def stream(group, name, lines):
    logs = client("logs")
    if group in backend("logs").groups:
        logs.delete_log_group(logGroupName=group)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=name)
    now = int(datetime.now(timezone.utc).timestamp() * 1000)
    if lines:
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[{"timestamp": now, "message": line} for line in lines])


def role(name, path):
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    return client("iam").create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document)["Role"]["Arn"]


def offer(versions):
    offered[:] = versions


def another_group(name, group):
    made = client("eks").describe_nodegroup(clusterName=name, nodegroupName="workers")["nodegroup"]
    client("eks").create_nodegroup(
        clusterName=name, nodegroupName=group, subnets=made["subnets"], nodeRole=made["nodeRole"]
    )


def group_status(name, group, status):
    backend("eks").clusters[name].nodegroups[group].status = status


def fail_stack(id, reason):
    failed = backend("cloudformation").stacks[id]
    failed.status = "ROLLBACK_COMPLETE"
    failed._add_stack_event("CREATE_FAILED", resource_status_reason=reason)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, Wire(DomainDispatcherApplication(create_backend_app)), threaded=True)
    import logging

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(address, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            result = {"is": globals()[request["do"]](*request.get("with", []), **request.get("and", {}))}
        except Exception as why:
            import traceback

            result = {"error": "".join(traceback.format_exception(why))}
        print(json.dumps(result), flush=True)
    os._exit(0)
