"""IAM, where the emulator judges by less than AWS does:

- requests to ECS, EKS, EC2 and for log events are for the resource that AWS's authorization reference
  names;
- the keys ecs:cluster and ses:FromAddress, and the tags of what a request is for;
- RunTask also needs to pass the roles of the task, and to tag it;
- policies have variables in their conditions;
- creating an add-on requires permission to pass its pods' roles;
- stacks are made and removed with the permissions of who asked for it, resource by resource;
- ECS assumes a role only if that trusts it for this account's tasks.

Not judged: creating a stack's own resources in the one of the control plane's installer, who may do
everything; and whatever AWS does in a service's name.
"""

import json
import re

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import alb, ec2, ecs, eks, iam, tagging
from ministack.services.cloudformation import _stacks, provisioners, stacks

from patches import lean_on, replace


def arn(service, resource):
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


# --- what a request is for, and its conditions ---

EKS_PARTS = {
    "node-groups": "nodegroup", "addons": "addon", "access-entries": "access-entry",
    "fargate-profiles": "fargateprofile", "capabilities": "capability",
}
EC2_PARTS = (
    ("NatGatewayId", "natgateway"),
    ("LaunchTemplateId", "launch-template"),
    ("VpcEndpointId.1", "vpc-endpoint"),
)


@replace("extract_resource_arn", iam_actions, was="82f51700")
def resource_of(original, service, method, path, headers, body, query_params, region, account_id):
    if service == "ecs":
        request = json.loads(body or b"{}")
        action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        if action == "RunTask":
            definition = request.get("taskDefinition", "")
            return definition if definition.startswith("arn:") else arn("ecs", f"task-definition/{definition}")
        if action in ("DescribeTasks", "StopTask"):
            task = (request.get("tasks") or [request.get("task", "")])[0]
            cluster = request.get("cluster", "default").rsplit("/", 1)[-1]
            return task if task.startswith("arn:") else arn("ecs", f"task/{cluster}/{task}")
        if action == "ListTasks":
            return "*"
    if service == "eks":
        part = re.match("/clusters/([^/]+)/([^/]+)/(.+)", path)
        if part and part[2] in EKS_PARTS:
            return arn("eks", f"{EKS_PARTS[part[2]]}/{part[1]}/{part[3]}")
    if service == "ec2":
        for parameter, kind in EC2_PARTS:
            if query_params.get(parameter):
                return arn("ec2", f"{kind}/{query_params[parameter][0]}")
    if service == "logs" and headers.get("x-amz-target", "").endswith(".GetLogEvents"):
        request = json.loads(body or b"{}")
        return arn("logs", f"log-group:{request.get('logGroupName')}:log-stream:{request.get('logStreamName')}")
    if service == "ses" and query_params.get("Source"):
        return arn("ses", f"identity/{query_params['Source'][0]}")
    return original(service, method, path, headers, body, query_params, region, account_id)


@replace("request_tag_context", iam_actions, was="d46adb81")
def context_of(original, service, iam_action, body, params):
    context = original(service, iam_action, body, params)
    if service == "ecs":
        cluster = json.loads(body or b"{}").get("cluster", "default")
        context["ecs:cluster"] = cluster if cluster.startswith("arn:") else arn("ecs", f"cluster/{cluster}")
    if service == "ses" and params.get("Source"):
        context["ses:FromAddress"] = params["Source"][0]
    return context


@replace("resource_tags", tagging, was="5d98719f")
def tags_of(original, resource_arn):
    if resource_arn == "*":
        return {}
    _, _, service, _, _, resource = resource_arn.split(":", 5)
    if service == "ec2":
        tags = ec2._tags.get(resource.rsplit("/", 1)[-1]) or []
    elif service == "eks":
        # The ARNs of all but clusters end with an id that requests do not have.
        stored = next((one for one in eks._tags if one == resource_arn or one.startswith(f"{resource_arn}/")), None)
        return dict(eks._tags[stored]) if stored else {}
    elif service == "elasticloadbalancing":
        tags = alb._tags.get(resource_arn) or []
    elif service == "cloudformation":
        stack = _stacks.get(resource.split("/")[1]) or {}
        tags = stack.get("Tags") or []
    else:
        return original(resource_arn)
    return {tag["Key"]: tag["Value"] for tag in tags}


# --- variables ---


@replace("_conditions_met", iam_evaluator, was="15b4c24a")
def conditions_met(original, conditions, context):
    """Puts in the place of a variable what the request says; without that, nothing meets the condition."""
    missing = []

    def put(text):
        def value(found):
            said = iam_evaluator._resolve_condition_key(found[1], context)
            if not isinstance(said, str):
                missing.append(found[1])
            return str(said)

        return re.sub(r"\$\{([a-z0-9]+:[^}]+)\}", value, text) if isinstance(text, str) else text

    put_in = {
        operator: {
            key: [put(one) for one in wanted] if isinstance(wanted, list) else put(wanted)
            for key, wanted in keys.items()
        }
        for operator, keys in (conditions or {}).items()
    }
    return not missing and original(put_in, context)


# --- asking again ---


