#!/usr/bin/env python3
"""power.py BUILD [SECONDS [SEED]] - what a store has in it after a loss of power. Prints counts last.

A machine (tests/host/run) imports and removes images and runs containers, until it is killed. All that it
wrote to its disk is known in order, with the flushes, so the disk can be had as it was at any moment of
that: with all that was written by then, or without some or all of the writes since the last flush, which
a disk may keep in its cache, in any order. Another machine starts with each of these disks. Then every
image whose import or removal was acknowledged before that moment is there or gone, byte for byte, and
any other is whole or absent; all that a container has written and synced in its acknowledged lives is there, and it
can be started; and nothing half-made is left.
"""
import gzip, hashlib, io, json, os, random, re, shutil, struct, subprocess, sys, tarfile, tempfile, threading, time

HERE = os.path.dirname(os.path.realpath(__file__))
KERNEL = os.environ.get("KERNEL", "6.1")
SECTOR = 512
FLUSH, FUA, DISCARD = 1, 2, 4
POINTS = 8  # moments of each killed machine


def run(*args, **more):
    return subprocess.run(args, check=True, text=True, **more)


def host(*args):
    return [f"{HERE}/run", "-k", KERNEL, "-m", "1024", *args]


# Images to import: a root, the same compressed, and layouts that share a layer.

def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.mtime = 1000000000
            if data is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            else:
                entry.size, entry.mode = len(data), 0o755
            t.addfile(entry, io.BytesIO(data) if data else None)
    return out.getvalue()


def some_files(rng, top):
    files = [(top, None)]
    for i in range(40):
        files.append((f"{top}/{i}", rng.randbytes(rng.choice([0, 10, 5000, 5000, 40000]))))
    return files


def layout(path, layers):
    os.makedirs(f"{path}/blobs/sha256")

    def blob(data, media):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{path}/blobs/sha256/{digest}", "wb") as f:
            f.write(data)
        return {"mediaType": "application/vnd.oci.image." + media, "digest": "sha256:" + digest, "size": len(data)}

    config = {"architecture": "amd64", "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(l).hexdigest() for l in layers]}}
    manifest = {"schemaVersion": 2, "config": blob(json.dumps(config).encode(), "config.v1+json"),
                "layers": [blob(l, "layer.v1.tar") for l in layers]}
    index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode(), "manifest.v1+json")]}
    for name, text in ("index.json", index), ("oci-layout", {"imageLayoutVersion": "1.0.0"}):
        with open(f"{path}/{name}", "w") as f:
            json.dump(text, f)


def make_sources(path, rng):
    os.makedirs(path)
    with open(shutil.which("busybox"), "rb") as f:
        busybox = f.read()
    links = [(f"bin/{name}", b"#!/bin/busybox sh\nexec /bin/busybox ${0##*/} \"$@\"\n") for name in ("true", "sleep")]
    dirs = [(name, None) for name in ("bin", "proc", "sys", "dev", "etc", "tmp")]
    base = tar_of(dirs + [("bin/busybox", busybox), ("bin/sh", busybox)] + links)
    plain = tar_of(some_files(rng, "plain"))
    shared, first, second = (tar_of(some_files(rng, top)) for top in ("shared", "first", "second"))
    for name, data in ("base.tar", base), ("plain.tar", plain), ("squeezed.tar.gz", gzip.compress(
            tar_of(some_files(rng, "squeezed")), mtime=0)):
        with open(f"{path}/{name}", "wb") as f:
            f.write(data)
    layout(f"{path}/one", [shared, first])
    layout(f"{path}/two", [shared, second])


def expected(build, sources, scratch):
    """What each source is in a store: {source: id}, {chain: digest}."""
    env = dict(os.environ, CTR_ROOT=f"{scratch}/expected", CTR_STATE=f"{scratch}/state", SOURCE_DATE_EPOCH="1")
    ids = {}
    for source in sorted(os.listdir(sources)):
        name = re.sub("[^a-z]", "", source)
        run(f"{build}/ctr", "image", "import", f"{sources}/{source}", name, env=env, stdout=subprocess.DEVNULL)
        ids[name + ":latest"] = source
    out = run(f"{HERE}/power-check", build, f"{scratch}/expected", env=env, stdout=subprocess.PIPE).stdout
    images, layers = {}, {}
    for line in out.splitlines():
        kind, name, value = line.split()
        if kind == "image":
            images[ids[name]] = value
        else:
            layers[name] = value
    return images, layers


