"""The real aws CLI, kept warm.

A call of the CLI spends half a second on getting up, a task makes a hundred calls, and the tests
run dozens of tasks. So one process loads the CLI once, and a copy of it does each call, with the
caller's arguments, environment and files. What is called as `aws` only hands these over:

    python -ISs aws.py SOCKET ARGUMENT …

It says what went wrong as version 2 of the CLI does, in the format that AWS_CLI_ERROR_FORMAT names,
and asks people where AWS_CLI_AUTO_PROMPT has it ask, which in a task nobody answers.

Each call is noted in the file EKSPHEMERAL_CALLS, and each that changed something, when it has, in
EKSPHEMERAL_CHANGES. EKSPHEMERAL_DIE_AFTER=N has the N-th change kill its caller, and all that it
started. EKSPHEMERAL_CLI_LACKS is a command that this CLI does not have, as an older one.
"""

import os
import signal
import socket
import sys


def version_2(said):
    """What version 2 would have written to stderr where version 1 wrote this."""
    import json
    import re

    error = re.search(r"An error occurred \(([^)]*)\) when calling the [^:]*: (.*)", said, re.DOTALL)
    form = os.environ.get("AWS_CLI_ERROR_FORMAT", "enhanced")
    if not error or form in ("legacy", "enhanced"):
        more = "\n\nAdditional error details:\nType: Sender\n" if form == "enhanced" else ""
        return re.sub(r"^(\n*)(?=[^\n])(?!usage:)", r"\1aws: [ERROR]: ", said) + more if said.strip() else said
    code, message = error.group(1), error.group(2).strip()
    if form == "json":
        return json.dumps({"Code": code, "Message": message}) + "\n"
    return f"{code}\t{message}\n"


def call(path, arguments):
    import json

    if os.environ.get("AWS_CLI_AUTO_PROMPT", "off") != "off":
        print("aws: [ERROR]: there is no terminal to prompt in", file=sys.stderr)
        return 255
    if "EKSPHEMERAL_CALLS" in os.environ:
        with open(os.environ["EKSPHEMERAL_CALLS"], "a") as calls:
            calls.write(" ".join(arguments[:2]) + "\n")
    lacking = os.environ.get("EKSPHEMERAL_CLI_LACKS")
    arguments = [f"{one}-" if one == lacking else one for one in arguments]
    request = json.dumps(
        {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}
    ).encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
        server.sendall(request)
        answer = server.recv(1)
    code = answer[0] if answer else 255
    if code == 0 and "EKSPHEMERAL_CHANGES" in os.environ and not arguments[1].startswith(("describe-", "get-", "list-")):
        with open(os.environ["EKSPHEMERAL_CHANGES"], "a+") as changes:
            changes.write(" ".join(arguments[:2]) + "\n")
            changes.seek(0)
            if len(changes.readlines()) == int(os.environ.get("EKSPHEMERAL_DIE_AFTER", "0")):
                os.killpg(0, signal.SIGKILL)
    return code


def read(client, size):
    parts = b""
    while len(parts) < size:
        part = client.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts


def answer(client, driver):
    import io
    import json
    import traceback

    size, files, _, _ = socket.recv_fds(client, 4, 3)
    request = json.loads(read(client, int.from_bytes(size, "big")))
    for number, file in enumerate(files):
        os.dup2(file, number)
    data = os.environ["AWS_DATA_PATH"]  # the CLI sets it while it loads
    os.environ.clear()
    os.environ.update(request["environment"], AWS_DATA_PATH=data)
    os.chdir(request["folder"])
    # Read when the CLI is loaded, so it would be in the home of who keeps it warm.
    from awscli.customizations.eks import update_kubeconfig

    update_kubeconfig.DEFAULT_PATH = os.path.expanduser("~/.kube/config")
    sys.argv = ["aws", *request["arguments"]]
    code = 255
    stderr, sys.stderr = sys.stderr, io.StringIO()
    try:
        code = driver.main() or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        stderr.write(version_2(sys.stderr.getvalue()))
        stderr.flush()
        client.sendall(bytes([code]))
        os._exit(0)


def serve(path, until_closed):
    """Answers calls until the other end of a pipe is closed. Never returns."""
    import gc
    import select

    import botocore.loaders

    loads, loaded = botocore.loaders.JSONFileLoader.load_file, {}

    def load_once(self, file):
        if file not in loaded:
            loaded[file] = loads(self, file)
        return loaded[file]

    botocore.loaders.JSONFileLoader.load_file = load_once
    from awscli.clidriver import create_clidriver

    # Whatever is loaded late is loaded now, by calls that lead nowhere.
    os.environ.update(
        AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_REGION="us-east-2",
        AWS_DEFAULT_REGION="us-east-2", AWS_MAX_ATTEMPTS="1", AWS_ENDPOINT_URL="http://127.0.0.1:9",
    )
    null = os.open(os.devnull, os.O_RDWR)
    spoken = os.dup(2)
    os.dup2(null, 1)
    os.dup2(null, 2)
    for words in (
        "cloudformation describe-stacks", "ec2 describe-vpcs", "eks list-clusters",
        "elbv2 describe-load-balancers", "elb describe-load-balancers", "s3api list-buckets",
        "iam list-open-id-connect-providers", "logs describe-log-groups",
        "resourcegroupstaggingapi get-resources", "cloudcontrol list-resources --type-name x",
    ):
        try:
            create_clidriver().main(words.split())
        except SystemExit:
            pass
    os.dup2(spoken, 2)
    # One that has not been called yet; what it would look up first for each call, it has looked up.
    driver = create_clidriver()
    driver._get_command_table()
    for kind in ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1"):
        driver.session.get_component("data_loader").list_available_services(kind)
    gc.disable()  # it would copy every page that the children share

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        while True:
            ready, _, _ = select.select([server, until_closed], [], [])
            if until_closed in ready:
                os._exit(0)
            client, _ = server.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                answer(client, driver)
            client.close()


if __name__ == "__main__":
    sys.exit(call(sys.argv[1], sys.argv[2:]))
