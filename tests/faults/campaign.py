#!/usr/bin/python3
"""campaign.py [-n POINTS] [-m MINUTES] [-p K/N] [-s SEED] [-c COMMAND] [-f FAULT] [-o FILE] BUILD

Makes each system call of each command fail, or kills one or all of its processes there, and looks at
what the command says, what it did, and what is left after one `ctr gc`, or `ctr-oci delete --force`. See
docs/reliability.md for the rules. A point is (process, k, fault), as inject.c counts them.

-n  only so many points, always the same ones as long as the commands make the same calls
-m  only for so long; the points come in an order of chance, so it is a sample of all of them
-p  the K-th of N parts of them: all parts together are all points
-s  another order
-c  only commands whose name has this in it; -f only this fault: KILL, ALL, ENOMEM ... (both repeat)
-o  the tables as Markdown go to FILE

Two lanes work side by side. Each has a store, a cgroup tree and a mount namespace of its own, so that
whatever appears in one of them is its own doing.

In Python because one long-lived driver is cheaper than the shells it would take for each of many
thousand points, and because what it compares are sets and trees."""
import argparse
import errno
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ERRORS = ["ENOMEM", "EIO", "ENOSPC", "EMFILE", "EAGAIN", "EINTR", "EPERM", "ENOSYS"]
FAULTS = ["KILL", "ALL"] + ERRORS
LANES = 2
DEADLINE = 25  # seconds; ctr's own longest wait on these paths is 10
FINDINGS = ["hang", "status", "lines", "lost", "left", "name"]
HEADS = ["hangs", "wrong exit code", "no or more than one line", "swallowed", "left behind",
         "name not usable"]
SUPERVISORS = 2  # of one container
GROUPS = "/sys/fs/cgroup/ctr"
SUPERVISORS_GROUP = GROUPS + "/supervisors"  # stays, once there was one
OCI_GROUPS = "/sys/fs/cgroup/oci"  # of bundles


def read(path):
    with open(path, errors="replace") as f:
        return f.read()


def until(is_so, seconds=20):
    """Whether it comes true; by the clock, as this host may stand still for a while."""
    end = time.monotonic() + seconds
    while not (so := is_so()) and time.monotonic() < end:
        time.sleep(0.002)
    return so


def is_alive(pid):
    try:
        return not re.search(r"^State:\s+[ZX]", read(f"/proc/{pid}/status"), re.M)
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_ending(pid):
    """Whether a process has a signal before it, or is about to be gone, which can take a while."""
    exiting = 4  # PF_EXITING
    try:
        pending = re.findall(r"^S(?:ig|hd)Pnd:\s+(\w+)", read(f"/proc/{pid}/status"), re.M)
        flags = int(read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[6])
    except (FileNotFoundError, ProcessLookupError):
        return True
    return any(int(p, 16) for p in pending) or bool(flags & exiting)


def name_of(pid):
    try:
        return read(f"/proc/{pid}/comm").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def listing(top, depth=9):
    """Paths below top, sorted."""
    out = []
    for where, dirs, files in os.walk(top):
        rel = os.path.relpath(where, top)
        if rel.count("/") + (rel != ".") >= depth:
            dirs[:] = []
        out += [os.path.normpath(os.path.join(rel, n)) for n in dirs + files]
    return sorted(out)


