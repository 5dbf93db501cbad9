"""resolver.py BUILD SCRATCH CASE: one test of ctr-resolver, in a network namespace of its own."""
import os
import signal
import socket
import subprocess
import sys
import time

from dnslab import (A, AAAA, ANY, FORMERR, MX, NOERROR, NOTIMP, NXDOMAIN, PATIENCE, PTR, REFUSED, SERVFAIL,
                    Lab, Reply, Server, answer, loopback_up, question)

BUILD, SCRATCH = sys.argv[1:3]
RESOLV = os.path.join(SCRATCH, "resolv.conf")


def lab(*servers, lines=(), **more):
    with open(RESOLV, "w") as f:
        f.write("search lan\n" + "".join("nameserver %s\n" % s for s in servers))
    return Lab(BUILD, SCRATCH, list(lines) or ["resolv " + RESOLV], **more)


def says(address):
    return lambda query: [answer(query, address)]


def names():
    it = lab()
    it.name("web", "10.90.0.5 fd00:90::5")
    it.name("@10.90.0.5", "web")
    it.name("@fd00:90::5", "web")
    assert it.ask("web").records == [("web", A, 0, "10.90.0.5")]
    assert it.ask("wEb", AAAA).values == ["fd00:90::5"]
    assert it.ask("web.mynet").values == ["10.90.0.5"]
    assert len(it.ask("web", ANY).records) == 2
    assert it.ask("5.0.90.10.in-addr.arpa", PTR).values == ["web"]
    nibbles = ".".join(reversed("fd000090000000000000000000000005"))
    assert it.ask(nibbles + ".ip6.arpa", PTR).values == ["web"]
    nothing = it.ask("web", MX)
    assert nothing.rcode == NOERROR and not nothing.records
    with it.stream() as s:
        assert it.stream_ask(s, question("web")).values == ["10.90.0.5"]
        assert it.stream_ask(s, question("web", AAAA)).values == ["fd00:90::5"]


def names_that_several_share():
    it = lab()
    for n in range(16):
        it.name("db" + ("~%d" % n if n else ""), "10.90.1.%d" % n)
    seen = {it.ask("db").values[0] for _ in range(200)}
    assert len(it.ask("db").values) == 16 and len(seen) > 8, seen
    os.rename(os.path.join(it.net, "db~15"), os.path.join(it.net, "db"))
    assert len(it.ask("db").values) == 15


def names_that_go():
    Server("127.0.0.1", says("192.0.2.66"))
    it = lab("127.0.0.1")
    it.name("web", "10.90.0.5")
    assert it.ask("web").values == ["10.90.0.5"]
    os.unlink(os.path.join(it.net, "web"))
    reply = it.ask("web")
    assert reply.rcode == NXDOMAIN and not reply.records


def what_no_server_is_asked():
    server = Server("127.0.0.1", says("192.0.2.66"))
    it = lab("127.0.0.1")
    assert it.ask("nas").rcode == NXDOMAIN
    assert it.ask("nas", AAAA).rcode == NXDOMAIN
    assert it.ask("9.0.90.10.in-addr.arpa", PTR).rcode == NXDOMAIN
    assert it.ask("localhost").values == ["127.0.0.1"]
    assert it.ask("version.bind", 16, klass=3).rcode == REFUSED
    assert it.ask("example.org", 252).rcode == REFUSED
    assert not server.seen, server.seen
    assert it.ask("nas.lan").values == ["192.0.2.66"] and server.seen == ["nas.lan"]


def servers():
    server = Server("127.0.0.1", says("192.0.2.1"))
    it = lab("127.0.0.1")
    assert it.ask("example.org").values == ["192.0.2.1"]
    assert it.ask("example.org", edns=1232).values == ["192.0.2.1"]
    assert it.ask("1.1.168.192.in-addr.arpa", PTR).rcode == NOERROR
    assert not server.over_tcp
    with it.stream() as s:
        assert it.stream_ask(s, question("a.example.org")).values == ["192.0.2.1"]
        assert it.stream_ask(s, question("b.example.org")).values == ["192.0.2.1"]
    assert server.over_tcp == 2


def long_answers():
    def cut(query):
        return [answer(query, flags=0x8380)]
    server = Server("127.0.0.1", cut)
    it = lab("127.0.0.1")
    assert it.ask("example.org").truncated
    server.function = lambda query: [answer(query, "192.0.2.1", extra=bytes(60000))]
    with it.stream() as s:
        assert len(it.stream_ask(s, question("example.org")).data) > 60000
    server.function = lambda query: [answer(query, "192.0.2.1", extra=bytes(6000))]
    assert it.ask("example.org").truncated
    server.function = lambda query: [answer(query, "192.0.2.1", extra=bytes(1500))]
    assert len(it.ask("example.org", edns=4096).data) > 1500


def servers_that_fail():
    silent = Server("127.0.0.1", lambda query: [])
    failing = Server("127.0.0.2", lambda query: [answer(query, rcode=SERVFAIL)])
    good = Server("127.0.0.3", says("192.0.2.3"))
    it = lab("127.0.0.1", "127.0.0.2", "127.0.0.3")
    begun = time.monotonic()
    assert it.ask("example.org").values == ["192.0.2.3"]
    assert time.monotonic() - begun < 3 * PATIENCE
    assert (len(silent.seen), len(failing.seen), len(good.seen)) == (1, 1, 1)
    # The one that has answered is asked first from now on.
    begun = time.monotonic()
    assert it.ask("example.org").values == ["192.0.2.3"]
    assert time.monotonic() - begun < 1 * PATIENCE and len(silent.seen) == 1
    good.function = lambda query: [answer(query, rcode=NXDOMAIN)]
    assert it.ask("no.example.org").rcode == NXDOMAIN
    good.function = lambda query: [answer(query, rcode=FORMERR)]
    failing.function = silent.function = good.function
    assert it.ask("example.org").rcode == FORMERR


