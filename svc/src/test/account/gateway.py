"""API Gateway and CloudFormation's transform for SAM, with what the emulator lacks:

- an API's Body, which is what SAM makes of the events of functions, makes its routes;
- the transform sees the values of the template's parameters;
- requests count as having come by TLS, which loopback does without;
- what a stack says of an API's address is where it is here.
"""

import contextvars
import json
import os
import re

import samtranslator.translator.transform as sam
from ministack import app
from ministack.services import apigateway
from ministack.services.cloudformation import changesets, engine, handlers, stacks

from patches import lean_on, replace, replace_in_stacks

INTEGRATION = "x-amazon-apigateway-integration"


def made(answer):
    status, _, body = answer
    if status >= 300:
        raise ValueError(body.decode())
    return json.loads(body)


def import_routes(api_id, body):
    """Makes an API's routes what an OpenAPI document says, integrations included."""
    apigateway._routes[api_id] = {}
    apigateway._integrations[api_id] = {}
    for path, methods in body.get("paths", {}).items():
        for method, operation in methods.items():
            if INTEGRATION not in operation:
                continue
            described = operation[INTEGRATION]
            function = re.search(r"functions/(arn:.+)/invocations$", described["uri"])
            integration = made(apigateway._create_integration(api_id, {
                "integrationType": described["type"].upper(),
                "integrationUri": function[1] if function else described["uri"],
                "integrationMethod": described.get("httpMethod", "POST"),
                "payloadFormatVersion": described["payloadFormatVersion"],
                "timeoutInMillis": described.get("timeoutInMillis", 30000),
            }))
            signed = any("AWS_IAM" in scheme for scheme in operation.get("security", []))
            made(apigateway._create_route(api_id, {
                "routeKey": f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}",
                "target": f"integrations/{integration['integrationId']}",
                "authorizationType": "AWS_IAM" if signed else "NONE",
            }))


@replace_in_stacks("AWS::ApiGatewayV2::Api", "create", was="0002e18b")
def create_api(original, logical_id, props, stack_name):
    body = props.get("Body") or {}
    name = props.get("Name") or body.get("info", {}).get("title")
    api_id, attributes = original(logical_id, {**props, "Name": name}, stack_name)
    import_routes(api_id, body)
    return api_id, attributes


@replace_in_stacks("AWS::ApiGatewayV2::Api", "update", was="d12d60c1")
def update_api(original, physical_id, old_props, new_props, stack_name, logical_id=None):
    api_id, attributes = original(physical_id, old_props, new_props, stack_name, logical_id)
    import_routes(api_id, new_props.get("Body") or {})
    return api_id, attributes


# --- SAM ---

parameters_at_work = contextvars.ContextVar("parameters_at_work", default={})


@replace("_apply_transforms", engine, changesets, handlers, was="d3f0e05e")
def apply_transforms(original, template, provided_params=None, previous_params=None):
    parameters_at_work.set(engine._transform_parameters(template, provided_params, previous_params))
    return original(template, provided_params, previous_params)


@replace("transform", sam, was="cd53e6d9")
def transform(original, template, parameter_values, policy_loader):
    return original(template, {**parameters_at_work.get(), **parameter_values}, policy_loader)


# --- TLS ---


@replace("pin_request_origin", app, was="de819c1b")
def pin_request_origin(original, source_ip, secure_transport):
    original(source_ip, True)


# --- addresses ---


@replace("_resolve_stack_outputs", stacks, was="353ef690")
def outputs(original, *arguments, **named):
    found, exports = original(*arguments, **named)
    for one in found:
        one["OutputValue"] = re.sub(
            r"https://(\w+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com",
            rf"http://\1.execute-api.localhost:{os.environ['GATEWAY_PORT']}",
            one["OutputValue"],
        )
    return found, exports


lean_on(apigateway, _create_integration="970005e3", _create_route="9fffc0fe")
lean_on(engine, _transform_parameters="71639a08")
