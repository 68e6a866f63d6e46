"""An AWS account on one machine, without Docker: the emulator, with what this project needs and it
lacks, each in a file of its own beside this one.

    python account.py FOLDER

It keeps everything below FOLDER. Once it is up it says in a line of JSON what to have in one's
environment to be a user of it, and where the aws CLI is, kept warm. Then it does what it is told on
its standard input, a JSON object a line, and answers each with a line: {"do": "inventory", "with": []}
for instance; what there is stands under commands. It ends with its input. Functions run on JAVA_HOME.

Signatures are checked, and so are the policies of users, functions and tasks.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
REGION, ACCOUNT = "us-east-2", "123456789012"

folder = Path(sys.argv[1]).resolve()
listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
address = f"http://127.0.0.1:{port}"

# The emulator reads these when it is imported, and gives them to the functions, so there is nothing
# else: nobody's credentials, above all.
kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
(folder / "tmp").mkdir(parents=True)
os.environ.clear()
os.environ.update(
    kept,
    HOME=str(folder / "home"),
    LANG="C.UTF-8",
    TMPDIR=str(folder / "tmp"),
    GATEWAY_PORT=str(port),
    MINISTACK_ACCOUNT_ID=ACCOUNT,
    MINISTACK_REGION=REGION,
    AUTH="true",
    AWS_ACCESS_KEY_ID="root",
    AWS_SECRET_ACCESS_KEY=os.urandom(16).hex(),
    AWS_ENDPOINT_URL=address,
    IOT_MTLS_ENABLED="0",
    SFTP_ENABLED="0",
    LOG_LEVEL="INFO",
)
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "emulator")]

import boto3  # noqa: E402
from ministack import app  # noqa: E402
from ministack.core import lambda_runtime  # noqa: E402

import clusters  # noqa: E402
import functions  # noqa: E402, F401
import gateway  # noqa: E402, F401
import mail  # noqa: E402
import permissions  # noqa: E402
import tasks  # noqa: E402

emulator_app = app.app
cli = folder / "cli.socket"


class Account:
    """Clients with all the rights there are."""

    def __init__(self):
        self.clients = {}

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service, endpoint_url=address, region_name=REGION,
                aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
            )
        return self.clients[service]


account = Account()


# --- over HTTP, beside the emulator's own ---


async def serve(scope, receive, send):
    if scope["type"] == "lifespan":
        await emulator_app(scope, receive, lambda message: started(send, message))
    elif scope["type"] == "http" and scope["path"].startswith("/_account/tasks/"):
        found = tasks.answer(scope["path"].removeprefix("/_account/tasks/"))
        await app._send_response(
            send, 404 if found is None else 200, {"Content-Type": "application/json"}, json.dumps(found or {})
        )
    else:
        await emulator_app(scope, receive, send)


async def started(send, message):
    await send(message)
    if message["type"] == "lifespan.startup.complete":
        threading.Thread(target=obey, daemon=True).start()


# --- what it is told ---


def install():
    """A user who may do everything, as who installs has it."""
    iam = account.client("iam")
    iam.create_user(UserName="alice")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="alice", PolicyName="everything", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    return {
        "environment": {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        },
        "path": str(folder / "cli"),
    }


commands = {
    "inventory": lambda: clusters.inventory(account),
    "left_over": lambda kind, name: clusters.left_over(account, kind, name),
    "withhold": tasks.withheld.add,
    "release": tasks.withheld.discard,
    "no_offer": lambda type, zone: clusters.not_offered.add((type, zone)),
    "offer": lambda type, zone: clusters.not_offered.discard((type, zone)),
    "pod_may": permissions.pod_may,
    "click": mail.click,
    "mails": mail.mails,
}


def obey():
    try:
        while not cli.exists() and cli_process.poll() is None:
            time.sleep(0.05)
        print(json.dumps(install()), flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"is": commands[request["do"]](*request.get("with", []))}
            except Exception as why:
                answer = {"error": repr(why)}
            print(json.dumps(answer), flush=True)
    finally:
        end()


def end():
    tasks.stop_all()
    lambda_runtime.reset()
    os._exit(0)


# --- what containers consist of ---

TOOLS = (
    "bash", "cat", "chmod", "cp", "cut", "date", "dirname", "env", "grep", "head", "jq", "mktemp", "mv", "rm",
    "sed", "sha256sum", "sleep", "sort", "tail", "timeout", "tr",
)


def aws_cli(words):
    """The image of the aws CLI: the real one, and what the scripts may call beside it."""
    program = folder / "image" / (words[0].rsplit("/", 1)[-1] if words else "aws")
    return [str(program), *words[1:]], str(folder / "image")


def eksctl(words):
    """The image of eksctl, which has no shell."""
    if words and words[0].rsplit("/", 1)[-1] == "eksctl":
        words = words[1:]
    return [sys.executable, str(HERE / "eksctl.py"), *words], "/nowhere"


def warm_up_cli():
    """Puts the real aws CLI, kept warm, into a folder of its own, for everybody."""
    python = ROOT / ".task-emulator" / "bin" / "python"
    source = HERE.parent / "task"
    # It ends with its standard input, which is a pipe that this process holds.
    serve_cli = "import sys; sys.path.insert(0, sys.argv[1]); import aws; aws.serve(sys.argv[2], 0)"
    process = subprocess.Popen([python, "-B", "-c", serve_cli, source, cli], stdin=subprocess.PIPE)
    program = folder / "cli" / "aws"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec '{python}' -BISs '{source}/aws.py' '{cli}' \"$@\"\n")
    program.chmod(0o755)
    return process


def fill_images():
    image = folder / "image"
    image.mkdir()
    # Tasks keep nothing of their environment that tells the CLI where to go.
    aws = image / "aws"
    aws.write_text(f"#!/bin/sh\nAWS_ENDPOINT_URL='{address}' exec '{folder}/cli/aws' \"$@\"\n")
    aws.chmod(0o755)
    for tool in TOOLS:
        found = next(
            path for path in (Path(one) / tool for one in os.environ["PATH"].split(":")) if os.access(path, os.X_OK)
        )
        (image / tool).symlink_to(found)
    tasks.images.update({"aws-cli": aws_cli, "eksctl": eksctl})


def main():
    import asyncio

    from hypercorn.asyncio import serve as hypercorn
    from hypercorn.config import Config

    fill_images()
    tasks.folder = folder / "tasks"
    tasks.address = address
    tasks.environment = {"EKSPHEMERAL_PAUSE": "1", "EKSPHEMERAL_PATIENCE": "6"}
    config = Config()
    config.bind = [f"fd://{listening.fileno()}"]
    config.keep_alive_timeout = 75
    try:
        asyncio.run(hypercorn(serve, config))
    finally:
        end()


cli_process = warm_up_cli()
main()