def servers_that_are_not_there():
    it = lab("127.0.0.1", "127.0.0.2")
    begun = time.monotonic()
    assert it.ask("example.org").rcode == SERVFAIL
    assert time.monotonic() - begun < 1 * PATIENCE
    with it.stream() as s:
        assert it.stream_ask(s, question("example.org")).rcode == SERVFAIL
    it.name("web", "10.90.0.5")
    assert it.ask("web").values == ["10.90.0.5"]


def servers_that_are_silent():
    server = Server("127.0.0.1", lambda query: [])
    it = lab("127.0.0.1")
    begun = time.monotonic()
    assert it.ask("example.org").rcode == SERVFAIL
    assert 3 < time.monotonic() - begun < 5 * PATIENCE and len(server.seen) == 2


def no_servers():
    it = lab(lines=["subnet 10.91.0.0/16"])
    assert it.ask("example.org").rcode == NXDOMAIN
    with it.stream() as s:
        assert it.stream_ask(s, question("example.org")).rcode == NXDOMAIN


def servers_of_the_other_family():
    Server("::1", says("192.0.2.6"))
    assert lab("::1").ask("example.org").values == ["192.0.2.6"]


def servers_in_the_network_of_the_container():
    """The first process is in a network of its own, where a server is; none is where the resolver comes from."""
    inside = """
import sys; sys.path.insert(0, %r)
from dnslab import *
loopback_up()
Server("127.0.0.1", lambda query: [answer(query, "192.0.2.9")]).join()
""" % os.path.dirname(os.path.abspath(__file__))
    first = subprocess.Popen(["unshare", "-n", sys.executable, "-c", inside])
    try:
        it = lab(lines=["server 127.0.0.1"], start=False)
        pidfd = os.pidfd_open(first.pid)
        it.options = ["--pidfd", str(pidfd)]
        it.start(pidfd)
        until = time.monotonic() + 10 * PATIENCE
        while (reply := it.ask("example.org")).rcode and time.monotonic() < until:
            it.stop()
            it.start(pidfd)
            time.sleep(0.1)
        assert reply.values == ["192.0.2.9"]
    finally:
        first.kill()
        first.wait()


def malformed():
    it = lab()
    assert Reply(it.raw(question("web", flags=0x2900))).rcode == NOTIMP
    assert Reply(it.raw(question(b"\xc0\x0c"))).rcode == FORMERR
    assert it.raw(question("web", flags=0x8100), wait=0.3) is None
    assert it.raw(b"short", wait=0.3) is None
    assert it.ask("web", edns=100).more == 1


def ends_when_idle():
    it = lab()
    begun = time.monotonic()
    it.ask("web")
    assert it.ended_within(14) and it.process.returncode == 0
    assert time.monotonic() - begun >= 10
    # What comes then waits for the next one.
    with it.client() as s:
        s.send(question("web"))
        it.start()
        assert Reply(s.recv(512)).rcode == NXDOMAIN


def ends_with_its_configuration():
    it = lab()
    it.ask("web")
    it.net = os.path.join(os.path.dirname(it.net), "other")
    os.mkdir(it.net, 0o711)
    it.name("web", "10.90.0.7")
    it.configure(["network other"])
    with it.client() as s:
        s.send(question("web"))
        assert it.ended_within(5) and it.process.returncode == 0, it.process.returncode
        it.start()
        assert Reply(s.recv(512)).values == ["10.90.0.7"]


def ends_with_its_parent():
    it = lab(start=False)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        it.start()
        it.ask("web")
        os.write(write, b"%d" % it.process.pid)
        signal.pause()
    pid = int(os.read(read, 20))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for _ in range(100 * PATIENCE):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if open("/proc/%d/stat" % pid).read().split(") ")[1][0] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError("it lives on")


def begins_whole_or_not_at_all():
    it = lab(start=False)
    for bad in ("nonsense", "subnet x", "network a b", "network ../mynet", "server 1.2.3"):
        it.configure([bad])
        it.start()
        assert it.process.wait() == 1, bad
    # A network that has gone is passed over.
    it.configure(["network gone"])
    it.name("web", "10.90.0.5")
    it.start()
    assert it.ask("web").values == ["10.90.0.5"]


def confined():
    it = lab()
    it.ask("web")
    status = dict(line.split(":\t", 1) for line in open("/proc/%d/status" % it.process.pid)
                  if ":\t" in line)
    assert status["Uid"].split() == ["100000"] * 4 and status["Gid"].split() == ["100000"] * 4
    assert status["Groups"].strip() == ""
    for kind in "Inh", "Prm", "Eff", "Amb":
        assert int(status["Cap" + kind], 16) == 0, kind
    assert status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2"
    open_files = [os.readlink("/proc/%d/fd/%s" % (it.process.pid, fd))
                  for fd in os.listdir("/proc/%d/fd" % it.process.pid)]
    files = sorted(f for f in open_files if not f.startswith("socket:"))
    assert files == sorted(["/dev/null"] * 3 + [it.config, it.net]), files
    assert len(open_files) - len(files) == 2
    assert int(status["VmRSS"].split()[0]) < 1024, status["VmRSS"]


loopback_up()
globals()[sys.argv[3]]()
