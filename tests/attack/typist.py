#!/usr/bin/env python3
"""typist.py COMMAND...

Runs COMMAND in a session on a new terminal, as a shell would. When it has ended and some time has passed, types
a password there. Prints "echo" if the terminal still shows what is typed, else "no echo".
"""
import fcntl
import os
import pty
import subprocess
import sys
import termios
import time

master, slave = pty.openpty()
session = subprocess.Popen(["sh", "-c", '"$@"; echo returned; sleep 100', "sh", *sys.argv[1:]], stdin=slave, stdout=slave,
                           stderr=slave, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
seen = b""
while b"returned" not in seen:
    seen += os.read(master, 65536)
time.sleep(1)
echo = termios.tcgetattr(slave)[3] & termios.ECHO
os.write(master, b"hunter2\n")
time.sleep(0.5)
print("echo" if echo else "no echo")
session.kill()
