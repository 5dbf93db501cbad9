#!/usr/bin/env python3
"""many.py CTR WORK COUNT - so many containers alive at once: all are seen, any can be entered, a start costs
what it costs without them, what each keeps in memory, and nothing is left of them."""
import json, os, random, re, statistics, sys, time
from concurrent.futures import ThreadPoolExecutor
from world import World, Tally, cmdline, private_kb, processes, pss_kb, read

ROUNDS = 101
BOUNDS = {"start": 1.1, "private": 120, "ps": 50}


def timed(*words):
    """Milliseconds: the lowest tenth, which other programs of this host disturb least; and of CPU, by the
    kernel's count."""
    took, cpu = [], []
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        pid = os.posix_spawn(words[0], words, os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in range(3)])
        _, status, used = os.wait4(pid, 0)
        cpu.append((used.ru_utime + used.ru_stime) * 1000)
        took.append((time.perf_counter() - began) * 1000)
        if status:
            sys.exit(f"soak: {' '.join(words)}: status {status}")
    os.close(null)
    return statistics.quantiles(took, n=10)[0], statistics.quantiles(cpu, n=10)[0]


def row(what, figure, bound=None, good=None):
    told = "" if bound is None else f"  (hold {bound})  {'OK' if good else 'MISSED'}"
    print(f"{what:<62} {figure:>10}{told}", flush=True)


def time_start(world):
    return timed(world.ctr, "run", "--rm", "--rootfs", f"{world.work}/fs", "--", "/bin/true")


def time_floor(world):
    """What the kernel alone takes for it, which has walks over all processes and mounts of its own."""
    floor = os.path.join(os.path.dirname(world.ctr), "bench/floor")
    return timed(floor, f"{world.work}/fs", f"{world.work}/scratch", "/sys/fs/cgroup", "-", "/bin/true")[0]


def fill(world, first, last):
    """Two at a time, as there is no more to be had from two CPUs."""
    def one(i):
        return world.run("run", "-d", "--name", f"c{i}", "--rootfs", f"{world.work}/fs", "--", "/bin/pause")
    with ThreadPoolExecutor(2) as pool:
        bad = [d.stderr.decode() for d in pool.map(one, range(first, last)) if d.returncode]
    if bad:
        sys.exit(f"soak: {len(bad)} of {last - first} did not start: {bad[0]}")


def kernel_kb():
    return sum(int(n) for n in re.findall(r"^(?:KernelStack|PageTables): +(\d+) kB", read("/proc/meminfo"), re.M))


def report_memory(world, count, kernel_before):
    """The two processes of a supervisor have one memory, which the kernel shows at both."""
    ours = [p for p in processes() if (cmdline(p) or [""])[0].startswith("ctr-")]
    seen = {tuple(cmdline(p)): p for p in ours}.values()
    private, pss = sum(map(private_kb, seen)) / count, sum(map(pss_kb, seen)) / count
    row("private memory of ctr for each container (kB)", f"{private:.0f}", BOUNDS["private"],
        private <= BOUNDS["private"])
    row("its share of all memory, Pss (kB)", f"{pss:.0f}")
    row("kernel stacks and page tables, all together, for each (kB)",
        f"{(kernel_kb() - kernel_before) / count:.0f}")
    row("processes of ctr for each container", f"{len(ours) / count:.2f}")


def main():
    world, tally = World(*sys.argv[1:3]), Tally()
    count = int(sys.argv[3])
    world.warm_up()
    os.mkdir(f"{world.work}/scratch")
    before = world.snapshot()
    alone, alone_cpu = time_start(world)
    floor_alone = time_floor(world)
    kernel_before = kernel_kb()
    began = time.monotonic()
    half = min(500, count)
    fill(world, 0, half)
    ps, ps_cpu = timed(world.ctr, "ps")
    row(f"ctr ps with {half} containers (ms)", f"{ps:.2f}", BOUNDS["ps"], ps <= BOUNDS["ps"])
    row(f"ctr ps with {half} containers, CPU for each (µs)", f"{ps_cpu * 1000 / half:.1f}")
    fill(world, half, count)
    row(f"starting {count} in the background, two at a time (s)", f"{time.monotonic() - began:.1f}")
    crowded, crowded_cpu = time_start(world)
    floor_crowded = time_floor(world)
    report_memory(world, count, kernel_before)
    names = {c["name"] for c in json.loads(world.must("ps", "--format", "json"))}
    tally.check(f"ps shows all {count}", names == {f"c{i}" for i in range(count)}, f"it shows {len(names)}")
    row(f"ctr ps with {count} containers (ms)", f"{timed(world.ctr, 'ps')[0]:.2f}")
    for i in random.sample(range(count), min(20, count)):
        said = world.run("exec", f"c{i}", "/bin/sh", "-c", "echo in $$")
        tally.check(f"exec in c{i}", re.fullmatch(rb"in \d+\n", said.stdout), repr(said))
    row(f"exec, {count} running (ms)", f"{timed(world.ctr, 'exec', 'c0', '/bin/true')[0]:.2f}")
    for verb, flags in (("stop", ["-t", "10"]), ("rm", [])):
        began = time.monotonic()
        done = world.run(verb, *flags, *sorted(names), timeout=900)
        tally.check(f"{verb} of all", done.returncode == 0, done.stderr.decode()[:300])
        row(f"ctr {verb} of {count} containers, one after the other (s)", f"{time.monotonic() - began:.1f}")
    # Before and after: a host that gets faster or slower in the meantime is not taken for a crowd.
    after, after_cpu = time_start(world)
    floor_alone = (floor_alone + time_floor(world)) / 2
    row("a start, none running (ms; of CPU), before", f"{alone:.2f} {alone_cpu:.2f}")
    row(f"a start, {count} running (ms; of CPU)", f"{crowded:.2f} {crowded_cpu:.2f}")
    row("a start, none running (ms; of CPU), after", f"{after:.2f} {after_cpu:.2f}")
    ratio = 2 * crowded / (alone + after)
    row(f"a start, {count} running / none", f"{ratio:.2f}", BOUNDS["start"], ratio <= BOUNDS["start"])
    row("the same by the bare floor program", f"{floor_crowded / floor_alone:.2f}")
    tally.nothing_left(world, before)
    tally.end()


main()
