"""Lambda and EventBridge, with what the emulator lacks without Docker:

- functions for Java run in a JVM under AWS's own runtime interface client;
- publishing a version with SnapStart initializes it, hooks of org.crac included, and the stack waits
  for that; an initialization that fails, fails the stack;
- who invokes a function needs the permission for it: a rule, or an API, without one comes to nothing;
- events are retried as asynchronous invocations are, by the settings of the alias they went to, and
  what is given up goes where the function's role may send it;
- a function creates its log group only if its role may: what it logs after the group is deleted is lost;
- schedules run SPEED times as fast.
"""

import contextvars
import json
import threading
import time
from pathlib import Path

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import apigateway, cloudwatch_logs, eventbridge, lambda_svc
from ministack.services.cloudformation import provisioners, stacks

import permissions
from patches import lean_on, replace, replace_in_stacks

SPEED = 60
SECONDS_TO_INITIALIZE = 130  # as much as AWS gives a version with SnapStart at least
RUNTIME = Path(__file__).resolve().parents[3] / "target" / "lambda-runtime"  # where the build puts it

BOOTSTRAP = f"""#!/bin/sh
exec "$JAVA_HOME/bin/java" -XX:MaxRAM="$AWS_LAMBDA_FUNCTION_MEMORY_SIZE"m -XX:MaxRAMPercentage=85 \\
  -cp "$LAMBDA_TASK_ROOT:$LAMBDA_TASK_ROOT/lib/*:{RUNTIME}/*" \\
  com.amazonaws.services.lambda.runtime.api.client.AWSLambda "$_HANDLER"
"""


def is_java(config):
    return str(config.get("Runtime", "")).startswith("java")


def has_snapshot(config):
    return (config.get("SnapStart") or {}).get("OptimizationStatus") == "On"


# --- Java in place of a custom runtime ---


@replace("_provided_runtime_code_dir", lambda_svc, was="85d4402e")
def code_folder(original, code_zip):
    folder = Path(original(code_zip))
    bootstrap = folder / "bootstrap"
    if not bootstrap.exists():
        new = folder / f".bootstrap-{threading.get_ident()}"
        new.write_text(BOOTSTRAP)
        new.chmod(0o755)
        new.rename(bootstrap)
    return str(folder)


@replace("_worker_class_for", lambda_runtime, was="b5a23849")
def worker_class(original, config):
    return lambda_runtime.ProvidedWorker if is_java(config) else original(config)


@replace("_execute_function_docker", lambda_svc, was="65dec13d")
def execute(original, func, event, request_id):
    config = func.get("config") or func
    run = lambda_svc._execute_function_provided_warm if is_java(config) else original
    return run(func, event, request_id)


@replace("_provided_worker_env", lambda_svc, was="8cccaed6")
def environment(original, config, code_dir, port):
    variables = original(config, code_dir, port)
    variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start" if has_snapshot(config) else "on-demand"
    return variables


# --- SnapStart ---


@replace("_build_handler_class", lambda_runtime.ProvidedWorker, was="806d5b8e")
def runtime_api(original, self, generation, pending):
    class RuntimeApi(original(self, generation, pending)):
        def do_GET(self):
            if self.path.endswith("/runtime/restore/next"):  # the snapshot is taken and restored here
                self._respond(200)
            else:
                super().do_GET()

    return RuntimeApi


@replace("_snapstart_provision_version_async", lambda_svc, was="fd558899")
def initialize_version(original, name, version):
    config = version["config"]
    if not is_java(config):
        return original(name, version)

    def initialize():
        worker, _ = lambda_runtime.acquire_worker(
            config["FunctionName"], config, version["code_zip"], qualifier=config["Version"]
        )
        try:
            with worker._lock:
                worker._spawn(init_timeout=SECONDS_TO_INITIALIZE)
                worker._cold = False
            config.update(State="Active", StateReason="", StateReasonCode="", LastUpdateStatus="Successful")
        except Exception as why:
            config.update(State="Failed", StateReason=str(why), StateReasonCode="FunctionError")
        finally:
            lambda_runtime.release_worker(worker)

    threading.Thread(target=contextvars.copy_context().run, args=(initialize,), daemon=True).start()


@replace("_runs_on_worker_thread", stacks, was="23955511")
def may_block(original, resource_type):
    return resource_type == "AWS::Lambda::Version" or original(resource_type)


