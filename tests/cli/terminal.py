#!/usr/bin/env python3
"""terminal.py STEP... -- COMMAND...

Runs COMMAND on a new terminal of 24 rows and 80 columns, or $TERMINAL_COLUMNS, and plays the person in front of it:

  see:TEXT     waits until TEXT (a regular expression) has appeared
  type:TEXT    types it; \\r and \\x03 as in C
  size:R,C     makes the window another size
  signal:NAME  sends COMMAND a signal
  close:       closes the window; nothing is seen from then on
  end:STATUS   waits until COMMAND has ended with this status (128 + n for a signal)

Prints what was on the screen. Fails if a step is not fulfilled within half a minute, or if the modes of
the terminal at the end are not those at the beginning.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

split = sys.argv.index("--")
steps, command = sys.argv[1:split], sys.argv[split + 1:]
master, slave = pty.openpty()


def resize(rows, columns):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(24, int(os.environ.get("TERMINAL_COLUMNS", 80)))
before = termios.tcgetattr(slave)
child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
screen, seen = b"", 0


def take(seconds):
    global screen
    if master is None:
        time.sleep(seconds)
    elif select.select([master], [], [], seconds)[0]:
        screen += os.read(master, 65536)


def fail(why):
    print(screen.decode(errors="replace"))
    child.kill()
    sys.exit(f"terminal: {why}")


for step in steps:
    kind, _, text = step.partition(":")
    limit = time.monotonic() + 30 * int(os.environ.get("TEST_PATIENCE", 1))
    if kind == "see":
        while not (found := re.search(text.encode(), screen[seen:])):
            if time.monotonic() > limit:
                fail(f"'{text}' did not appear")
            take(0.1)
        seen += found.end()
    elif kind == "type":
        os.write(master, codecs.decode(text, "unicode_escape").encode("latin-1"))
    elif kind == "size":
        resize(*map(int, text.split(",")))
    elif kind == "signal":
        child.send_signal(getattr(signal, "SIG" + text))
    elif kind == "close":
        os.close(slave)
        os.close(master)
        master = None
    elif kind == "end":
        while child.poll() is None:
            if time.monotonic() > limit:
                fail("the command did not end")
            take(0.05)
        status = child.returncode if child.returncode >= 0 else 128 - child.returncode
        if status != int(text):
            take(0.1)
            fail(f"status {status}, not {text}")
    else:
        fail(f"unknown step {step}")
take(0.1)
print(screen.decode(errors="replace"))
if child.poll() is None:
    fail("the command still runs")
if master is not None and termios.tcgetattr(slave) != before:
    sys.exit("terminal: its modes are not what they were")
