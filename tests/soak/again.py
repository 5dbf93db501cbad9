#!/usr/bin/env python3
"""again.py CTR WORK COUNT [SEED] - one container that is started so many times, on its own, by start and by
restart, and ended in every way that there is: by itself, stopped, killed, with its supervisors killed, with a
start that is killed halfway, with a full store. Each life adds a line to a file of the container, and none is ever
lost; ps tells the truth each time; and at the end the host has what it had before."""
import json, os, random, signal, subprocess, sys, time
from world import World, Tally, cmdline, is_alive, processes, read, slabs

NAME = "again"
LIFE = 'echo "$$" >> /lives; read word < /ending; case $word in stay) exec /bin/pause;; *) exit $word;; esac'


class Lives:
    def __init__(self, world, tally, rng):
        self.world, self.tally, self.random = world, tally, rng
        self.data = f"{world.root}/containers/{NAME}/upper"
        self.lives = 0  # that were certainly begun

    def told(self):
        return json.loads(self.world.must("inspect", NAME))[0]

    def status(self):
        found = [c for c in json.loads(self.world.must("ps", "-a", "--format", "json")) if c["name"] == NAME]
        return found[0]["status"] if found else None

    def lines(self):
        return read(f"{self.data}/lives").count("\n")

    def ending(self, word):
        with open(f"{self.world.work}/ending/ending", "w") as f:
            f.write(f"{word}\n")

    def expect(self, what, wanted):
        got = self.status()
        self.tally.check(f"ps after {what}", got == wanted, f"it says {got}, not {wanted}")

    def settled(self, what, wanted):
        """What was killed takes a moment to be gone."""
        until = time.monotonic() + 20
        while self.status() != wanted and time.monotonic() < until:
            time.sleep(0.02)
        self.expect(what, wanted)

    def count(self, what, more):
        """No life is lost, and none is counted that was not begun."""
        now = self.lines()
        low, high = more if isinstance(more, tuple) else (more, more)
        self.tally.check(f"lives after {what}", self.lives + low <= now <= self.lives + high,
                         f"{now}, there were {self.lives}")
        self.lives = now

    def wait_for_life(self):
        until = time.monotonic() + 20
        while self.lines() <= self.lives and time.monotonic() < until:
            time.sleep(0.002)

    def begin(self):
        """Detached, and alive."""
        self.ending("stay")
        verb = self.random.choice(("start", "restart"))
        self.world.must(verb, NAME)
        self.wait_for_life()
        self.expect(verb, "running")
        self.count(verb, 1)

    def supervisors(self):
        return [p for p in self.world.supervisors() if NAME in cmdline(p)]

    def pid(self):
        return json.loads(read(f"{self.world.state}/{NAME}/record.json"))["pid"]

    def by_itself(self):
        status = self.random.choice((0, 3, 77))
        self.ending(status)
        done = self.world.run("start", "-a", NAME)
        self.tally.check("start -a", done.returncode == status and not done.stderr, f"{done.returncode} {done.stderr}")
        self.expect("an end by itself", "exited")
        self.tally.check("its status", self.told()["exitStatus"] == status, str(self.told().get("exitStatus")))
        self.count("an end by itself", 1)

    def stopped(self):
        self.begin()
        self.world.must("stop", "-t", "5", NAME)
        self.expect("stop", "exited")

    def killed(self):
        self.begin()
        self.world.must("kill", NAME)
        self.settled("kill", "exited")

    def restarted(self):
        self.begin()
        self.world.must("restart", "-t", "5", NAME)
        self.wait_for_life()
        self.expect("restart", "running")
        self.count("restart", 1)
        self.world.must("stop", "-t", "5", NAME)

    def first_process_killed(self):
        self.begin()
        os.kill(self.pid(), signal.SIGKILL)
        self.settled("SIGKILL from outside", "exited")
        self.tally.check("its status", self.told()["exitStatus"] == 137, str(self.told().get("exitStatus")))

    def supervisors_killed(self):
        """The container lives on without them; what it ends with is not seen by anybody."""
        self.begin()
        pid, doomed = self.pid(), self.supervisors()
        for p in doomed:
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        until = time.monotonic() + 20
        while any(map(is_alive, doomed)) and time.monotonic() < until:
            time.sleep(0.01)
        self.settled("a kill of its supervisors", "running" if is_alive(pid) else "exited")
        self.world.must("stop", "-t", "5", NAME)
        self.expect("stop without supervisors", "exited")

    def start_killed(self):
        self.ending("stay")
        child = subprocess.Popen([self.world.ctr, "start", NAME], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.random.random() * 0.012)
        child.kill()
        child.wait()
        # A supervisor that has been made goes on, or gives up.
        until = time.monotonic() + 20
        while time.monotonic() < until and self.status() != "running" and (
                os.path.exists(f"{self.world.state}/{NAME}") or any(NAME in cmdline(p) for p in processes())):
            time.sleep(0.005)
        if self.status() == "running":
            self.wait_for_life()
            self.world.must("stop", "-t", "5", NAME)
        self.expect("a killed start", "exited" if self.lives or self.lines() else "created")
        self.count("a killed start", (0, 1))

    def store_full(self):
        """What the container wrote before is there, whatever becomes of the start."""
        fill = f"{self.world.root}/fill"
        subprocess.run(["dd", "if=/dev/zero", f"of={fill}", "bs=64k"], stderr=subprocess.DEVNULL)
        self.ending(0)
        done = self.world.run("start", "-a", NAME)
        said = done.stderr.decode()
        self.tally.check("a start with a full store says at most one line and a hint",
                         all(line.startswith(("ctr: ", "hint: ", "/bin/sh: ", "sh: ")) for line in said.splitlines()), said)
        os.unlink(fill)
        self.settled("a start with a full store", "exited" if self.lives or not done.returncode else "created")
        self.count("a start with a full store", (0, 1))


