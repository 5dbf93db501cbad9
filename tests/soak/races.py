#!/usr/bin/env python3
"""races.py CTR WORK ROUNDS - in each round two starts of one name, then two removals of it: one wins
each, and the other says so in one line and the right status."""
import re, subprocess, sys
from world import World, Tally


def pair(world, *words):
    both = [subprocess.Popen([world.ctr, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE) for _ in range(2)]
    return [(p.communicate(timeout=60)[1].decode(), p.returncode) for p in both]


def judge(tally, what, ends, said):
    won = [e for e in ends if e[1] == 0]
    lost = [e for e in ends if e[1] != 0]
    ok = len(won) == 1 and won[0][0] == "" and lost[0][1] == 125 and re.fullmatch(said, lost[0][0])
    tally.check(what, ok, repr(ends))


def main():
    world, tally = World(*sys.argv[1:3]), Tally()
    rounds = int(sys.argv[3])
    world.warm_up()
    before = world.snapshot()
    for i in range(rounds):
        judge(tally, f"two starts of one name, round {i}",
              pair(world, "run", "--name", "x", "--rootfs", f"{world.work}/fs", "--", "/bin/true"),
              r"ctr: run: the name x is already in use\nhint: [^\n]*\n")
        judge(tally, f"two removals of one name, round {i}", pair(world, "rm", "x"),
              r"ctr: rm: no container x( any more)?\n(hint: [^\n]*\n)?")
    tally.nothing_left(world, before)
    print(f"# {rounds} races of two starts of one name, and of two removals")
    tally.end()


main()
