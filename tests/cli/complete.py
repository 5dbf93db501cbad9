#!/usr/bin/env python3
"""complete.py bash|zsh FOLDER LINE...

What a shell that has the completion of FOLDER makes of each LINE, typed at a terminal, one line of output for
each: bash inserts all that the last word can become, zsh what is common to these.
"""
import os
import pty
import re
import select
import sys
import time

shell, folder, lines = sys.argv[1], sys.argv[2], sys.argv[3:]
# What is printed has "<<" and ">>" around it; what is typed here, and shown as it is typed, has not.
COMMANDS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
SETUP = {
    "bash": r"""PS1= PS2=; unset HISTFILE; . "$FOLDER/ctr.bash"
bind '"\t": insert-completions'; bind -x '"\C-g": printf "<""<%s>>\n" "$READLINE_LINE"'
bind 'set enable-bracketed-paste off'; printf '<''<ready>>\n'
""",
    "zsh": r"""PS1= PS2=; unset zle_bracketed_paste; fpath=($FOLDER $fpath); autoload -U compinit; compinit -u -D
tell() { print -r -- "<""<$BUFFER>>" }; zle -N tell; bindkey '^G' tell; bindkey '^I' complete-word
print "<""<ready>>"
""",
}
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(FOLDER=folder, INPUTRC="/dev/null", TERM="dumb", COLUMNS="1000")
    os.execvp(shell, COMMANDS[shell])
seen = b""


def answer():
    global seen
    limit = time.monotonic() + 30 * int(os.environ.get("TEST_PATIENCE", 1))
    while not (found := re.search(rb"<<([^<>\r\n]*)>>\r*\n", seen)):
        if not select.select([terminal], [], [], max(0, limit - time.monotonic()))[0]:
            sys.exit(f"complete: {shell} does not answer: {seen!r}")
        seen += os.read(terminal, 65536)
    seen = seen[found.end():]
    return found[1].decode().rstrip()


for line in SETUP[shell].splitlines(True):
    os.write(terminal, line.encode())
answer()
for line in lines:
    os.write(terminal, line.encode() + b"\t\x07")
    print(answer())
    os.write(terminal, b"\x05\x15")
os.kill(pid, 9)
