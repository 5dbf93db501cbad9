#!/usr/bin/env python3
"""mix.py CTR WORK CALLS SEED - as many calls of ctr, of all kinds, three at a time on a few names, some of
them killed at a random moment, supervisors and payloads too; then everything is removed, and nothing may
be left. What each of the three does follows from the seed; what they meet of each other's does not."""
import json, os, random, re, signal, subprocess, sys, tempfile, threading, time
from world import World, Tally, cmdline, private_kb, processes, read, slabs

WORKERS = 3
NAMES = [f"n{i}" for i in range(12)]
# What one may meet when two others work on the same few names.
REFUSALS = "|".join((
    r"the name \w+ is already in use", r"no container \w+( any more)?", r"cannot remove \w+: it is running",
    r"cannot [\w ]+ \w+: the container is (not running|paused)", r"\w+ is (already|not) paused",
    r"\w+ has no log: .*", r"nobody saw how \w+ ended", r"lost the console of \w+: .*",
    r"\w+ runs in the foreground of another ctr",
    # Of one that goes while it is looked at.
    r".*: No such (file or directory|process|device)", r"\w+ is held by another ctr",
    r"the process that was to start the container ended early", r"no container \w+: it has just been removed",
    r"the container's process was killed before it could start", r"the process that joins the namespaces was killed",
    r"cannot rename \w+: the name \w+ is already in use", r"\w+ has that name already", r".*: Read-only file system",
    r"\w+ runs already, or is being started or removed",
    r"cannot [\w ]+ \w+: it has ended, and is about to be started again",
    r"\w+ is removed when it is stopped \(--rm\)",
))