def may(principal, action, resource, **conditions):
    """Whether a user's or role's own policies allow something."""
    kind, name = re.match("arn:aws:(?:iam|sts)::[0-9]+:(root|user|assumed-role)(?:/([^/]+))?", principal).groups()
    if kind == "root":
        return True
    gather = iam_evaluator._gather_user_policies if kind == "user" else iam_evaluator._gather_role_policies
    tags = tags_of(resource) or {}
    context = iam_evaluator.EvalContext(
        principal_arn=principal, principal_type="User" if kind == "user" else "AssumedRole",
        principal_account=get_account_id(), action=action, resource_arn=resource, region=get_region(),
        service_context={
            **{f"aws:resourcetag/{key}".lower(): value for key, value in tags.items()},
            **{key.replace("_", ":", 1).lower(): value for key, value in conditions.items()},
        },
    )
    return iam_evaluator.evaluate(context, gather(name, get_account_id())).decision == "Allow"


def denial(principal, *wants):
    """The first of several things, each an action, a resource and conditions, that a principal may not
    do, in AWS's words; None if all are allowed."""
    for action, resource, conditions in wants:
        if not may(principal, action, resource, **conditions):
            return (
                f"User: {principal} is not authorized to perform: {action} on resource: {resource} because no"
                " identity-based policy allows the action"
            )
    return None


# --- running a task ---

run_task = ecs._ACTION_MAP["RunTask"]


def run_task_allowed(data):
    definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", ""))) or {}
    wants = [
        ("iam:PassRole", definition[role], {"iam_PassedToService": "ecs-tasks.amazonaws.com"})
        for role in ("taskRoleArn", "executionRoleArn")
        if definition.get(role)
    ]
    if data.get("tags"):
        cluster = data.get("cluster", "default").rsplit("/", 1)[-1]
        wants.append(("ecs:TagResource", arn("ecs", f"task/{cluster}/*"), {"ecs_CreateAction": "RunTask"}))
    problem = denial(iam_evaluator.caller_arn(), *wants)
    return error_response_json("AccessDeniedException", problem, 400) if problem else run_task(data)


ecs._ACTION_MAP["RunTask"] = run_task_allowed


def trusts(role_arn, service, source):
    """Whether a role lets a service assume it, on behalf of a resource of this account."""
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None:
        return False
    context = iam_evaluator.EvalContext(
        principal_arn="", principal_type="Service", principal_account=get_account_id(),
        action="sts:AssumeRole", resource_arn=role_arn, region=get_region(),
        service_context={"aws:sourceaccount": get_account_id(), "aws:sourcearn": source},
    )
    return iam_evaluator.evaluate_resource_policy(
        role["AssumeRolePolicyDocument"], context, service=service
    ).decision == "Allow"


# --- roles for pods ---


@replace("_create_addon", eks, was="7b6485ad")
def create_addon(original, cluster_name, body):
    """An add-on's roles are associated with its service accounts with the permissions of who asked."""
    wanted = body.get("podIdentityAssociations", [])
    for one in wanted:
        problem = denial(
            iam_evaluator.caller_arn(),
            ("eks:CreatePodIdentityAssociation", arn("eks", f"cluster/{cluster_name}"), {}),
            ("iam:PassRole", one["roleArn"], {"iam_PassedToService": "pods.eks.amazonaws.com"}),
        )
        if problem:
            return error_response_json("AccessDeniedException", problem, 403)
    answer = original(cluster_name, body)
    if answer[0] != 200:
        return answer
    addon = eks._addons[f"{cluster_name}/{body['addonName']}"]
    addon["podIdentityAssociations"] = [
        json.loads(made[2])["association"]["associationArn"]
        for made in (
            eks._create_pod_identity_association(cluster_name, {**one, "namespace": "kube-system"}) for one in wanted
        )
    ]
    return eks._json_resp(200, {"addon": addon})


def pod_may(cluster, namespace, account, action, resource):
    """Whether a pod may do something with the role that EKS gives its service account, whose session EKS
    tags with the cluster's name."""
    for one in eks._pod_identity_associations.values():
        if (one["clusterName"], one["namespace"], one["serviceAccount"]) == (cluster, namespace, account):
            role = one["roleArn"].rsplit("/", 1)[-1]
            session = f"arn:aws:sts::{get_account_id()}:assumed-role/{role}/eks-{cluster}"
            return may(session, action, resource, **{"aws_principaltag/eks-cluster-name": cluster})
    return False


# --- stacks ---

# What each type of resource takes to make and to remove, and what kind of resource that is.
EC2_TYPES = {
    "AWS::EC2::VPC": ("CreateVpc", "DeleteVpc", "vpc"),
    "AWS::EC2::Subnet": ("CreateSubnet", "DeleteSubnet", "subnet"),
    "AWS::EC2::InternetGateway": ("CreateInternetGateway", "DeleteInternetGateway", "internet-gateway"),
    "AWS::EC2::RouteTable": ("CreateRouteTable", "DeleteRouteTable", "route-table"),
    "AWS::EC2::SecurityGroup": ("CreateSecurityGroup", "DeleteSecurityGroup", "security-group"),
    "AWS::EC2::LaunchTemplate": ("CreateLaunchTemplate", "DeleteLaunchTemplate", "launch-template"),
}


