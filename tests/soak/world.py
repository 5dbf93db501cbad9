"""What there is on this host that ctr could leave behind, counted; and calls of ctr."""
import collections, os, re, subprocess, sys, time

KINDS = ("mnt", "net", "pid", "user", "ipc", "uts", "cgroup")
# Caches of which the kernel gives every object back when its owner goes; not those that it keeps
# for speed, dentries and inodes.
SLABS = ("mnt_cache", "net_namespace", "pid_namespace", "user_namespace", "uts_namespace", "ovl_inode",
         "kernfs_node_cache", "task_struct", "mm_struct", "files_cache")


def processes():
    return [int(p) for p in os.listdir("/proc") if p.isdigit()]


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read().decode("utf-8", "replace")
    except OSError:
        return ""


def is_alive(pid):
    state = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return bool(state) and state[0] not in "ZX"


def cmdline(pid):
    return read(f"/proc/{pid}/cmdline").split("\0")[:-1]


def namespaces():
    found = collections.Counter()
    for pid in processes():
        for kind in KINDS:
            try:
                found[os.readlink(f"/proc/{pid}/ns/{kind}")] += 1
            except OSError:
                pass
    return set(found)


def files_below(top):
    found = set()
    for where, dirs, files in os.walk(top):
        found.update(os.path.join(where, name) for name in dirs + files)
    return found


def fds(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


def private_kb(pid):
    return sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+) kB", read(f"/proc/{pid}/smaps_rollup"), re.M))


def pss_kb(pid):
    found = re.search(r"^Pss: +(\d+) kB", read(f"/proc/{pid}/smaps_rollup"), re.M)
    return int(found.group(1)) if found else 0


def slabs():
    """Objects in use, by cache. Caches that are merged into others do not have a line."""
    try:
        with open("/proc/sys/vm/drop_caches", "w") as f:
            f.write("2")
    except OSError:
        pass
    return {words[0]: int(words[1]) for words in map(str.split, read("/proc/slabinfo").splitlines())
            if words[0] in SLABS}


class World:
    def __init__(self, ctr, work):
        self.ctr, self.work = ctr, work
        self.root, self.state = os.environ["CTR_ROOT"], os.environ["CTR_STATE"]

    def run(self, *words, timeout=120, **more):
        return subprocess.run([self.ctr, *words], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout, **more)

    def must(self, *words, **more):
        done = self.run(*words, **more)
        if done.returncode:
            sys.exit(f"soak: ctr {' '.join(words)}: status {done.returncode}: {done.stderr.decode()}")
        return done.stdout.decode()

    def warm_up(self):
        """Makes what is there from the first start on: the store, and the parent of all cgroups."""
        self.must("run", "--rm", "--rootfs", f"{self.work}/fs", "--", "/bin/true")
        self.must("gc")

    def supervisors(self):
        return [p for p in processes() if (cmdline(p) or [""])[0] == "ctr-supervisor" and is_alive(p)]

    def snapshot(self):
        return {
            "mounts": set(read("/proc/self/mountinfo").splitlines()),
            "cgroups": {d for d, _, _ in os.walk("/sys/fs/cgroup") if not d.endswith("/ctr/supervisors")},
            "namespaces": namespaces(),
            "processes": {f"{p} {' '.join(cmdline(p))[:300]}" for p in processes() if cmdline(p)},
            "files": files_below(self.root) | files_below(self.state),
            "the root": {f"{p} {os.lstat(p).st_mtime_ns}" for p in files_below(f"{self.work}/fs")},
            "descriptors": {f"{p}: {fds(p)}" for p in [1, os.getpid(), *self.supervisors()]},
        }

    def differences(self, before, patience=10.0):
        """In words; what is on its way out gets a few seconds. A mount goes from all namespaces when
        somebody on this host removes the directory it is at."""
        until = time.monotonic() + patience
        while True:
            now = self.snapshot()
            found = [f"{kind}: {sign}{thing}" for kind in before
                     for sign, things in (("+", now[kind] - before[kind]), ("-", before[kind] - now[kind]))
                     for thing in sorted(things) if (kind, sign) != ("mounts", "-")]
            if not found or time.monotonic() > until:
                return found
            time.sleep(0.1)


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, ok, told=""):
        if ok:
            self.passed += 1
            return
        self.failed += 1
        print(f"not ok: {what}{': ' if told else ''}{told}", flush=True)

    def nothing_left(self, world, before, clear=lambda: None):
        """After gc, which leaves alone what somebody still holds: what was killed may be on its way out."""
        until = time.monotonic() + 60
        while True:
            clear()
            world.must("gc")
            found = world.differences(before)
            if not found or time.monotonic() > until:
                break
        self.check("nothing is left", not found, "; ".join(found[:20]))

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)
