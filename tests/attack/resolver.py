"""resolver.py BUILD SCRATCH CASE ours|control: status 0 if the attack works.

In a network namespace of its own, which is the container's and the host's in one.
"""
import os
import random
import socket
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from dnslab import A, PATIENCE, Lab, Reply, Server, answer, loopback_up, question  # noqa: E402

BUILD, SCRATCH, CASE, WHICH = sys.argv[1:5]
EVIL, GOOD = "192.0.2.66", "192.0.2.1"


class Target(Lab):
    def start(self, *more):
        if WHICH == "ours":
            super().start(*more)
            return
        fds = (self.udp.fileno(), self.tcp.fileno())
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dnsnaive.py")
        self.process = subprocess.Popen(
            [sys.executable, program, str(fds[0]), str(fds[1]), self.net, "127.0.0.1"],
            pass_fds=fds, stderr=subprocess.DEVNULL)

    def cpu(self):
        fields = open("/proc/%d/stat" % self.process.pid).read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def target(silent=False):
    server = Server("127.0.0.1", lambda query: [] if silent else [answer(query, GOOD)])
    with open(os.path.join(SCRATCH, "resolv.conf"), "w") as f:
        f.write("nameserver 127.0.0.1\n")
    it = Target(BUILD, SCRATCH, ["resolv " + os.path.join(SCRATCH, "resolv.conf")])
    it.name("web", "10.90.0.5")
    until = time.monotonic() + 10 * PATIENCE
    while True:
        data = it.raw(question("web"), wait=0.5)
        if data and Reply(data).values == ["10.90.0.5"]:
            return it, server
        assert time.monotonic() < until, "it does not answer at all"


def forged_answers():
    """Others answer before the server: under any id, about something else, or from another address."""
    it, server = target()
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.66", 53))

    def first_the_forged(query):
        right = int.from_bytes(query[:2], "big")
        for ident in (right ^ 1, right ^ 0x8000, 0, 0xffff):
            yield answer(query, EVIL, ident=ident)
        other.sendto(answer(query, EVIL), ("127.0.0.1", server.ports[-1]))
        time.sleep(0.2)
        yield answer(query, GOOD)

    server.function = first_the_forged
    return EVIL in it.ask("bank.example").values


def answers_to_another_question():
    it, server = target()

    def about_something_else(query):
        yield answer(question("other.example", ident=int.from_bytes(query[:2], "big")), EVIL)
        time.sleep(0.2)
        yield answer(query, GOOD)

    server.function = about_something_else
    data = it.raw(question("bank.example"))
    return Reply(data).name != "bank.example" or EVIL in Reply(data).values


def ports_and_ids_that_can_be_guessed():
    it, server = target()
    for n in range(64):
        it.ask("n%d.example" % n)
    steps = {(b - a) % 65536 for a, b in zip(server.idents, server.idents[1:])}
    return len(set(server.ports)) < 32 or len(steps) < 32


def names_that_lead_out():
    it, _ = target()
    os.symlink("%s evil/1" % EVIL, os.path.join(SCRATCH, "evil"))
    os.symlink("../../evil", os.path.join(it.net, "link"))
    for name in (b"\x0a../../evil\0", b"\x02..\x02..\x04evil\0", b"\x06/../..\0",
                 bytes([len(SCRATCH) + 5]) + SCRATCH.encode() + b"/evil\0", b"\x07../link\0"):
        if name[0] > 63:
            continue
        data = it.raw(question(name), wait=1)
        if data and EVIL in Reply(data).values:
            return True
    return False


def malformed_messages():
    it, _ = target()
    random.seed(14)
    good = question("web", A, edns=1232)
    for n in range(3000):
        data = bytearray(good)
        for _ in range(random.randrange(1, 6)):
            data[random.randrange(len(data))] = random.randrange(256)
        data = data[:random.randrange(len(data) + 1)] if n % 3 == 0 else data
        with it.client() as s:
            s.send(data)
    return not it.is_alive() or it.raw(question("web"), wait=5 * PATIENCE) is None


def flood():
    """How much of a CPU it takes, which no limit of the container's is for."""
    it, _ = target()
    query = question("web")
    begun, used = time.monotonic(), it.cpu()
    stop = begun + 10
    senders = []
    while len(senders) < 3 and 0 not in senders:
        senders.append(os.fork())
    if 0 in senders:
        with it.client() as s:
            while time.monotonic() < stop:
                try:
                    s.send(query)
                    s.recv(4096, socket.MSG_DONTWAIT)
                except OSError:
                    pass
        os._exit(0)
    for pid in senders:
        os.waitpid(pid, 0)
    share = (it.cpu() - used) / (time.monotonic() - begun)
    print("%.2f of a CPU" % share, file=sys.stderr)
    return share > 0.22


def clients_that_say_nothing():
    it, _ = target()
    held = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(100)]
    for s in held:
        s.setblocking(False)
        s.connect_ex(("127.0.0.11", 53))
    time.sleep(0.5)
    try:
        with it.stream() as s:
            s.settimeout(3 * PATIENCE)
            return it.stream_ask(s, question("web")).values != ["10.90.0.5"]
    except (OSError, AttributeError):
        return True


def questions_that_nobody_answers():
    it, _ = target(silent=True)
    asking = [it.client() for _ in range(40)]
    for n in range(2000):
        asking[n % 40].send(question("n%d.example" % n))
    # Its socket is full for a moment, so that it is asked again, as C libraries do.
    return not any((data := it.raw(question("web"), wait=1)) and Reply(data).values == ["10.90.0.5"]
                   for _ in range(3))


def main():
    loopback_up()
    try:
        return 0 if globals()[CASE]() else 1
    except Exception:  # which is no answer
        traceback.print_exc()
        return 2


if __name__ == "__main__":
    sys.exit(main())
