#!/usr/bin/env python3
"""Runs a command on a terminal and prints what it shows, as JSON.

    screen.py [--columns N] [--rows N] [--until TEXT --send KEYS] … -- COMMAND [ARGUMENT …]

Each --until waits until the screen contains TEXT, or +N seconds; then the --send after it types KEYS (^C is
Ctrl-C; empty types nothing; columns=N makes the terminal so wide). Prints {"exit": code, "seen": [screen at each --until], "end": screen when the command
ended}; a screen is {"lines": […], "colours": {text: colour}, "scrolled": […]}, without the blanks at the ends.
Fails after --limit seconds (60).
"""

import argparse
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

import pyte


class Screen(pyte.HistoryScreen):
    """Knows which of its two screens a program asked for: the second one (1049) leaves the first as it was."""

    def __init__(self, columns, rows):
        super().__init__(columns, rows, history=10_000)
        self.first = None

    def set_mode(self, *modes, **kwargs):
        if 1049 in modes and self.first is None:
            self.first = [dict(self.buffer[y]) for y in range(self.lines)], self.cursor.y, self.cursor.x
            self.erase_in_display(2)
            self.cursor_position()
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes, **kwargs):
        if 1049 in modes and self.first is not None:
            lines, y, x = self.first
            self.erase_in_display(2)
            for number, line in enumerate(lines):
                self.buffer[number].update(line)
            self.cursor.y, self.cursor.x, self.first = y, x, None
        super().reset_mode(*modes, **kwargs)

    def shown(self):
        colours = {}
        for y in range(self.lines):
            word, colour = "", None
            for x in range(self.columns + 1):
                cell = self.buffer[y][x] if x < self.columns else None
                style = (cell.fg if cell.fg != "default" else "reverse" if cell.reverse else None) if cell else None
                if style != colour:
                    if colour and word.strip():
                        colours[word.strip()] = colour
                    word, colour = "", style
                word += cell.data if cell else ""
        scrolled = ["".join(line[x].data for x in range(self.columns)).rstrip() for line in self.history.top]
        lines = [line.rstrip() for line in self.display]
        while lines and not lines[-1]:
            lines.pop()
        return {"lines": lines, "colours": colours, "scrolled": scrolled}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--until", action="append", default=[])
    parser.add_argument("--send", action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    process, terminal = pty.fork()
    if process == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # it is ignored where the tests run in the background
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", options.rows, options.columns, 0, 0))
        os.execvp(options.command[0], options.command)
    screen = Screen(options.columns, options.rows)
    stream = pyte.ByteStream(screen)
    waiting = list(zip(options.until, options.send + [""] * len(options.until)))
    seen = []
    since = time.monotonic()
    deadline = since + options.limit

    def is_due(wanted):
        if wanted.startswith("+") and wanted[1:].isdigit():
            return time.monotonic() >= since + int(wanted[1:])
        return wanted in "\n".join(screen.display)

    while True:
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
            sys.exit("too slow; the screen shows:\n" + "\n".join(screen.shown()["lines"]))
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                written = os.read(terminal, 65536)
            except OSError:  # Linux ends a terminal in this way
                break
            if not written:
                break
            stream.feed(written)
        while waiting and is_due(waiting[0][0]):
            since = time.monotonic()
            seen.append(screen.shown())
            keys = waiting.pop(0)[1]
            if keys.startswith("columns="):
                columns = int(keys.partition("=")[2])
                screen.resize(columns=columns)
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", options.rows, columns, 0, 0))
            else:
                os.write(terminal, keys.replace("^C", "\x03").encode())
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if waiting:
        sys.exit("never shown: %s; at the end:\n%s" % (waiting[0][0], "\n".join(screen.shown()["lines"])))
    json.dump({"exit": status, "seen": seen, "end": screen.shown()}, sys.stdout)


if __name__ == "__main__":
    main()
