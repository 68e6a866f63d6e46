#!/usr/bin/env python3
"""Makes terminal.svg: runs the commands below on a terminal and draws what it shows at the end.

    local/src/test/kind/engine.sh up
    eval "$(local/src/test/kind/engine.sh env)"
    img/terminal.py
"""

import fcntl
import os
import pathlib
import pty
import re
import struct
import subprocess
import tempfile
import termios
from xml.sax.saxutils import escape

# What is typed, and what the terminal shows when Ctrl-C is pressed.
COMMANDS = [
    ("./eksp create --local --name dev --timeout 45m --owner you@your-company.io", "(usually 20 s)"),
    ("./eksp wait --local dev", None),
    ("./eksp exec --local dev -- kubectl get nodes", None),
    ("./eksp list --local", None),
    ("./eksp prolong --local dev 1h", None),
    ("./eksp destroy --local dev", None),
    ("./eksp create --local --name -x --workers 99", None),
]
COLUMNS, WIDTH, HEIGHT = 124, 8.0, 19  # of a character, and of a line, in pixels
COLOURS = {"1": "#ffffff", "31": "#ff7b72", "32": "#7ee787", "33": "#e3b341"}
HERE = pathlib.Path(__file__).resolve().parent
CODES = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|(.)", re.DOTALL)


def run(command, environment, interrupt=None):
    """What the command writes to a terminal; on which Ctrl-C is pressed when it shows a text."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=HERE.parent, env=environment,
        stdin=its, stdout=its, stderr=its, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(its)
    written = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # Linux ends a terminal that was closed in this way
            break
        if not chunk:
            break
        written += chunk
        if interrupt and interrupt in written.decode(errors="ignore"):
            os.write(ours, b"\x03")
            interrupt = None
    process.wait()
    os.close(ours)
    return written.decode()


def lines(written):
    """The lines that remain on the terminal, each a list of (character, colour)."""
    shown, column, colour = [[]], 0, None
    for parameters, code, character in CODES.findall(written):
        line = shown[-1]
        if character == "\n":
            shown.append([])
            column = 0
        elif character == "\r":
            column = 0
        elif character:
            line[column:column + 1] = [(character, colour)]
            column += 1
        elif code == "K":
            del line[column:]
        elif code == "m":
            colour = COLOURS.get(parameters)
    wrapped = [line[at:at + COLUMNS] for line in shown for at in range(0, max(len(line), 1), COLUMNS)]
    return wrapped[:-1] if not wrapped[-1] else wrapped


def draw(shown):
    width, height = COLUMNS * WIDTH + 40, len(shown) * HEIGHT + 60
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height}" viewBox="0 0 {width:g} {height}">'
    yield f'<rect width="{width:g}" height="{height}" rx="8" fill="#161b22" stroke="#484f58"/>'
    for x, colour in ((22, "#ff5f57"), (42, "#febc2e"), (62, "#28c840")):
        yield f'<circle cx="{x}" cy="20" r="6" fill="{colour}"/>'
    yield '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="13" fill="#e6edf3">'
    for row, line in enumerate(shown):
        at = 0
        while at < len(line):
            end = at
            while end < len(line) and line[end][1] == line[at][1]:
                end += 1
            text = escape("".join(character for character, _ in line[at:end])).replace(" ", "\u00a0")
            fill = f' fill="{line[at][1]}"' if line[at][1] else ""
            # Whichever font there is, a line takes the width that it is drawn for.
            yield f'<text x="{20 + at * WIDTH:g}" y="{54 + row * HEIGHT}" textLength="{(end - at) * WIDTH:g}" lengthAdjust="spacingAndGlyphs"{fill}>{text}</text>'
            at = end
    yield "</g>\n</svg>"


def main():
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"EKSPHEMERAL_HOME": home + "/home", "TERM": "xterm", "EKSPHEMERAL_PROVIDER": "kind"}
        environment.pop("NO_COLOR", None)
        environment.pop("CI", None)
        run("./eksp-up.sh --local && ./eksp-down.sh --local", environment)  # builds what is missing
        try:
            shown = []
            for command, interrupt in COMMANDS:
                prompt = f"\x1b[32m$\x1b[0m {command}\n"
                shown += lines(prompt + run(command, environment, interrupt)) + [[]]
        finally:
            run("./eksp-down.sh --local --abandon-clusters", environment)
    (HERE / "terminal.svg").write_text("\n".join(draw(shown[:-1])) + "\n")


if __name__ == "__main__":
    main()