def main():
    world, tally = World(*sys.argv[1:3]), Tally()
    count = int(sys.argv[3])
    seed = sys.argv[4] if len(sys.argv) > 4 and sys.argv[4] else str(random.SystemRandom().randrange(10**6))
    print(f"# {count} lives, SEED={seed}", flush=True)
    # A store of its own size, that can be full.
    os.makedirs(world.root, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=16m", "store", world.root], check=True)
    world.warm_up()
    os.mkdir(f"{world.work}/ending")
    before, slabs_before = world.snapshot(), slabs()
    world.must("create", "--name", NAME, "--stop-signal", "KILL", "-v", f"{world.work}/ending:/end:ro", "--rootfs",
               f"{world.work}/fs", "--", "/bin/sh", "-c", LIFE.replace("/ending", "/end/ending"))
    lives = Lives(world, tally, random.Random(seed))
    lives.expect("create", "created")
    ways = [lives.by_itself, lives.stopped, lives.killed, lives.restarted, lives.first_process_killed,
            lives.supervisors_killed, lives.start_killed, lives.store_full]
    told = {}
    while lives.lives < count:
        way = lives.random.choice(ways)
        began = time.monotonic()
        way()
        n, seconds = told.get(way.__name__, (0, 0))
        told[way.__name__] = n + 1, seconds + time.monotonic() - began
    print("# " + ", ".join(f"{n} {way} ({seconds:.0f} s)" for way, (n, seconds) in sorted(told.items())))
    state = {p for p in os.listdir(world.state) if NAME in p}
    tally.check("the state directory is empty", not state, str(state))
    world.must("rm", NAME)
    tally.nothing_left(world, before)
    for cache, n in sorted(slabs().items()):
        drift = n - slabs_before[cache]
        print(f"# slab {cache}: {slabs_before[cache]} -> {n}")
        if count >= 1000:
            tally.check(f"slab {cache} has grown", drift <= 400, f"by {drift} objects")
    tally.end()


main()