def plain(text):
    """Without what differs each time: ids, digests, times, process and namespace numbers."""
    base = re.search(r"/proc/self/uid_map: +0 (\d+)", text)
    if base:
        low = int(base[1])
        text = re.sub(r"\d{6,10}", lambda m: f"id+{int(m[0]) - low}"
                      if low <= int(m[0]) < low + 65536 else m[0], text)
    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        host = os.readlink(f"/proc/self/ns/{kind}")
        text = re.sub(rf"namespace {kind}:\[\d+\]",
                      lambda m, h=host, k=kind: f"namespace {k} " +
                      ("of the host" if h in m[0] else "its own"), text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "HEX", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", "TIME", text)
    text = re.sub(r"\b\d{18,19}\b", "NS", text)
    text = re.sub(r"\b10\.90\.\d+\.\d+|\bfd00:90::[0-9a-f:]+", "ADDRESS", text)
    text = re.sub(r'"hostID": \d+', '"hostID": ID', text)
    return text


class Lane:
    def __init__(self, build, number, count):
        self.build, self.number, self.count = build, number, count
        self.top = tempfile.mkdtemp(prefix="faults.", dir=os.environ.get("FAULTS_DIR", build))
        self.root, self.state = self.top + "/root", self.top + "/state"
        self.out, self.oci_root = self.top + "/out", self.top + "/oci"
        self.env = dict(os.environ, CTR_ROOT=self.root, CTR_STATE=self.state)
        self.ctr_path = build + "/ctr"
        for d in ("bin", "proc", "sys", "dev", "etc", "tmp", "out"):
            os.makedirs(f"{self.top}/fs/{d}")
        os.chmod(f"{self.top}/fs/tmp", 0o1777)
        shutil.copy(build + "/faults/payload", self.top + "/fs/bin/payload")
        os.mkdir(self.out)
        os.chmod(self.out, 0o777)

    def ctr(self, *args, check=True):
        r = subprocess.run([self.ctr_path, *args], env=self.env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, errors="replace", timeout=60)
        if check and r.returncode:
            raise RuntimeError(f"ctr {' '.join(args)}: {r.returncode} {r.stdout}{r.stderr}")
        return r

    def oci(self, *args, check=True):
        """Containers keep its output: it goes to a file, which nobody waits for the end of."""
        with open(self.top + "/.oci", "w+") as out:
            try:
                status = subprocess.run([f"{self.build}/ctr-oci", "--root", self.oci_root, *args],
                                        env=self.env, stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=subprocess.STDOUT, timeout=DEADLINE).returncode
            except subprocess.TimeoutExpired:
                status = "late"
            out.seek(0)
            text = out.buffer.read().decode(errors="replace")
        if check and status:
            raise RuntimeError(f"ctr-oci {' '.join(args)}: {status} {text}")
        return status, text

    def make_bundles(self):
        for name, change in BUNDLES.items():
            os.makedirs(f"{self.top}/{name}", exist_ok=True)
            with open(f"{self.top}/{name}/config.json", "w") as f:
                json.dump(change(bundle_config(self)), f)
        for name, text in (("process.json", bundle_config(self)["process"] |
                            {"args": ["/bin/payload", "tell"]}),
                           ("detached.json", bundle_config(self)["process"] |
                            {"args": ["/bin/payload", "tell", "/out/told"]}),
                           ("resources.json", RESOURCES)):
            with open(f"{self.top}/{name}", "w") as f:
                json.dump(text, f)

    def make_images(self):
        tar = lambda src, dst: subprocess.run(["tar", "-C", src, "-cf", dst, "."], check=True)
        tar(self.top + "/fs", self.top + "/fs.tar")
        self.ctr("image", "import", self.top + "/fs.tar", "base:1")
        os.mkdir(self.top + "/other")
        for n in range(3):
            with open(f"{self.top}/other/file{n}", "w") as f:
                f.write(f"{n}\n" * 1000)
        tar(self.top + "/other", self.top + "/other.tar")
        self.ctr("image", "import", self.top + "/other.tar", "other:1")
        self.ctr("image", "save", "--format", "oci-dir", "-o", self.top + "/layout", "other:1")
        self.ctr("image", "rm", "other:1")

    def begin(self):
        """The state that every point starts from, and must be led back to."""
        for d in (self.state, self.root + "/containers", self.root + "/volumes", self.oci_root):
            shutil.rmtree(d, ignore_errors=True)
        if not os.path.exists(self.root + "/images/refs/base:1.json"):
            shutil.rmtree(self.root, ignore_errors=True)
            shutil.rmtree(self.top + "/other", ignore_errors=True)
            shutil.rmtree(self.top + "/layout", ignore_errors=True)
            self.make_images()
        self.ctr("run", "-d", "--name", "bystander", "base:1", "/bin/payload", "wait")
        record = json.loads(read(self.state + "/bystander/record.json"))
        self.bystander = record["pid"]
        for name in os.listdir(self.out):
            os.unlink(f"{self.out}/{name}")
        self.make_bundles()
        self.oci("create", "--bundle", self.top + "/bystander", "bystander")
        self.oci("start", "bystander")
        self.base = self.everything()

    def kill_all(self):
        for pid in self.runners() + self.contained():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for top in (GROUPS, OCI_GROUPS):
                for where, _, _ in os.walk(top, topdown=False):
                    if where != top:
                        try:
                            with open(where + "/cgroup.freeze", "w") as f:
                                f.write("0")
                            os.rmdir(where)
                        except OSError:
                            pass
            if not self.groups():
                break
            time.sleep(0.02)

    def reset(self):
        """After a finding: nothing of it may meet the next point."""
        self.kill_all()
        shutil.rmtree(self.root + "/images/staging", ignore_errors=True)
        self.begin()
        # What an image command left among the blobs.
        self.ctr("image", "rm", "-f", "other:1", check=False)
        self.ctr("image", "gc", check=False)
        self.base = self.everything()

    def runners(self):
        pids = [int(p) for group in ("/sys/fs/cgroup/runner", SUPERVISORS_GROUP) if os.path.isdir(group)
                for p in read(group + "/cgroup.procs").split()]
        return [p for p in pids if p != os.getpid()]

    def groups(self):
        """Of containers: name to processes."""
        found = {}
        for top in (GROUPS, OCI_GROUPS):
            for where, _, _ in os.walk(top):
                if where not in (top, SUPERVISORS_GROUP):
                    try:
                        found[where] = read(where + "/cgroup.procs").split()
                    except OSError:
                        pass
        return found

    def contained(self):
        return [int(p) for pids in self.groups().values() for p in pids]

    def settle(self):
        """Every living container has supervisors; all else of ours ends by itself. What does not?"""
        def others():
            groups = self.groups()
            if any(is_ending(p) for pids in groups.values() for p in pids):
                return "a payload that ends "
            living = len([g for g, pids in groups.items() if pids and g.startswith(GROUPS)])
            names = [name_of(p) for p in self.runners()]
            settled = len(names) <= SUPERVISORS * living and set(names) <= {"ctr-supervisor"}
            return None if settled else f"processes {names} "

        until(lambda: others() is None)
        return others() or ""

    def everything(self):
        groups = self.groups()
        return {
            "state": [n for n in listing(self.state, 2) if not n.startswith(".networks")],
            "containers": listing(self.root + "/containers", 2),
            "images": listing(self.root + "/images", 4),
            "volumes": listing(self.root + "/volumes", 3),
            "files": sorted(n for n in os.listdir(self.top) if n[0] != "."),
            "out": sorted(os.listdir(self.out)),
            "groups": sorted(groups),
            "processes": sorted(sum(groups.values(), [])),
            "mounts": read("/proc/self/mountinfo").splitlines(),
            "bystander": read(self.state + "/bystander/record.json"),
            "oci": [n for n in listing(self.oci_root, 2) if not n.startswith(".cache/") or
                    n.startswith(".cache/.")],
            "oci bystander": read(self.oci_root + "/bystander/record.json"),
        }

    def differences(self):
        now, out = self.everything(), []
        for what, was in self.base.items():
            if now[what] == was:
                continue
            if isinstance(was, list):
                more = [n for n in now[what] if n not in was]
                less = [n for n in was if n not in now[what]]
                # A mount goes when somebody on this host removes the directory it is at.
                if more or what != "mounts":
                    out.append(f"{what} +{more} -{less}")
            else:
                out.append(what)
        for group in self.base["groups"]:
            if "frozen 1" in read(f"{group}/cgroup.events"):
                out.append("the bystander is frozen")
        return "; ".join(out)

    def stray_volumes(self, row):
        """Each that has a name is whole; so is what was copied into it, or nothing of that is there. One of the
        container's own is there as long as that container."""
        top, out = self.root + "/volumes", []
        for name in os.listdir(top) if os.path.isdir(top) else []:
            own = re.fullmatch("[0-9a-f]{64}", name) and os.path.isdir(f"{self.root}/containers/k")
            if name not in row.volumes and not own:
                out.append(f"volumes/{name}")
            elif sorted(os.listdir(f"{top}/{name}")) != ["data", "volume.json"]:
                out.append(f"volumes/{name}: {os.listdir(f'{top}/{name}')}")
            elif not own and sorted(os.listdir(f"{top}/{name}/data")) not in ([], row.volumes[name]):
                out.append(f"volumes/{name}/data: {os.listdir(f'{top}/{name}/data')}")
        return out

    def strays(self, row):
        """After gc: what is there beside whole containers."""
        out = []
        allowed = {"bystander"} | set(row.containers)
        out += [f"state/{n}" for n in os.listdir(self.state) if n not in allowed | {".networks"}]
        kept = os.listdir(self.root + "/containers")
        out += [f"containers/{n}" for n in kept if n not in allowed]
        for d in ("images/staging", "spare"):
            if os.path.isdir(f"{self.root}/{d}"):
                out += [f"{d}/{n}" for n in os.listdir(f"{self.root}/{d}")]
        out += self.stray_volumes(row)
        for name in set(kept) & set(row.containers):
            files = set(os.listdir(f"{self.root}/containers/{name}"))
            extra = files - {"config.json", "container.json", "upper", "work", "log", "log.1", "want"}
            out += [f"containers/{name}/{n}" for n in sorted(extra)]
            out += [f"no containers/{name}/{n}" for n in ("config.json", "container.json")
                    if n not in files and not row.rm]
        for name in set(os.listdir(self.state)) & set(row.containers):
            record = json.loads(read(f"{self.state}/{name}/record.json"))
            if not os.path.exists(f"/proc/{record['pid']}"):
                out.append(f"state/{name} of a dead one")
        return ", ".join(out)


class Row:
    """One command. A later program is one more of these."""
    rm = False            # the container removes itself: nothing is kept
    containers = ("k",)   # that may be there after it
    volumes = {}          # the same, and what is in them, if anything
    program = "ctr"
    failures = (125, 126, 127, 1)
    line = re.compile(r"ctr: (?!warning: ).+")
    warning = re.compile(r"ctr: warning: .+")
    losses = 1            # warnings at most, if something is missing
    args = ()
    name = ""
    stdin = os.devnull
    fault = None          # that is made

    @property
    def title(self):
        return ("" if self.program == "ctr-oci" else "ctr ") + self.name

    def prepare(self, lane):
        pass

    def outcome(self, lane):
        """What must be the same whenever the command says that all went well."""
        return None

    def finish(self, lane):
        """Waits for what ends by itself."""

    def collect(self, lane):
        """What clears up after anything: all that it says, which is to be nothing."""
        gc = lane.ctr("gc", check=False)
        said = f" gc said: {gc.stderr.strip()}" if gc.returncode or gc.stderr else ""
        return said + lane.strays(self)

    def plain(self, text):
        return plain(text)

    def undo(self, lane):
        """Back to the beginning, as a user would do it. An error text, or None."""
        if os.path.exists(f"{lane.root}/containers/k") or os.path.exists(f"{lane.state}/k"):
            r = lane.ctr("rm", "-f", "k", check=False)
            if r.returncode or r.stderr:
                return f"rm -f k: {r.stderr.strip()}"
        return None

    def reuse(self, lane):
        r = lane.ctr("run", "--rm", "--name", "k", "base:1", "/bin/payload", "none", check=False)
        return None if r.returncode == 0 and not r.stderr else f"run again: {r.stderr.strip()}"

    def command(self, lane):
        return [a.replace("@", lane.top) for a in self.args]

    def logged(self, lane):
        """Levels of the lines of its log; None if it keeps none."""
        return None


RUN = ["--name", "k", "--hostname", "h", "--user", "5:6", "--sysctl", "net.ipv4.ip_forward=1",
       "--cgroup-conf", "cgroup.max.descendants=4", "-v", "@/out:/out", "base:1", "/bin/payload"]


def told(lane):
    path = lane.out + "/told"
    if not os.path.exists(path):
        return None
    text = read(path)
    os.unlink(path)
    return plain(text)


def kept(lane):
    """A container that has ended."""
    top = f"{lane.root}/containers/k"
    if not os.path.isdir(top):
        return None
    # On a full disk the blanks that were kept free for it stay behind the text.
    out = {n: plain(read(f"{top}/{n}")).rstrip() for n in ("config.json", "container.json")
           if os.path.exists(f"{top}/{n}")}
    return sorted(os.listdir(top)), out, os.path.exists(f"{lane.state}/k")


class Run(Row):
    def __init__(self, name, flags, to_file=False, warm=False):
        self.name, self.rm, self.to_file, self.warm = name, "--rm" in flags, to_file, warm
        self.args = ["run", *flags, *RUN, "tell"] + (["/out/told"] if to_file else [])

    def prepare(self, lane):
        """Right after another one there is a spare directory."""
        if self.warm:
            lane.ctr("run", "--rm", "base:1", "/bin/payload", "none")

    def outcome(self, lane):
        if self.to_file:
            lane.settle()
            lane.ctr("gc", check=False)
        return told(lane), kept(lane)


def connections():
    """What the kernel has of containers in networks: devices, which take a moment to go, and elements of the table."""
    devices = lambda: [n for n in subprocess.run(["ip", "-br", "link"], capture_output=True, text=True).stdout.split()
                       if re.match(r"ctr[0-9a-f]{3}\b", n)]
    until(lambda: not devices(), 5)
    table = subprocess.run(["nft", "list", "table", "inet", "ctr"], capture_output=True, text=True).stdout
    return devices(), re.findall(r'\S+ comment "[0-9a-f]{3} [0-9a-f]{64}"', table)


class RunNetwork(Run):
    """In the default network, with a published port: all of it is undone with the container."""
    def __init__(self, name, flags, to_file=False):
        super().__init__(name, [*flags, "--net", "nat", "-p", "4242:42"], to_file)

    def prepare(self, lane):
        """The table and the gateway stay, once they are there."""
        lane.ctr("run", "--rm", "--net", "nat", "base:1", "/bin/payload", "none")

    def collect(self, lane):
        said = super().collect(lane)
        devices, elements = connections()
        names = [n for n in listing(lane.state + "/.networks") if os.path.islink(f"{lane.state}/.networks/{n}")]
        return said + "".join(f" {n} is left" for n in devices + elements + names)


def volumes_of(lane):
    """Which there are, and what is in them."""
    return plain("\n".join(listing(lane.root + "/volumes", 3)))


def remove_volumes(lane):
    r = lane.ctr("volume", "rm", "-f", "v", check=False)
    return f"volume rm: {r.stderr.strip()}" if r.returncode or r.stderr else None


class RunVolumes(Run):
    """One by name, which is filled, and one of its own."""
    volumes = {"v": ["payload"]}

    def __init__(self, name, flags):
        super().__init__(name, [*flags, "-v", "v:/bin", "-v", "/own"])

    def outcome(self, lane):
        return super().outcome(lane), volumes_of(lane)

    def undo(self, lane):
        if os.path.exists(f"{lane.root}/containers/k") or os.path.exists(f"{lane.state}/k"):
            r = lane.ctr("rm", "-f", "-v", "k", check=False)
            if r.returncode or r.stderr:
                return f"rm -f -v k: {r.stderr.strip()}"
        return remove_volumes(lane)


class Volume(Row):
    containers, volumes = (), {"v": ["full"]}

    def __init__(self, name, args, full):
        self.name, self.args, self.full = name, args, full

    def prepare(self, lane):
        if self.full:
            lane.ctr("volume", "create", "v")
            os.makedirs(f"{lane.root}/volumes/v/data/full/of/directories")

    def outcome(self, lane):
        return volumes_of(lane)

    def undo(self, lane):
        return remove_volumes(lane)

    def reuse(self, lane):
        r = lane.ctr("volume", "create", "v", check=False)
        return f"create again: {r.stderr.strip()}" if r.returncode or r.stderr else remove_volumes(lane)


class RemoveWithVolumes(Row):
    """A container, and a volume of its own."""
    name, args = "rm -v, with volumes", ["rm", "-v", "k"]

    def prepare(self, lane):
        lane.ctr("run", "--name", "k", "-v", "/own", "base:1", "/bin/payload", "none")

    def outcome(self, lane):
        return sorted(os.listdir(lane.root + "/containers")), volumes_of(lane)

    def undo(self, lane):
        if os.path.exists(f"{lane.root}/containers/k"):
            r = lane.ctr("rm", "-v", "k", check=False)
            return f"rm -v k: {r.stderr.strip()}" if r.returncode or r.stderr else None
        return None


class OnRunning(Row):
    """To a container that runs."""
    payload, flags = "wait", ["-d"]

    def __init__(self, name, args):
        self.name, self.args = name, args

    def prepare(self, lane):
        lane.ctr("run", *self.flags, *[a.replace("@", lane.top) for a in RUN], self.payload, "/out/ready")
        if not until(lambda: os.path.exists(lane.out + "/ready")):
            raise RuntimeError(f"{self.name}: the payload does not get ready")
        os.unlink(lane.out + "/ready")

    def outcome(self, lane):
        lane.settle()
        frozen = [read(f"{g}/cgroup.events") for g in lane.groups()]
        return told(lane), kept(lane), sorted(frozen), sorted(os.listdir(lane.state))


def end_all_of(lane, before):
    """Kills k and its supervisors. Those who would go on in another's place do not get to it."""
    started = lambda: [p for p in lane.runners() if p not in before]
    until(lambda: len(started()) == SUPERVISORS)
    pids = started()
    pids.append(json.loads(read(f"{lane.state}/k/record.json"))["pid"])
    for sig in (signal.SIGSTOP, signal.SIGKILL):
        for p in pids:
            os.kill(p, sig)
    for p in pids:
        while is_alive(p):
            time.sleep(0.001)


class Create(Row):
    name, args = "create", ["create", *RUN, "tell"]

    def outcome(self, lane):
        """But for the directories that a spare one has and another gets with its first start."""
        names, *rest = kept(lane) or ([],)
        return [n for n in names if n not in ("upper", "work")], rest, sorted(os.listdir(lane.state))


class Kept(Row):
    """Of one that was there before: what it has written is there afterwards, whatever happens."""
    def write(self, lane):
        data = f"{lane.root}/containers/k/upper"
        os.makedirs(data, exist_ok=True)
        with open(data + "/written", "w") as f:
            f.write("before")

    def collect(self, lane):
        said = super().collect(lane)
        try:
            json.loads(read(f"{lane.root}/containers/k/container.json"))
            json.loads(read(f"{lane.root}/containers/k/config.json"))
            if read(f"{lane.root}/containers/k/upper/written") == "before":
                return said
        except (OSError, ValueError):
            pass
        return said + " what it had written is lost"


class Start(Kept):
    def __init__(self, name, args, before):
        self.name, self.args, self.before = name, args, before

    def prepare(self, lane):
        lane.ctr(*self.before, *[a.replace("@", lane.top) for a in RUN], "tell", "/out/told",
                 check=False)
        told(lane)
        self.write(lane)

    def outcome(self, lane):
        lane.settle()
        lane.ctr("gc", check=False)
        return told(lane), kept(lane)

    def finish(self, lane):
        until(lambda: not os.path.exists(lane.state + "/k"), 1)


class Restart(Kept, OnRunning):
    """Of one that runs, and whose second life is short."""
    payload, unseen = "once", ()

    def prepare(self, lane):
        OnRunning.prepare(self, lane)
        self.write(lane)

    def finish(self, lane):
        until(lambda: not os.path.exists(lane.state + "/k"), 1)

    def outcome(self, lane):
        lane.settle()
        lane.ctr("gc", check=False)
        return kept(lane)

    def logged(self, lane):
        """Nobody waits for the next start: container.json tells why there was none."""
        self.outcome(lane)
        try:
            told_there = json.loads(read(f"{lane.root}/containers/k/container.json"))
        except (OSError, ValueError):
            return None
        return ["warning"] if "error" in told_there or told_there.get("exitStatus") == self.unseen else None


class Autostart(Restart):
    """Of one that is to run always, and whose processes have all been killed, as by the end of the machine."""
    flags = ["-d", "--restart", "on-failure"]

    def prepare(self, lane):
        before = lane.runners()
        super().prepare(lane)
        end_all_of(lane, before)


class RunTwice(Row):
    """One that fails, and is started again by itself."""
    name = "run -d, restarted"
    args = ["run", "-d", "--restart", "on-failure:1", *RUN, "twice"]
    unseen = -1 # nobody saw its end, which is told too
    finish, outcome, logged = Restart.finish, Restart.outcome, Restart.logged


class Update(OnRunning):
    """Live and saved alike. Who is killed between the two leaves what the next start takes back."""
    args = ["update", "--cgroup-conf", "cgroup.max.descendants=6", "--restart", "on-failure:1", "k"]

    def __init__(self, name, ended):
        super().__init__(name, self.args)
        self.ended = ended

    def prepare(self, lane):
        super().prepare(lane)
        if self.ended:
            lane.ctr("stop", "-t", "0", "k")
            told(lane)

    def saved(self, lane):
        document = json.loads(read(f"{lane.root}/containers/k/config.json"))
        return document["linux"]["resources"]["unified"]["cgroup.max.descendants"]

    def live(self, lane):
        values = {read(f"{g}/cgroup.max.descendants").strip() for g in lane.groups() if g not in lane.base["groups"]}
        return values.pop() if values else None

    def outcome(self, lane):
        return kept(lane), self.saved(lane), self.live(lane), sorted(os.listdir(lane.state))

    def collect(self, lane):
        said = super().collect(lane)
        live, saved = self.live(lane), self.saved(lane)
        cut_short = self.fault in ("KILL", "ALL") and (live, saved) == ("6", "4")
        alike = live == saved or (self.ended and live is None) or cut_short
        return said if alike else said + f" {live} is live, and {saved} saved"


class Rename(OnRunning):
    """One name or the other, with what it has written."""
    containers = ("k", "m")

    def __init__(self, name, ended):
        super().__init__(name, ["rename", "k", "m"])
        self.ended = ended

    def prepare(self, lane):
        super().prepare(lane)
        if self.ended:
            lane.ctr("stop", "-t", "0", "k")
            told(lane)
        Kept.write(self, lane)

    def names(self, lane):
        return [[n for n in os.listdir(d) if n in self.containers] for d in (lane.root + "/containers", lane.state)]

    def outcome(self, lane):
        looked = lane.ctr("inspect", "m", check=False).stdout
        return self.names(lane), [json.loads(looked)[0].get(k) for k in ("name", "status")] if looked else None

    def collect(self, lane):
        said = super().collect(lane)
        data, state = self.names(lane)
        if len(data) != 1 or state not in ([data, []] if self.ended else [data]):
            return said + f" its data are {data}, its state {state}"
        if read(f"{lane.root}/containers/{data[0]}/upper/written") != "before":
            return said + " what it had written is lost"
        return said

    def undo(self, lane):
        for name in self.names(lane)[0]:
            r = lane.ctr("rm", "-f", name, check=False)
            if r.returncode or r.stderr:
                return f"rm -f {name}: {r.stderr.strip()}"
        return None


class Exec(OnRunning):
    def outcome(self, lane):
        frozen = [read(f"{g}/cgroup.events") for g in lane.groups()]
        return kept(lane), sorted(frozen), len(lane.groups()), len(lane.contained())


class Copy(OnRunning):
    """To or from a container; what came of it."""
    def __init__(self, name, args, ended):
        super().__init__(name, args)
        self.ended = ended

    def prepare(self, lane):
        shutil.rmtree(lane.top + "/.got", ignore_errors=True)
        if self.ended:
            lane.ctr("run", "--name", "k", "--hostname", "h", "base:1", "/bin/payload", "none")
        else:
            super().prepare(lane)

    def outcome(self, lane):
        tops = lane.top + "/.got", f"{lane.root}/containers/k/upper/copy"
        files = {p: os.path.isfile(p) and len(open(p, "rb").read())
                 for t in tops for p in (os.path.join(t, n) for n in listing(t))}
        return files, kept(lane), len(lane.contained())


class Look(Exec):
    """Figures differ each time; that there is one does not."""
    def plain(self, text):
        text = re.sub(r"/ctr/[0-9a-f]+", "/ctr/RANGE", re.sub(" +", " ", plain(text)))
        return re.sub(r"(?<![\w.])\d+(\.\d+)?", "N", re.sub(r"[0-9a-f]{12,}", "HEX", text))


class Events(Look):
    """Of this container alone."""
    def prepare(self, lane):
        if os.path.exists(lane.root + "/events"):
            os.unlink(lane.root + "/events")
        super().prepare(lane)


class Health(OnRunning):
    """What was answered is kept, or nothing is."""
    flags = ["-d", "--health-cmd", "x", "--health-interval", "1h"]

    def outcome(self, lane):
        try:
            head, *answers = read(lane.state + "/k/health.json").splitlines()
        except FileNotFoundError:
            head, answers = "", []
        kept_answers = [json.loads(a)["exitCode"] for a in answers]
        return kept(lane), kept_answers, len(lane.groups()), len(lane.contained())


class Supervised(Row):
    """Its supervisor asks how it is while it runs: how often is a matter of luck."""
    name, rm = "run --rm -d, with a health check", True
    args = ["run", "--rm", "-d", "--health-cmd", "x", "--health-interval", "10ms", *RUN, "nap"]

    def finish(self, lane):
        until(lambda: not os.path.exists(lane.state + "/k"), 1)

    def outcome(self, lane):
        lane.settle()
        lane.ctr("gc", check=False)
        return kept(lane), len(lane.groups()), len(lane.contained())


class Logs(Row):
    """Of a container that has ended."""
    name, args = "logs", ["logs", "k"]

    def prepare(self, lane):
        lane.ctr("run", "-d", *[a.replace("@", lane.top) for a in RUN], "tell")
        lane.ctr("wait", "k", check=False)

    def outcome(self, lane):
        return kept(lane)


class Typed(OnRunning):
    """With a line on standard input, which the payload says again."""
    @property
    def stdin(self):
        return self.line_at

    def prepare(self, lane):
        self.line_at = lane.top + "/.line"
        with open(self.line_at, "w") as f:
            f.write("a line\n")
        super().prepare(lane)


class ExecTyped(Typed):
    outcome = Exec.outcome


class Attach(Typed):
    """Which ends when the container does, as that has read its line."""
    payload, flags = "echo", ["-d", "-i"]

    def finish(self, lane):
        until(lambda: not os.path.exists(lane.state + "/k"), 1)

    def outcome(self, lane):
        lane.settle()
        return kept(lane), plain(read(f"{lane.root}/containers/k/log")), sorted(os.listdir(lane.state))


class Wait(OnRunning):
    payload = "nap"

    def finish(self, lane):
        until(lambda: len(lane.contained()) == 1 and not os.path.exists(lane.state + "/k"), 1)


class Kill(OnRunning):
    """Which does not wait for the effect."""
    def finish(self, lane, seconds=0.5):
        until(lambda: not os.path.exists(lane.state + "/k"), seconds)

    def outcome(self, lane):
        self.finish(lane, 20)
        return super().outcome(lane)


class RemoveExited(Row):
    name, args = "rm", ["rm", "k"]

    def prepare(self, lane):
        lane.ctr("run", "--name", "k", "base:1", "/bin/payload", "none")

    def outcome(self, lane):
        return sorted(os.listdir(lane.root + "/containers")), sorted(os.listdir(lane.state))



class Collect(Row):
    """Something for gc to do: a dead container, and half-made and half-removed directories."""
    name, args, rm = "gc", ["gc"], True

    def prepare(self, lane):
        before = lane.runners()
        lane.ctr("run", "--rm", "-d", "--name", "k", "base:1", "/bin/payload", "wait")
        end_all_of(lane, before)
        os.makedirs(f"{lane.state}/.new.0123456789abcdef")
        os.makedirs(f"{lane.state}/.old.0123456789abcdef/below")
        os.makedirs(f"{lane.root}/containers/orphan/upper")
        os.makedirs(f"{lane.root}/volumes/.new.0123456789abcdef/data")
        os.makedirs(f"{lane.root}/volumes/.old.0123456789abcdef/data/below")

    def outcome(self, lane):
        return lane.differences()


class Image(Row):
    containers = ()

    def __init__(self, name, args, present):
        self.name, self.args, self.present = name, args, present

    def prepare(self, lane):
        if self.present:
            lane.ctr("image", "import", lane.top + "/other.tar", "other:1")

    def outcome(self, lane):
        images = lane.root + "/images"
        refs = {n: plain(read(f"{images}/refs/{n}")) for n in sorted(os.listdir(images + "/refs"))}
        check = subprocess.run([lane.build + "/ctr-image", "fsck"], env=lane.env,
                               capture_output=True, text=True)
        saved = None
        if os.path.exists(lane.top + "/saved.tar"):
            saved = subprocess.run(["tar", "-tvf", lane.top + "/saved.tar"], capture_output=True,
                                   text=True).stdout
        return refs, plain("\n".join(listing(images, 3))), check.returncode, plain(saved or "")

    def undo(self, lane):
        check = subprocess.run([lane.build + "/ctr-image", "fsck"], env=lane.env,
                               capture_output=True, text=True)
        if check.returncode:
            return f"image check: {check.stdout}{check.stderr}"
        if os.path.exists(lane.root + "/images/refs/other:1.json"):
            r = lane.ctr("image", "rm", "other:1", check=False)
            if r.returncode or r.stderr:
                return f"image rm: {r.stderr.strip()}"
        if os.path.exists(lane.top + "/saved.tar"):
            r = subprocess.run(["tar", "-tf", lane.top + "/saved.tar"], capture_output=True,
                               text=True)
            os.unlink(lane.top + "/saved.tar")
            if r.returncode or "index.json" not in r.stdout:
                return "the saved file is half a file"
        return None

    def reuse(self, lane):
        r = lane.ctr("image", "import", lane.top + "/other.tar", "other:1", check=False)
        if r.returncode or r.stderr:
            return f"import again: {r.stderr.strip()}"
        lane.ctr("image", "rm", "other:1")
        return None


def bundle_config(lane):
    """What an engine makes, with one of each kind of thing in it."""
    caps = ["CAP_KILL", "CAP_CHOWN", "CAP_MKNOD"]
    return {
        "ociVersion": "1.2.0",
        "root": {"path": lane.top + "/fs"},
        "hostname": "h",
        "process": {
            "user": {"uid": 0, "gid": 0, "additionalGids": [7], "umask": 18}, "cwd": "/",
            "args": ["/bin/payload", "stay", "/out/told"], "env": ["A=b"],
            "noNewPrivileges": True, "oomScoreAdj": 100,
            "capabilities": {s: caps for s in ("bounding", "effective", "permitted")},
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 512, "hard": 1024}],
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs",
             "options": ["nosuid", "noexec", "nodev", "ro"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
             "options": ["nosuid", "noexec", "nodev", "ro"]},
            {"destination": "/out", "type": "bind", "source": lane.out, "options": ["rbind"]},
        ],
        "linux": {
            "namespaces": [{"type": t} for t in ("pid", "ipc", "uts", "mount", "network", "cgroup")],
            "cgroupsPath": "/oci/k", "sysctl": {"net.ipv4.ip_forward": "1"},
            "maskedPaths": ["/proc/kcore", "/sys/firmware"], "readonlyPaths": ["/proc/sys"],
            "resources": {"devices": [{"allow": False, "access": "rwm"}],
                          "unified": {"cgroup.max.descendants": "4"}},
            "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                        "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]},
        },
    }