# The machine that loses its power.

def make_disk(path):
    with open(path, "wb") as f:
        f.truncate(96 << 20)
    run("mkfs.ext4", "-q", "-F", "-O", "quota,project", "-J", "size=8", "-E",
        "quotatype=usrquota:grpquota:prjquota,nodiscard,lazy_itable_init=1,lazy_journal_init=1", path)


def size_of(path):
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def load(build, sources, disk, writes, seconds, seed):
    """[(bytes of the log by then, words of a line)]"""
    told = []
    p = subprocess.Popen(host("-t", str(seconds), "-D", disk, "-w", writes, f"{HERE}/power-load", build, sources,
                              str(seed)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    errors = []
    drain = threading.Thread(target=lambda: errors.append(p.stderr.read()))
    drain.start()
    for line in p.stdout:
        told.append((size_of(writes), line.rstrip("\n").split(" ", 5)))
    drain.join()
    if p.wait() != 124:
        sys.exit(f"power: the machine ended with {p.returncode}: {errors[0][-2000:]}")
    return told


# What was written: a super block of one sector, then entries: where, how many sectors, flags, how many
# bytes follow in the next sectors.

def entries(log):
    with open(log, "rb") as f:
        data = f.read()
    magic, version, _, sector = struct.unpack_from("<QQQI", data)
    if (magic, version, sector) != (0x6A736677736872, 1, SECTOR):
        sys.exit("power: no log of writes")
    at, found = SECTOR, []
    while at + SECTOR <= len(data):
        where, sectors, flags, _ = struct.unpack_from("<QQQQ", data, at)
        body = 0 if flags & DISCARD else sectors * SECTOR
        if at + SECTOR + body > len(data):
            break
        found.append((at, where * SECTOR, sectors * SECTOR, flags, data[at + SECTOR:at + SECTOR + body]))
        at += SECTOR + body
    return found


def disk_at(base, disk, log, point, lose):
    """The disk when entries up to point were written; lose says of each write since the flush before that."""
    shutil.copyfile(base, disk)
    flushed = max((i for i in range(point) if log[i][3] & (FLUSH | FUA)), default=-1)
    with open(disk, "r+b") as f:
        for i, (_, where, size, flags, body) in enumerate(log[:point]):
            if flags & DISCARD or not size or (i > flushed and not flags & FUA and lose()):
                continue
            f.seek(where)
            f.write(body)


# What may be there.

def steps_of(told, name):
    """[(told when it began, acknowledged when or None, source after it or None)], in order."""
    found = []
    for at, words in told:
        if words[0] == "begin" and words[2] == name and words[1] in ("import", "remove"):
            found.append([at, None, words[3] if words[1] == "import" else None])
        elif words[0] == "end" and words[2] == name and words[1] in ("import", "remove"):
            if words[4] != "0":
                sys.exit(f"power: {' '.join(words)}")
            found[-1][1] = at
    return found


def may_be(steps, at):
    """Sources (None: absent) that the name may stand for: of the last step acknowledged by then, or of one
    that came after, of which the first two may have been told too late."""
    last = max((i for i, s in enumerate(steps) if s[1] is not None and s[1] <= at), default=-1)
    return {steps[last][2] if last >= 0 else None} | {s[2] for s in steps[last + 1:last + 3]}


def judge(found, told, at, images, layers):
    problems = [line for line in found if line.startswith("problem: ")]
    there = {}
    for line in found:
        words = line.split()
        if words[0] == "image":
            there[words[1]] = words[2]
        elif words[0] == "layer" and layers.get(words[1]) != words[2]:
            problems.append(f"problem: layer {words[1]} is not what was imported")
    for name in sorted({w[2] for _, w in told if w[1] == "import"} | set(there)):
        may = may_be(steps_of(told, name), at)
        if there.get(name) not in {s and images[s] for s in may}:
            problems.append(f"problem: {name} is {there.get(name)}, may be {may}")
    lives = [(words[0], when) for when, words in told if words[1] == "live"]
    ended = sum(what == "end" and when <= at for what, when in lives)
    begun = sum(what == "begin" for what, _ in lives)
    counts = [int(line.split()[1]) for line in found if line.startswith("lives ")] or [0, 0]
    # What it writes last, it may have written without having been acknowledged.
    if len(counts) != 2 or not all(ended <= n <= begun for n in counts):
        problems.append(f"problem: {counts} lives, may be {ended} to {begun}")
    return problems


def check(build, disks):
    # Starting takes a few seconds, a disk perhaps ten.
    p = subprocess.run(host("-t", str(120 + 60 * len(disks)), f"{HERE}/power-check", build, *disks), text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        sys.exit(f"power: the machine ended with {p.returncode}: {p.stderr[-2000:]}")
    found = {}
    for line in p.stdout.splitlines():
        if line.startswith("disk "):
            found[line[5:]] = current = []
        else:
            current.append(line)
    if p.stderr:
        print(p.stderr, end="", file=sys.stderr)
    return found


LOSSES = {"nothing lost": lambda rng: lambda: False, "all lost": lambda rng: lambda: True,
          "some lost": lambda rng: lambda: rng.random() < 0.5}


def one_round(build, sources, scratch, rng, images, layers):
    base, disk, writes = (f"{scratch}/{name}" for name in ("base", "disk", "writes"))
    make_disk(base)
    shutil.copyfile(base, disk)
    told = load(build, sources, disk, writes, rng.uniform(20, 60), rng.randrange(32768))
    failed = [words for _, words in told if words[0] == "end" and words[4] != "0"]
    if failed:
        sys.exit(f"power: {' '.join(failed[0])}")
    log = entries(writes)
    # Once the first image is on its way, and always the end: that is what the killed machine left.
    first = next((i for i, e in enumerate(log) if told and e[0] >= told[0][0]), 0)
    points = {}
    for i in range(POINTS):
        point = len(log) if i == 0 else rng.randrange(first, len(log))
        how = "nothing lost" if i == 0 else rng.choice(sorted(LOSSES))
        disk_at(base, f"{scratch}/point{i}", log, point, LOSSES[how](rng))
        points[f"point{i}"] = point, how
    acknowledged = sum(words[0] == "end" for _, words in told)
    print(f"{len(log)} writes, {acknowledged} steps acknowledged", flush=True)
    found = check(build, [f"{scratch}/{name}" for name in points])
    failures = 0
    for name, (point, how) in points.items():
        at = log[point][0] if point < len(log) else size_of(writes)
        problems = judge(found[name], told, at, images, layers)
        failures += bool(problems)
        counts = [sum(line.startswith(kind) for line in found[name]) for kind in ("image ", "container ")]
        lives = max((line.split()[1] for line in found[name] if line.startswith("lives ")), key=int, default="0")
        print(f"{'not ok' if problems else 'ok'} after {point} writes, {how}: {counts[0]} images, {counts[1]} containers, "
              f"{lives} lives")
        for problem in problems:
            print(f"  {problem}")
    sys.stdout.flush()
    return POINTS - failures, failures


def main():
    build = os.path.realpath(sys.argv[1])
    end = time.monotonic() + float(sys.argv[2] if len(sys.argv) > 2 else 300)
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="ctr-power.") as scratch:
        make_sources(f"{scratch}/sources", random.Random(1))
        images, layers = expected(build, f"{scratch}/sources", scratch)
        while True:
            ok, not_ok = one_round(build, f"{scratch}/sources", scratch, rng, images, layers)
            passed, failed = passed + ok, failed + not_ok
            if time.monotonic() >= end:
                break
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