@replace_in_stacks("AWS::Lambda::Version", "create", was="ebc8be0e")
def create_version(original, logical_id, props, stack_name):
    arn, attributes = original(logical_id, props, stack_name)
    function, _, _, _ = provisioners._lambda_function_for_cfn_ref(props.get("FunctionName", ""))
    config = function["versions"][attributes["Version"]]["config"]
    while config.get("State") == "Pending":
        time.sleep(0.1)
    if config.get("State") == "Failed":
        raise ValueError(f"{config['FunctionName']} could not be initialized: {config['StateReason']}")
    return arn, attributes


# --- who may invoke ---


def may_invoke(service, source, function_arn):
    """Whether the function's policy lets a service invoke it on behalf of a resource."""
    found = lambda_svc.function_policy_for_arn(function_arn)
    if found is None:
        return False
    context = iam_evaluator.EvalContext(
        principal_arn="", principal_type="Service", principal_account=get_account_id(),
        action="lambda:InvokeFunction", resource_arn=function_arn, region=get_region(),
        service_context={"aws:sourcearn": source, "aws:sourceaccount": get_account_id()},
    )
    return iam_evaluator.evaluate_resource_policy(found[0], context, service=service).decision == "Allow"


@replace("_invoke_lambda_proxy", apigateway, was="fbe5024f")
async def invoke_for_api(original, integration, api_id, stage, path, method, *more, **named):
    function = apigateway._extract_lambda_ref_from_integration_uri(integration.get("integrationUri", ""))
    source = f"arn:aws:execute-api:{get_region()}:{get_account_id()}:{api_id}/{stage}/{method}{path}"
    if not may_invoke("apigateway.amazonaws.com", source, function):
        return 500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}'
    return await original(integration, api_id, stage, path, method, *more, **named)


rule_at_work = contextvars.ContextVar("rule_at_work", default="")


@replace("_invoke_target", eventbridge, was="550e304a")
def invoke_target(original, target, event, rule, view=None):
    rule_at_work.set(rule["Arn"])
    original(target, event, rule, view)


@replace("_dispatch_to_lambda", eventbridge, was="1f95adba")
def invoke_for_rule(original, arn, payload):
    if not may_invoke("events.amazonaws.com", rule_at_work.get(), arn):
        eventbridge.logger.warning("%s may not invoke %s", rule_at_work.get(), arn)
        return
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if function and config:
        record = lambda_svc._execution_record_for_config(function, config)
        record["event_invoke_config"] = lambda_svc._event_invoke_config(
            lambda_svc._functions[name], arn.rsplit(":", 1)[1]
        )
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


@replace("_route_async_failure", lambda_svc, was="c023331e")
def give_up(original, target_arn, func_name, event, result):
    session = session_of(lambda_svc._functions[func_name]["config"])
    problem = permissions.denial(session, ("sqs:SendMessage", target_arn, {}))
    if problem:
        lambda_svc.logger.warning("what %s failed at is lost: %s", func_name, problem)
    else:
        original(target_arn, func_name, event, result)


# --- what functions log ---


@replace("_emit_lambda_logs", lambda_svc, was="111efbf0")
def log(original, func, *more, **named):
    config = func.get("config") or func
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
    if group in cloudwatch_logs._log_groups or not permissions.denial(
        session_of(config), ("logs:CreateLogGroup", arn, {})
    ):
        original(func, *more, **named)


def session_of(config):
    role = config["Role"].rsplit("/", 1)[-1]
    return f"arn:aws:sts::{get_account_id()}:assumed-role/{role}/{config['FunctionName']}"


# --- schedules ---


@replace("_parse_rate_seconds", eventbridge, was="0184f31e")
def rate(original, expression):
    seconds = original(expression)
    return None if seconds is None else seconds / SPEED


eventbridge._SCHEDULER_TICK_INTERVAL = 1

lean_on(
    lambda_svc,
    _event_invoke_config="aeeb6207",
    _execute_function_provided_warm="7cddef20",
    _execution_record_for_config="632acaa4",
    _get_func_record_for_ref="492b4efe",
    function_policy_for_arn="25326cb5",
    invoke_async_with_retry="289fe4d3",
)
lean_on(lambda_runtime, acquire_worker="5017d144", release_worker="25d5dd7d")
lean_on(lambda_runtime.ProvidedWorker, _spawn="f34380f9", _await_init="9e315b5a")
lean_on(iam_evaluator, evaluate_resource_policy="e49ce716")
lean_on(eventbridge, _tick_scheduled_rules="11eebed4")