RESOURCES = {"unified": {"cgroup.max.descendants": "3"},
             "devices": [{"allow": False, "access": "rwm"},
                         {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rwm"}]}


def with_args(*args):
    return lambda c: c | {"process": c["process"] | {"args": ["/bin/payload", *args]}}


def with_hooks(c):
    """And a user namespace, as an engine gives one."""
    top = c["root"]["path"].removesuffix("/fs")
    hook = lambda n: [{"path": f"{top}/fs/bin/payload", "args": ["payload", "hook", f"{top}/out/{n}"]}]
    ids = [{"containerID": 0, "hostID": 0, "size": 65536}]
    return c | {
        "hooks": {n: hook(n) for n in ("createRuntime", "createContainer", "poststart")},
        "linux": c["linux"] | {"namespaces": c["linux"]["namespaces"] + [{"type": "user"}],
                               "uidMappings": ids, "gidMappings": ids},
    }


def as_bystander(c):
    return with_args("wait")(c) | {"linux": c["linux"] | {"cgroupsPath": "/oci/bystander"}}


BUNDLES = {"bundle": lambda c: c, "tells": with_args("tell"), "ends": with_args("none"),
           "hooks": with_hooks, "bystander": as_bystander}


class Oci(Row):
    """Of ctr-oci, which keeps a log and has no gc: the engine deletes."""
    program, containers, failures = "ctr-oci", (), (1,)
    line = re.compile(r"ctr-oci(: \w+)?: (?!warning: ).+")
    warning = re.compile(r"ctr-oci: warning: .+")
    losses = 2            # a capability, and what depends on it in another set

    def __init__(self, name, *args):
        self.name = "ctr-oci " + name
        self.args = ["--root", "@/oci", "--log", "@/.log", "--log-format", "json", *args]

    def logged(self, lane):
        path = lane.top + "/.log"
        if not os.path.exists(path):
            return []
        lines = read(path).splitlines()
        os.unlink(path)
        try:
            return [json.loads(l)["level"] for l in lines]
        except (ValueError, KeyError):
            return ["no JSON"] * 2

    def collect(self, lane):
        status, said = lane.oci("delete", "--force", "k", check=False)
        return f" delete said: {status} {said.strip()}" if status or said else ""

    def undo(self, lane):
        """In the engine's own directory."""
        for name in os.listdir(lane.out):
            os.unlink(f"{lane.out}/{name}")

    def reuse(self, lane):
        status, said = lane.oci("run", "--bundle", lane.top + "/ends", "k", check=False)
        return None if status == 0 and not said else f"run again: {status} {said.strip()}"

    def plain(self, text):
        return re.sub(r'"pid": *\d+', '"pid": PID', plain(text))

    def state(self, lane):
        return self.plain(lane.oci("state", "k", check=False)[1])

    def told(self, lane):
        """What the payload of "bundle" was given."""
        path = lane.out + "/told"
        whole = until(lambda: os.path.exists(path) and read(path).endswith("end\n"))
        return whole, told(lane)

    def ended(self, lane):
        return until(lambda: not lane.groups().get(OCI_GROUPS + "/k"))

    def hooked(self, lane):
        return {n: self.plain(read(f"{lane.out}/{n}")) for n in sorted(os.listdir(lane.out))}


class OciCreate(Oci):
    def __init__(self, name, bundle):
        super().__init__(name, "create", "--bundle", "@/" + bundle, "--pid-file", "@/out/pid", "k")

    def outcome(self, lane):
        state = lane.oci("state", "k", check=False)[1]
        pid = os.path.exists(lane.out + "/pid") and f'"pid": {read(lane.out + "/pid")},' in state
        if pid:
            os.unlink(lane.out + "/pid")
        start = lane.oci("start", "k", check=False)
        return self.plain(state), pid, start, self.told(lane), self.hooked(lane)


class OciStart(Oci):
    def prepare(self, lane):
        lane.oci("create", "--bundle", lane.top + "/bundle", "k")

    def outcome(self, lane):
        return self.told(lane), self.state(lane)


class OciRun(Oci):
    """The first one with its filter."""
    def prepare(self, lane):
        shutil.rmtree(lane.oci_root + "/.cache")
        os.mkdir(lane.oci_root + "/.cache")

    def outcome(self, lane):
        return self.state(lane), lane.differences()


class OciOnRunning(Oci):
    def prepare(self, lane):
        OciStart.prepare(self, lane)
        lane.oci("start", "k")
        self.told(lane)

    def outcome(self, lane):
        frozen = [read(f"{g}/cgroup.events") for g in lane.groups()]
        return self.state(lane), sorted(frozen), len(lane.contained())


class OciLook(OciOnRunning):
    plain = Look.plain


class OciExec(OciOnRunning):
    failures = (255,)


class OciExecDetached(OciExec):
    def outcome(self, lane):
        until(lambda: len(lane.groups().get(OCI_GROUPS + "/k", [])) == 1)
        pid = os.path.exists(lane.out + "/pid") and read(lane.out + "/pid").isdigit()
        return pid, told(lane), super().outcome(lane)


class OciKill(OciOnRunning):
    def outcome(self, lane):
        return self.ended(lane), self.state(lane)


class OciDelete(Oci):
    def prepare(self, lane):
        lane.oci("create", "--bundle", lane.top + "/ends", "k")
        lane.oci("start", "k")
        self.ended(lane)

    def outcome(self, lane):
        return lane.differences()


class OciDeleteRunning(OciOnRunning):
    def outcome(self, lane):
        return lane.differences()


class OciResume(OciOnRunning):
    def prepare(self, lane):
        super().prepare(lane)
        lane.oci("pause", "k")


class OciUpdate(OciOnRunning):
    def outcome(self, lane):
        tell = lane.oci("exec", "k", "/bin/payload", "tell", check=False)
        return plain(tell[1]), super().outcome(lane)


ROWS = [
    Run("run --rm", ["--rm"]),
    Run("run --rm, after another", ["--rm"], warm=True),
    Run("run --rm -d", ["--rm", "-d"], to_file=True),
    Run("run", []),
    Run("run -d", ["-d"], to_file=True),
    Run("run --timeout", ["--timeout", "600"]),
    RunNetwork("run --rm, with a network", ["--rm"]),
    RunNetwork("run -d, with a network", ["-d"], to_file=True),
    Create(),
    Start("start, again", ["start", "k"], ["run"]),
    Start("start -a, the first time", ["start", "-a", "k"], ["create"]),
    Restart("restart", ["restart", "-t", "5", "k"]),
    Autostart("autostart", ["autostart"]),
    Update("update", False),
    Update("update, of one that has ended", True),
    Rename("rename", False),
    Rename("rename, of one that has ended", True),
    RunTwice(),
    RunVolumes("run --rm, with volumes", ["--rm"]),
    RunVolumes("run, with volumes", []),
    Volume("volume create", ["volume", "create", "v"], False),
    Volume("volume inspect", ["volume", "inspect", "v"], True),
    Volume("volume rm", ["volume", "rm", "v"], True),
    RemoveWithVolumes(),
    RemoveExited(),
    OnRunning("rm -f", ["rm", "-f", "k"]),
    Exec("exec", ["exec", "k", "/bin/payload", "tell"]),
    ExecTyped("exec -i", ["exec", "-i", "k", "/bin/payload", "echo"]),
    Attach("attach", ["attach", "k"]),
    Logs(),
    Look("ps", ["ps", "-a", "--format", "json"]),
    Look("top", ["top", "k"]),
    Look("top --format json", ["top", "--format", "json", "k"]),
    Exec("diff", ["diff", "k"]),
    Copy("cp, to", ["cp", "@/other", "k:/copy"], False),
    Copy("cp, from", ["cp", "k:/bin", "@/.got"], False),
    Copy("cp, to one that has ended", ["cp", "@/other", "k:/copy"], True),
    Copy("cp, from one that has ended", ["cp", "k:/bin", "@/.got"], True),
    Supervised(),
    Health("healthcheck run", ["healthcheck", "run", "k"]),
    Events("events", ["events", "--format", "json"]),
    Look("inspect", ["inspect", "k"]),
    Look("stats", ["stats", "--no-stream", "--format", "json", "k"]),
    OnRunning("stop", ["stop", "-t", "5", "k"]),
    Kill("kill", ["kill", "-s", "TERM", "k"]),
    Kill("kill -9", ["kill", "k"]),
    Wait("wait", ["wait", "k"]),
    OnRunning("pause", ["pause", "k"]),
    type("Resume", (OnRunning,), {
        "prepare": lambda self, lane: (OnRunning.prepare(self, lane), lane.ctr("pause", "k"))
    })("resume", ["resume", "k"]),
    Collect(),
    Image("image import, a root tar", ["image", "import", "@/other.tar", "other:1"], False),
    Image("image import, an OCI layout", ["image", "import", "@/layout", "other:1"], False),
    Image("image rm", ["image", "rm", "other:1"], True),
    Image("image save", ["image", "save", "-o", "@/saved.tar", "other:1"], True),
    OciCreate("create", "bundle"),
    OciCreate("create, with hooks", "hooks"),
    OciStart("start", "start", "k"),
    OciRun("run", "run", "--bundle", "@/tells", "k"),
    OciExec("exec", "exec", "--process", "@/process.json", "k"),
    OciExecDetached("exec --detach", "exec", "--detach", "--pid-file", "@/out/pid", "--process",
                    "@/detached.json", "k"),
    OciKill("kill", "kill", "k", "TERM"),
    OciDelete("delete", "delete", "k"),
    OciDeleteRunning("delete --force", "delete", "--force", "k"),
    OciOnRunning("pause", "pause", "k"),
    OciResume("resume", "resume", "k"),
    OciUpdate("update", "update", "--resources", "@/resources.json", "k"),
    OciOnRunning("state", "state", "k"),
    OciOnRunning("list", "list", "--format", "json"),
    OciLook("ps", "ps", "--format", "json", "k"),
    OciLook("events", "events", "--stats", "k"),
]


class Result:
    def __init__(self, status, out, err, logged, hit, program, call, hung):
        self.status, self.out, self.err, self.logged = status, out, err, logged
        self.hit, self.program, self.call, self.hung = hit, program, call, hung


def inject(lane, row, point=None, trace=None):
    r, w = os.pipe()
    cmd = [lane.build + "/faults/inject", "-d", str(DEADLINE), "-r", str(w)]
    cmd += ["-p", point] if point else []
    cmd += ["-t", trace] if trace else []
    with open(lane.top + "/.stdout", "w+") as out, open(lane.top + "/.stderr", "w+") as err, \
            open(row.stdin) as stdin:
        subprocess.run([*cmd, "--", f"{lane.build}/{row.program}", *row.command(lane)], env=lane.env,
                       stdin=stdin, stdout=out, stderr=err, pass_fds=[w],
                       timeout=3 * DEADLINE)
        out.seek(0), err.seek(0)
        texts = out.buffer.read().decode(errors="replace"), \
            err.buffer.read().decode(errors="replace")
    os.close(w)
    with os.fdopen(r) as f:
        words = f.read().split()
    return Result(int(words[0]), *texts, row.logged(lane), words[1], words[2], words[3], words[4] == "hung")


def points_of(trace):
    """Process and number of each call, and the errors that it can fail with."""
    for line in read(trace).splitlines():
        role, k, _, _, can = line.split()
        yield role, int(k), ERRORS if can == "can" else ["ENOMEM"] if can == "memory" else []


# The status of payload.c when it cannot read or write, and what ctr says whose own streams failed then.
UNMOVED = 8
UNMOVED_WARNING = re.compile(r"ctr: warning: (write to standard (output|error)|pass standard input on): .+")
# Of the dynamic loader and the C library, before main().
LOADER = re.compile(r"(\S*/ctr-(image|copy)|ctr-(image|copy)|): (error while loading shared libraries|symbol lookup|"
                    r"relocation error).*|Fatal glibc error: .+|cannot (set up|allocate) .+|"
                    r"out of memory")


def judge(row, fault, res, same):
    """The findings about what the command said and did: (kind, text)."""
    clean = row.clean[0]
    lines = [l for l in res.err.splitlines() if not l.startswith("hint: ")]
    warnings = [l for l in lines if row.warning.fullmatch(l)]
    errors = [l for l in lines if l not in warnings]
    if res.logged is not None:
        warnings += [l for l in res.logged if l == "warning"]
    if res.hung:
        return [("hang", "")]
    if fault in ("KILL", "ALL") and res.status == 137:
        return []
    if res.status == clean.status:
        if errors or "error" in (res.logged or []):
            return [("lines", "success, yet it says so")]
        # A lock that is said to be held is: what it guards is left alone.
        held = res.call == "flock" and fault == "EAGAIN"
        # Where a group forbids nodes, those of the host are shown.
        shown = res.call == "mknodat" and fault == "EPERM"
        if not same and not 1 <= len(warnings) <= row.losses and fault not in ("KILL", "ALL") and \
                not (held or shown):
            return [("lost", "")]
        return []
    # A payload that could not has said so by its own status, or died of it, which is passed on.
    moved = res.program == "ctr" and fault in ERRORS and fault not in ("EAGAIN", "EINTR")
    if moved and res.status in (UNMOVED, 128 + signal.SIGPIPE) and not errors and len(warnings) == 1 and \
            UNMOVED_WARNING.fullmatch(warnings[0]):
        return []
    # glibc's loader looks at neither the first memory that it gets nor what it writes to then.
    if res.hit == "linking" and res.program == "ctr-image" and res.status == 139 and not lines:
        return []
    found = []
    early = len(errors) == 1 and LOADER.fullmatch(errors[0])
    if res.status not in row.failures and not (early and res.status in Row.failures):
        found.append(("status", f"{res.status}"))
    if len(errors) != 1 or not (row.line.fullmatch(errors[0]) or early):
        found.append(("lines", f"{len(errors)}"))
    elif res.logged is not None and res.logged.count("error") != 1 and not early:
        found.append(("lines", f"logged {res.logged}"))
    return found


def try_point(lane, row, role, k, fault):
    row.prepare(lane)
    row.fault = fault
    number = str(getattr(errno, fault)) if fault in ERRORS else fault
    res = inject(lane, row, f"{role}:{k}:{number}")
    found = []
    if not res.hung:
        outcome = None
        if res.status == row.clean[0].status:
            outcome = (row.plain(res.out), row.outcome(lane))
        found = judge(row, fault, res, outcome == row.clean[1])
        if found and found[0][0] == "lost":
            found = [("lost", explain(row.clean[1], outcome))]
    else:
        found = [("hang", "")]
    told(lane)
    if res.hit == "missed":
        found = [f for f in found if f[0] == "hang"]
    row.finish(lane)
    left = lane.settle()
    left += row.collect(lane)
    bad = row.undo(lane)
    left += lane.settle()
    left += lane.differences()
    if left:
        found.append(("left", left))
    if not left and not bad:
        bad = row.reuse(lane)
    if bad:
        found.append(("name", bad))
    if found:
        lane.reset()
    return res, found


def explain(was, now):
    """The first place where two outcomes differ."""
    a, b = json.dumps(was, default=str, indent=0), json.dumps(now, default=str, indent=0)
    a, b = a.replace("\\n", "\n").splitlines(), b.replace("\\n", "\n").splitlines()
    for x, y in zip(a, b):
        if x != y:
            at = max(0, len(os.path.commonprefix([x, y])) - 20)
            return f"{x[at:at + 80]!r} became {y[at:at + 80]!r}"
    return f"{len(a)} lines became {len(b)}"


def plan_row(lane, row):
    """Every point of a command, by clean runs. They also tell what success is."""
    seen = {}
    for i in range(3):
        row.prepare(lane)
        trace = lane.top + "/.trace"
        res = inject(lane, row, trace=trace)
        outcome = (row.plain(res.out), row.outcome(lane))
        if i and outcome != row.clean[1]:
            raise RuntimeError(f"{row.name}: two clean runs differ: "
                               f"{explain(row.clean[1], outcome)}; {res.err}")
        row.clean = (res, outcome)
        if res.err or res.hung:
            raise RuntimeError(f"{row.name}: a clean run said {res.status} {res.err}")
        for role, k, can in points_of(trace):
            seen[role, k] = [e for e in can if e in seen.get((role, k), ERRORS)]
        os.unlink(trace)
        lane.settle()
        bad = row.collect(lane) or row.undo(lane) or lane.differences() or row.reuse(lane)
        if bad:
            raise RuntimeError(f"{row.name}: a clean run left {bad}")
    return [(role, k, fault) for (role, k), can in sorted(seen.items())
            for fault in ["KILL", "ALL", *can]]


def lane_main(options):
    # The kernel does not mount the same tree over itself.
    if os.path.ismount("/sys/fs/cgroup"):
        subprocess.run(["umount", "-R", "/sys/fs/cgroup"], check=True)
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.mkdir("/sys/fs/cgroup/runner")
    with open("/sys/fs/cgroup/runner/cgroup.procs", "w") as f:
        f.write(str(os.getpid()))
    lane = Lane(os.path.realpath(options.build), options.lane, LANES)
    say = lambda **what: print(json.dumps(what), flush=True)
    begun = time.time()
    try:
        lane.begin()
        plans = []
        for row in ROWS:
            if options.command and not any(c in row.name for c in options.command):
                continue
            plans += [(row, *p) for p in plan_row(lane, row)
                      if not options.fault or p[2] in options.fault]
        say(total=len(plans))
        random.Random(options.seed).shuffle(plans)
        part, parts = map(int, options.part.split("/"))
        chosen = plans[:options.points or None][part - 1::parts][options.lane::LANES]
        for row, role, k, fault in chosen:
            if options.minutes and time.time() - begun > 60 * options.minutes:
                break
            res, found = try_point(lane, row, role, k, fault)
            say(row=row.name, fault=fault, hit=res.hit, found=sorted({f[0] for f in found}))
            for kind, text in found:
                say(finding=f"{kind}: {row.title}: {fault} at {role}:{k} "
                    f"({res.program} {res.call}): {text}; status {res.status}, "
                    f"said {res.err.strip()!r}")
        lane.reset()
    finally:
        lane.kill_all()
        shutil.rmtree(lane.top, ignore_errors=True)


class Tally:
    def __init__(self):
        self.rows, self.points, self.failed, self.missed = {}, 0, 0, 0

    def add(self, row, fault, hit, found):
        if hit == "missed":
            self.missed += 1
            if not found:
                return
        self.points += 1
        self.failed += bool(found)
        cell = self.rows.setdefault((row, fault), {"points": 0})
        cell["points"] += 1
        for kind in found:
            cell[kind] = cell.get(kind, 0) + 1

    def table(self, title, of, order):
        """One line for each value of `of`, summed over the rest."""
        lines = [f"| {title} | points | " + " | ".join(HEADS) + " |",
                 "|---|" + "---:|" * (len(HEADS) + 1)]
        for key in order:
            cells = [c for (row, fault), c in self.rows.items() if of(row, fault) == key]
            if cells:
                sums = [sum(c.get(k, 0) for c in cells) for k in ["points"] + FINDINGS]
                lines.append(f"| {key} | " + " | ".join(map(str, sums)) + " |")
        return "\n".join(lines) + "\n"


def start_lane(number):
    """In a cgroup that becomes the root of its own tree, with mounts and a network of its own."""
    mounts = [l.split() for l in read("/proc/self/mountinfo").splitlines()]
    top = next(m[4] for m in mounts if m[m.index("-") + 1] == "cgroup2")
    own = f"{top}/ctr-faults-{os.getpid()}-{number}"
    os.mkdir(own)

    def enter():
        with open(own + "/cgroup.procs", "w") as f:
            f.write(str(os.getpid()))

    args = [a for a in sys.argv[1:]]
    p = subprocess.Popen(["unshare", "-m", "-n", "-C", "--propagation", "private", sys.executable,
                          os.path.realpath(__file__), "--lane", str(number), *args],
                         preexec_fn=enter, stdout=subprocess.PIPE)
    return p, own


def remove_group(own):
    for _ in range(300):
        for where, _, _ in os.walk(own, topdown=False):
            try:
                os.rmdir(where)
            except OSError:
                pass
        if not os.path.isdir(own):
            return True
        time.sleep(0.1)
    print(f"campaign: {own} was left behind", file=sys.stderr)
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", dest="points", type=int, default=0)
    parser.add_argument("-s", dest="seed", type=int, default=1)
    parser.add_argument("-m", dest="minutes", type=int, default=0)
    parser.add_argument("-p", dest="part", default="1/1")
    parser.add_argument("-c", dest="command", action="append")
    parser.add_argument("-f", dest="fault", action="append", choices=FAULTS)
    parser.add_argument("-o", dest="output")
    parser.add_argument("--lane", type=int)
    parser.add_argument("build")
    options = parser.parse_args()
    if options.lane is not None:
        return lane_main(options)
    begun, tally, ok = time.time(), Tally(), True
    lanes = [start_lane(n) for n in range(LANES)]
    waiting, rest = {p.stdout.fileno(): p for p, _ in lanes}, {}
    while waiting:
        for fd in select.select(list(waiting), [], [])[0]:
            data = os.read(fd, 65536)
            if not data:
                del waiting[fd]
            *lines, rest[fd] = (rest.get(fd, b"") + data).split(b"\n")
            for line in lines:
                said = json.loads(line)
                if "finding" in said:
                    print("not ok", said["finding"], flush=True)
                elif "total" in said:
                    print(f"# one lane counts {said['total']} points in all", flush=True)
                elif "row" in said:
                    tally.add(**said)
    for p, own in lanes:
        ok = p.wait() == 0 and ok
        ok = remove_group(own) and ok
    text = tally.table("fault", lambda r, f: f, FAULTS) + "\n" + \
        tally.table("command", lambda r, f: r, [r.name for r in ROWS])
    print(text)
    if options.output:
        with open(options.output, "w") as f:
            f.write(text)
    print(f"# {tally.missed} more were not reached, {time.time() - begun:.0f} s")
    failed = tally.failed + (not ok)
    print(f"{tally.points - tally.failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not tally.points else 0


if __name__ == "__main__":
    sys.exit(main())