class Worker(threading.Thread):
    def __init__(self, world, tally, calls, seed, number):
        super().__init__()
        self.world, self.tally, self.calls = world, tally, calls
        self.random = random.Random(f"{seed} {number}")
        self.number, self.kinds = number, {}

    def name(self):
        return self.random.choice(NAMES)

    def flags(self):
        more = [["--read-only"], ["--tmpfs", "/tmp"], ["-v", f"{self.world.work}/volume:/root"],
                ["--network", "host"], ["--init"], ["--security-opt", "seccomp=unconfined"]]
        return [word for flag in more if self.random.random() < 0.15 for word in flag]

    def run_words(self, *flags):
        return ["run", *self.flags(), *flags, "--rootfs", f"{self.world.work}/fs", "--"]

    def foreground(self):
        return self.run_words("--rm") + ["/bin/sh", "-c", "echo out; exit 7"], {7: "out\n"}

    def kept(self):
        return self.run_words("--name", self.name()) + ["/bin/true"], {0: ""}

    def failing(self):
        return self.run_words("--rm") + ["/bin/absent"], {127: ""}

    def timed_out(self):
        return self.run_words("--rm", "--timeout", "0.02") + ["/bin/pause"], {124: ""}

    def detached(self):
        words = ["--name", self.name(), "-d", *self.random.choice(([], ["--rm"], ["-t"], ["-i"]))]
        payload = self.random.choice((["/bin/pause"], ["/bin/pause"], ["/bin/true"],
                                      ["/bin/sh", "-c", "while :; do echo line; sleep 0.02; done"],
                                      ["/bin/sh", "-c", "sleep 0.05; exit 3"]))
        return self.run_words(*words) + payload, {0: r"[0-9a-f]{64}\n"}

    def created(self):
        more = self.random.choice(([], ["--rm"], ["--restart", "on-failure:2"], ["-v", "shared:/shared"], ["-v", "/own"]))
        payload = self.random.choice((["/bin/pause"], ["/bin/true"], ["/bin/sh", "-c", "exit 3"]))
        words = self.run_words("--name", self.name(), *more)
        return ["create", *words[1:], *payload], {0: r"[0-9a-f]{64}\n"}

    def on_one(self, *words, out=r"(?s).*", statuses=(0,)):
        return [*words, self.name()], {s: out for s in statuses}

    def exec_(self):
        return ["exec", self.name(), "/bin/sh", "-c", "echo in; exit 5"], {5: "in\n", 137: "(in\n)?"}

    def choose(self):
        pick = self.random.choice
        return pick((
            self.foreground, self.foreground, self.kept, self.failing, self.timed_out,
            self.detached, self.detached, self.detached, self.detached, self.exec_, self.exec_,
            lambda: self.on_one("kill", *pick(([], ["-s", "TERM"], ["-s", "WINCH"]))),
            lambda: self.on_one("stop", "-t", pick(("0", "0.05"))),
            self.created, self.created,
            lambda: self.on_one("start"),
            lambda: self.on_one("restart", "-t", "0"), lambda: (["rename", self.name(), self.name()], {0: ""}),
            lambda: (["cp", f"{self.name()}:/etc/passwd", "-"], {0: r"(?s).*"}),
            lambda: (["cp", f"{self.world.work}/fs/etc", f"{self.name()}:/tmp"], {0: ""}),
            lambda: self.on_one("diff"), lambda: self.on_one("top"), lambda: (["volume", "ls"], {0: r"(?s).*"}),
            lambda: self.on_one("rm"), lambda: self.on_one("rm", "-f"), lambda: self.on_one("rm", "-f"),
            lambda: self.on_one("pause"), lambda: self.on_one("resume"), lambda: self.on_one("resume"),
            lambda: self.on_one("logs", *pick(([], ["--tail", "3", "-t"]))),
            lambda: self.on_one("inspect", out=r"(?s)\[.*\]\n"),
            lambda: (["ps", *pick(([], ["-a"], ["-aq"], ["-a", "--format", "json"]))], {0: r"(?s).*"}),
            lambda: (["stats", "--no-stream"], {0: r"(?s).*"}), lambda: (["gc"], {0: r".*\n"}),
        ))()

    def victim(self, child):
        """The call itself, or one of those that it has made."""
        below = [child.pid]
        for pid in processes():
            parent = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            if len(parent) > 1 and int(parent[1]) in below and (cmdline(pid) or [""])[0].endswith(
                    ("/ctr", "ctr-supervisor")):
                below.append(pid)
        return self.random.choice(below)

    def kill_soon(self, child):
        time.sleep(self.random.random() * self.random.choice((0.002, 0.006, 0.03)))
        try:
            os.kill(self.victim(child), signal.SIGKILL)
        except ProcessLookupError:
            pass

    def call(self):
        words, wanted = self.choose()
        # Into files: the payload of a call that was killed may live on, and hold a pipe open.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
            child = subprocess.Popen([self.world.ctr, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=said)
            killed = self.random.random() < 0.12
            if killed:
                self.kill_soon(child)
            try:
                status = child.wait(timeout=90)
            except subprocess.TimeoutExpired:
                child.kill()
                self.tally.check(f"{words} ends", False, "it was still there after 90 seconds")
                return
            if not killed:
                self.judge(words, wanted, status, *(os.pread(f.fileno(), 1 << 20, 0).decode() for f in (out, said)))

    def judge(self, words, wanted, status, out, said):
        if words[0] in ("stop", "kill"):
            said = re.sub(r"^ctr: warning: \S+ has no handler for SIG.*\n", "", said)
        self.kinds[words[0]] = self.kinds.get(words[0], 0) + 1
        if status in wanted:
            ok = re.fullmatch(wanted[status], out) and (not said or words[0] in ("ps", "gc", "logs", "run"))
        else:
            ok = status in (1, 125) and re.fullmatch(rf"ctr: ({words[0]}: )?({REFUSALS})\n(hint: .*\n)?", said)
        # What is run here may be killed by one of the others.
        ok = ok or (words[0] in ("run", "exec") and status in (137, 143) and not said)
        self.tally.check(f"ctr {' '.join(words)}", ok, f"status {status}, printed {out[:300]!r}, said {said!r}")

    def kill_one(self):
        """A supervisor, or the first process of a container, from the outside."""
        name = self.name()
        pids = [p for p in self.world.supervisors() if name in cmdline(p)]
        try:
            if self.random.random() < 0.3:
                pids = [json.loads(read(f"{self.world.state}/{name}/record.json"))["pid"]]
            if pids and pids[0] > 1:
                os.kill(self.random.choice(pids), signal.SIGKILL)
        except (ValueError, KeyError, ProcessLookupError):
            pass

    def run(self):
        for _ in range(self.calls):
            if self.random.random() < 0.05:
                self.kill_one()
            self.call()


def standing(world):
    """Containers that live through all of it: their supervisors must not grow."""
    for name, flags in (("stand-pipe", ["-i"]), ("stand-tty", ["-t"])):
        world.must("run", "-d", "--name", name, *flags, "--rootfs", f"{world.work}/fs", "--", "/bin/pause")
    until = time.monotonic() + 60
    while len(world.supervisors()) < 4 and time.monotonic() < until: # two processes each
        time.sleep(0.05)
    return world.supervisors()


def remove_all(world):
    for c in json.loads(world.must("ps", "-a", "--format", "json")):
        if not c["name"].startswith("stand-"):
            world.run("rm", "-f", "-v", c["name"])
    world.run("volume", "prune", "-a", "-f")


def judge_slabs(tally, before, calls):
    """Other programs of this host make and end processes too, hence the tolerance: what leaks once for
    each start is found from some thousand calls on, in which about half are starts. The kernel takes
    network namespaces and cgroups apart behind their owners' backs, and may take a while."""
    tolerance, until = max(400, calls // 10), time.monotonic() + 60
    while True:
        after = slabs()
        if time.monotonic() > until or all(n - before[c] <= tolerance for c, n in after.items()):
            break
        time.sleep(1)
    for cache, count in sorted(after.items()):
        drift = count - before[cache]
        print(f"# slab {cache}: {before[cache]} -> {count}")
        if calls >= 4 * tolerance:
            tally.check(f"slab {cache} has grown", drift <= tolerance, f"by {drift} objects")


def work(world, workers):
    """Until all have ended. What one has paused with another on its way in would be waited for without end
    once nobody calls any more who might resume it."""
    for w in workers:
        w.start()
    while any(w.is_alive() for w in workers):
        time.sleep(0.2)
        if not all(w.is_alive() for w in workers):
            for name in NAMES:
                world.run("resume", name)


def main():
    world, tally = World(*sys.argv[1:3]), Tally()
    calls = int(sys.argv[3])
    seed = sys.argv[4] if len(sys.argv) > 4 and sys.argv[4] else str(random.SystemRandom().randrange(10**6))
    print(f"# {calls} calls, SEED={seed}", flush=True)
    os.mkdir(f"{world.work}/volume")
    world.must("volume", "create", "first")
    world.must("volume", "rm", "first")
    world.warm_up()
    keepers = standing(world)
    private = {p: private_kb(p) for p in keepers}
    before, slabs_before, began = world.snapshot(), slabs(), time.monotonic()
    workers = [Worker(world, tally, calls // WORKERS, seed, i) for i in range(WORKERS)]
    work(world, workers)
    seconds = time.monotonic() - began
    tally.nothing_left(world, before, lambda: remove_all(world))
    for p in keepers:
        grown = private_kb(p) - private[p]
        tally.check("a supervisor has not grown", grown <= 8, f"{p} by {grown} kB")
    judge_slabs(tally, slabs_before, calls)
    kinds = {}
    for w in workers:
        for kind, n in w.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + n
    print("# judged: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    print(f"# {calls} calls in {seconds:.0f} s")
    world.must("rm", "-f", "stand-pipe", "stand-tty")
    tally.end()


main()
