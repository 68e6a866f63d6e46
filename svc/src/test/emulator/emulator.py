"""The emulator as the tests run it: ministack, and what of ECS's documented behaviour it lacks.

Its port is GATEWAY_PORT, its address BIND_HOST. It ends when its standard input does, so that it
never outlives who started it.

Added to ECS, from its API reference:
- RunTask with a client token that was used before gives the task that it started then, and with
  other parameters a ConflictException that names that task;
- RunTask refuses a token over 64 characters, and overrides over 8192;
- ListTasks refuses startedBy together with any other filter.
"""

import json
import os
import sys
import threading

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

run_task = ecs._ACTION_MAP["RunTask"]
list_tasks = ecs._ACTION_MAP["ListTasks"]

by_token = {}
one_at_a_time = threading.Lock()


def refuse(message):
    return error_response_json("InvalidParameterException", message, 400)


def run_task_once(data):
    token = data.get("clientToken")
    if token is not None and not 1 <= len(token) <= 64:
        return refuse("clientToken must have at most 64 characters")
    if len(json.dumps(data.get("overrides", {}), separators=(",", ":"))) > 8192:
        return refuse("Container Overrides length must be at most 8192")
    if token is None:
        return run_task(data)
    parameters = json.dumps(data, sort_keys=True)
    with one_at_a_time:
        if token not in by_token:
            answer = run_task(data)
            tasks = json.loads(answer[2]).get("tasks") or []
            if tasks:
                by_token[token] = (parameters, tasks[0]["taskArn"])
            return answer
        before, arn = by_token[token]
    if parameters != before:
        return error_response_json(
            "ConflictException",
            "The request could not be processed because of conflict in the current state of the resource.",
            400,
            {"resourceIds": [arn]},
        )
    found = json.loads(
        ecs._ACTION_MAP["DescribeTasks"]({"cluster": data.get("cluster", "default"), "tasks": [arn]})[2]
    )
    return json_response({"tasks": found["tasks"], "failures": []})


def list_tasks_by_one_filter(data):
    others = {"family", "serviceName", "desiredStatus", "launchType", "containerInstance"}
    if data.get("startedBy") and others & data.keys():
        return refuse("startedBy must be the only filter")
    return list_tasks(data)


ecs._ACTION_MAP["RunTask"] = run_task_once
ecs._ACTION_MAP["ListTasks"] = list_tasks_by_one_filter


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_input, daemon=True).start()

    from ministack.app import main  # it reads its settings when it is imported

    main()