def launch(props):
    """What EKS sees whether who makes a node group may: launch its nodes, from the image that is Amazon's."""
    region = {"ec2_Region": get_region()}
    return [
        ("ec2:RunInstances", f"arn:aws:ec2:{get_region()}::image/ami-00000000", {**region, "ec2_Owner": "amazon"}),
        *[("ec2:RunInstances", arn("ec2", f"subnet/{one}"), region) for one in props["Subnets"]],
        *[
            ("ec2:RunInstances", arn("ec2", f"{kind}/*"), region)
            for kind in ("instance", "launch-template", "network-interface", "security-group", "volume")
        ],
    ]


def in_stacks(resource_type, props, physical_id):
    """What it takes to create a resource, or to delete the one of an id, in a stack."""
    by_stack = {"aws_CalledVia": ["cloudformation.amazonaws.com"]}
    if resource_type in EC2_TYPES:
        create, delete, kind = EC2_TYPES[resource_type]
        return [(f"ec2:{delete if physical_id else create}", arn("ec2", f"{kind}/{physical_id or '*'}"), by_stack)]
    if resource_type == "AWS::EC2::VPCGatewayAttachment":
        action = "DetachInternetGateway" if physical_id else "AttachInternetGateway"
        return [
            (f"ec2:{action}", arn("ec2", f"{kind}/{id}"), by_stack)
            for kind, id in (("internet-gateway", props["InternetGatewayId"]), ("vpc", props["VpcId"]))
        ]
    if resource_type == "AWS::EC2::Route":
        action = "DeleteRoute" if physical_id else "CreateRoute"
        return [(f"ec2:{action}", arn("ec2", f"route-table/{props['RouteTableId']}"), by_stack)]
    if resource_type == "AWS::EC2::SubnetRouteTableAssociation":
        action = "DisassociateRouteTable" if physical_id else "AssociateRouteTable"
        return [(f"ec2:{action}", arn("ec2", f"route-table/{props['RouteTableId']}"), by_stack)]
    if resource_type == "AWS::EC2::SecurityGroupIngress":
        action = "RevokeSecurityGroupIngress" if physical_id else "AuthorizeSecurityGroupIngress"
        return [(f"ec2:{action}", arn("ec2", f"security-group/{props['GroupId']}"), by_stack)]
    if resource_type == "AWS::EKS::Cluster":
        cluster = arn("eks", f"cluster/{physical_id or props['Name']}")
        to_eks = {"iam_PassedToService": "eks.amazonaws.com"}
        return (
            [("eks:DeleteCluster", cluster, by_stack)]
            if physical_id
            else [("eks:CreateCluster", cluster, by_stack), ("iam:PassRole", props["RoleArn"], to_eks)]
        )
    if resource_type == "AWS::EKS::Nodegroup":
        to_ec2 = {"iam_PassedToService": "ec2.amazonaws.com"}
        return (
            [("eks:DeleteNodegroup", arn("eks", f"nodegroup/{props['ClusterName']}/{physical_id}"), by_stack)]
            if physical_id
            else [
                ("eks:CreateNodegroup", arn("eks", f"cluster/{props['ClusterName']}"), by_stack),
                *launch(props),
                ("iam:PassRole", props["NodeRole"], to_ec2),
            ]
        )
    if resource_type == "AWS::EKS::AccessEntry":
        name, principal = props["ClusterName"], props["PrincipalArn"]
        entry = eks._access_entries.get(eks._ae_key(name, principal))
        if not physical_id:
            # The entry has its tags when its policies are associated.
            tags = {f"aws_ResourceTag/{tag['Key']}": tag["Value"] for tag in props.get("Tags", [])}
            return [
                ("eks:CreateAccessEntry", arn("eks", f"cluster/{name}"), by_stack),
                ("eks:AssociateAccessPolicy", arn("eks", f"access-entry/{name}/new"), {**by_stack, **tags}),
            ]
        return [("eks:DeleteAccessEntry", entry["accessEntryArn"], by_stack)] if entry else []
    return []


def check(resource_type, props, physical_id=None):
    problem = denial(iam_evaluator.caller_arn(), *in_stacks(resource_type, props, physical_id))
    if problem:
        raise ValueError(problem)


@replace("_provision_resource", provisioners, stacks, was="3b8f01fb")
def provision(original, resource_type, logical_id, props, stack_name):
    check(resource_type, props)
    return original(resource_type, logical_id, props, stack_name)


@replace("_delete_resource", provisioners, stacks, was="9e9ba54f")
def delete(original, resource_type, physical_id, props, *more, **named):
    check(resource_type, props, physical_id)
    return original(resource_type, physical_id, props, *more, **named)


lean_on(eks, _create_pod_identity_association="41886ff7")
lean_on(
    iam_evaluator,
    _resolve_condition_key="15e26964",
    _gather_role_policies="d83d1661",
    _gather_user_policies="caba65a1",
    caller_arn="8dc478d3",
    evaluate="2a5dd693",
    evaluate_resource_policy="e49ce716",
)
