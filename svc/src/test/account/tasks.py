"""ECS with Fargate: the containers of a task are processes here.

As ECS documents it: containers wait for those that they depend on; one whose dependency failed is
not started, and ends with exit code 143; when an essential container ends, or StopTask stops the
task, the others get a SIGTERM and then a SIGKILL; a task with an image that cannot be pulled stops
without exit codes. Each container is told where to ask for the task's metadata, and for the
credentials of its role, and nothing else of either. What it prints goes to its log stream. Changes
of a task's state are events on the default bus. Stacks register whole task definitions.

An image is a folder of programs. What a container has as a volume is a folder of the task's, and
its path is replaced in the command; the programs in svc/task are told by EKSPHEMERAL_SHARED.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ministack.core import iam_evaluator
from ministack.core.responses import request_scope
from ministack.services import ecs, eventbridge, sts
from ministack.services.cloudformation import provisioners

import emulator  # noqa: F401  what all of our tests lack of ECS: client tokens, above all
from patches import lean_on, replace, replace_in_stacks
from permissions import trusts

SECONDS_TO_STOP = 5
NOT_STARTED = 143

images = {}  # what a repository's name ends with -> a function from a command to one on this machine
withheld = set()  # of these, what cannot be pulled
environment = {}  # what all containers are told beside what their definition says
folder = Path()  # where the tasks' folders are made
address = ""

running = {}  # ARN -> Running
by_token = {}  # token of metadata and credentials -> Running


def image(name):
    repository = name.split("@")[0].rsplit("/", 1)[-1].split(":")[0]
    return None if repository in withheld else images.get(repository)


class Container:
    def __init__(self, definition, overrides, record):
        self.definition, self.record = definition, record
        self.name = definition["name"]
        self.essential = definition.get("essential", True)
        self.command = overrides.get("command") or definition.get("command", [])
        both = definition.get("environment", []) + overrides.get("environment", [])
        self.told = {one["name"]: one["value"] for one in both}
        self.process = None
        self.code = None

    def started(self):
        return self.process is not None

    def ended(self):
        return self.code is not None


class Running:
    def __init__(self, record, definition, overrides, account, region):
        self.record, self.definition = record, definition
        self.account, self.region = account, region
        self.arn = record["taskArn"]
        self.id = self.arn.rsplit("/", 1)[-1]
        self.token = secrets.token_urlsafe(16)
        self.folder = folder / self.id
        self.changed = threading.Condition()
        self.stopping = None  # (code, reason)
        by_name = {one["name"]: one for one in overrides}
        self.containers = [
            Container(one, by_name.get(one["name"], {}), shown)
            for one, shown in zip(definition["containerDefinitions"], record["containers"])
        ]
        running[self.arn] = by_token[self.token] = self

    # --- its life ---

    def run(self):
        with request_scope(self.account, self.region):
            try:
                for proceed in (ecs._mark_task_pending, ecs._mark_task_activating):
                    if not proceed(self.arn, self.record):
                        break
                problem = self.problem()
                if problem:
                    self.stop("TaskFailedToStart", problem)
                    for one in self.containers:
                        one.record["reason"] = problem
                else:
                    self.folder.mkdir(parents=True)
                    self.go_through()
            except Exception as why:
                self.stop("TaskFailedToStart", f"the emulator failed: {why!r}")
                raise
            finally:
                self.stop_containers()
                self.end()

    def problem(self):
        for one in self.containers:
            if image(one.definition["image"]) is None:
                return (
                    "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to"
                    f" resolve ref {one.definition['image']}: not found"
                )
        for role in (self.definition.get("taskRoleArn"), self.definition.get("executionRoleArn")):
            if role and not trusts(role, "ecs-tasks.amazonaws.com", self.record["clusterArn"]):
                return f"ECS was unable to assume the role '{role}' that was provided for this task."
        return None

    def go_through(self):
        with self.changed:
            while not self.stopping:
                for one in self.containers:
                    if not one.started() and not one.ended():
                        ready = self.may_start(one)
                        if ready is None:
                            one.code = NOT_STARTED
                            self.after(one)
                        elif ready:
                            self.start(one)
                if all(one.ended() for one in self.containers):
                    self.stop("EssentialContainerExited", "Essential container in task exited")
                if not self.stopping:
                    self.changed.wait(1)

    def may_start(self, container):
        """Whether it may; None if it never will."""
        others = {one.name: one for one in self.containers}
        for dependency in container.definition.get("dependsOn", []):
            other = others[dependency["containerName"]]
            if dependency["condition"] == "START":
                if not other.started() and not other.ended():
                    return False
            elif not other.ended():
                return False
            elif dependency["condition"] == "SUCCESS" and other.code != 0:
                return None
        return True

    def start(self, container):
        if self.record["lastStatus"] != "RUNNING":
            ecs._mark_task_running(self.arn, self.record)
            self.tell()
        root = self.folder / container.name
        for name in ("home", "tmp"):
            (root / name).mkdir(parents=True)
        shared = {}
        for mount in container.definition.get("mountPoints", []):
            volume = self.folder / "volumes" / mount["sourceVolume"]
            volume.mkdir(parents=True, exist_ok=True)
            shared[mount["containerPath"]] = str(volume)
        words = [*container.definition.get("entryPoint", []), *container.command]
        for path, volume in shared.items():
            words = [word.replace(path, volume) for word in words]
        command, path = image(container.definition["image"])(words)
        told = {
            "HOME": str(root / "home"), "TMPDIR": str(root / "tmp"), "PATH": path, "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": address,
            "ECS_CONTAINER_METADATA_URI_V4": f"{address}/_account/tasks/{self.token}",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{address}/_account/tasks/{self.token}/credentials",
            **({"EKSPHEMERAL_SHARED": next(iter(shared.values()))} if shared else {}),
            **environment, **container.told,
        }
        container.process = subprocess.Popen(
            command, cwd=root / "tmp", env=told, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )
        container.record["lastStatus"] = "RUNNING"
        threading.Thread(target=self.follow, args=(container,), daemon=True).start()

    def follow(self, container):
        with request_scope(self.account, self.region):
            stream = ecs._awslogs_config(container.definition, self.id, container.record["runtimeId"])
            written = stream is not None and ecs._ensure_awslogs_stream(stream)
            for line in container.process.stdout:
                if written:
                    ecs._emit_awslogs_event(stream, line.decode(errors="replace").rstrip("\n"))
            code = container.process.wait()
            with self.changed:
                container.code = code if code >= 0 else 128 - code
                self.after(container)
                self.changed.notify_all()

    def after(self, container):
        container.record.update(lastStatus="STOPPED", exitCode=container.code)
        if container.essential:
            self.stop("EssentialContainerExited", "Essential container in task exited")

    def stop(self, code, reason):
        with self.changed:
            self.stopping = self.stopping or (code, reason)
            self.record["desiredStatus"] = "STOPPED"
            self.record["stoppingAt"] = self.record.get("stoppingAt") or ecs._iso()
            self.changed.notify_all()

    def signal(self, number):
        for one in self.containers:
            if one.started() and not one.ended():
                try:
                    os.killpg(one.process.pid, number)
                except ProcessLookupError:
                    pass

    def stop_containers(self):
        self.signal(signal.SIGTERM)
        until = time.monotonic() + SECONDS_TO_STOP
        with self.changed:
            while any(one.started() and not one.ended() for one in self.containers):
                if time.monotonic() > until:
                    self.signal(signal.SIGKILL)
                self.changed.wait(0.1)

    def end(self):
        code, reason = self.stopping
        for one in self.containers:
            one.record["lastStatus"] = "STOPPED"
        now = ecs._iso()
        self.record.update(
            lastStatus="STOPPED", stopCode=code, stoppedReason=reason, stoppedAt=now,
            executionStoppedAt=now, version=self.record["version"] + 1,
        )
        ecs._recount_cluster(ecs._cluster_name_from_arn(self.record["clusterArn"]))
        del by_token[self.token], running[self.arn]
        sts._sessions.pop(self.access_key(), None)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.tell()

    # --- what is said of it, and to it ---

    def tell(self):
        detail = ecs._sanitize(self.record)
        eventbridge._put_events({"Entries": [{
            "Source": "aws.ecs", "DetailType": "ECS Task State Change", "Detail": json.dumps(detail),
            "Resources": [self.arn],
        }]}, allow_aws_source=True)

    def metadata(self):
        def shown(one):
            said = {"Name": one.name, "Image": one.definition["image"], "KnownStatus": one.record["lastStatus"]}
            if one.ended():
                said["ExitCode"] = one.code
            stream = ecs._awslogs_config(one.definition, self.id, one.record["runtimeId"])
            if stream:
                said["LogDriver"] = "awslogs"
                said["LogOptions"] = {
                    "awslogs-group": stream["group"], "awslogs-region": self.region,
                    "awslogs-stream": stream["stream"],
                }
            return said

        return {
            "Cluster": self.record["clusterArn"], "TaskARN": self.arn, "LaunchType": "FARGATE",
            "Family": self.definition["family"], "Revision": str(self.definition["revision"]),
            "DesiredStatus": self.record["desiredStatus"], "KnownStatus": self.record["lastStatus"],
            "Containers": [shown(one) for one in self.containers],
        }

    def access_key(self):
        return f"ASIA{self.id.replace('-', '')[:16].upper()}"

    def credentials(self):
        role = self.definition["taskRoleArn"]
        ends = datetime.now(timezone.utc) + timedelta(hours=6)
        secret, token = (f"{what}-{self.token}" for what in ("secret", "token"))
        sts.register_session(self.access_key(), {
            "Arn": f"arn:aws:sts::{self.account}:assumed-role/{role.rsplit('/', 1)[-1]}/{self.id}",
            "UserId": f"{role.rsplit('/', 1)[-1]}:{self.id}",
            "SecretAccessKey": secret, "SessionToken": token, "Expiration": ends.timestamp(),
        })
        return {
            "RoleArn": role, "AccessKeyId": self.access_key(), "SecretAccessKey": secret, "Token": token,
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def answer(path):
    """What a container asks for below /_account/tasks/; None if it is not there."""
    token, _, what = path.partition("/")
    task = by_token.get(token)
    if task is None or what not in ("", "task", "credentials"):
        return None
    return task.credentials() if what == "credentials" else task.metadata()


def stop_all():
    for one in list(running.values()):
        one.signal(signal.SIGKILL)


# --- in the place of Docker ---


@replace_in_stacks("AWS::ECS::TaskDefinition", "create", was="a5b3d83f")
def create_definition(original, logical_id, props, stack_name):
    definition = {"family": f"{stack_name}-{logical_id}", **provisioners._pascal_to_camel(props)}
    definition.update({size: str(definition[size]) for size in ("cpu", "memory") if size in definition})
    status, _, body = ecs._register_task_definition(definition)
    if status != 200:
        raise ValueError(json.loads(body)["message"])
    arn = json.loads(body)["taskDefinition"]["taskDefinitionArn"]
    return arn, {"TaskDefinitionArn": arn}


@replace("_get_docker", ecs, was="a161d31a")
def docker(original):
    return "there is none"


@replace("_run_task_worker", ecs, was="54033632")
def run_task(original, task, definition, overrides, _, account, region):
    Running(task, definition, overrides, account, region).run()


@replace("_stop_task", ecs, was="06eb8308")
def stop_task(original, data):
    task = ecs._resolve_task(data.get("task", ""), ecs._resolve_cluster_name(data.get("cluster", "default")))
    if task is None or task["taskArn"] not in running:
        return original(data)
    running[task["taskArn"]].stop("UserInitiated", data.get("reason", "Task stopped by user"))
    return ecs.json_response({"task": ecs._sanitize(task)})


ecs._ACTION_MAP["StopTask"] = stop_task

lean_on(
    ecs,
    _awslogs_config="365e0784",
    _emit_awslogs_event="4233d1ea",
    _ensure_awslogs_stream="0fefac5c",
    _mark_task_activating="865905b7",
    _mark_task_pending="37729731",
    _mark_task_running="42c41b2d",
    _resolve_task="8656d47e",
    _run_task="6e96d8f5",
    _sanitize="f41cdce9",
)
lean_on(eventbridge, _put_events="ebcda0f3")
lean_on(iam_evaluator, resolve_credential="32276bd3")
lean_on(sts, register_session="a84ec986")
