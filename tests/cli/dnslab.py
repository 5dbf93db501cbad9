"""A network namespace with the sockets of one container, a resolver at them, and servers behind it.

Run in a network namespace of its own. What a test needs of DNS is written here again, so that a mistake of the
resolver is not made twice.
"""
import fcntl
import os
import random
import select
import signal
import socket
import struct
import subprocess
import threading
import time

A, PTR, MX, AAAA, ANY, OPT = 1, 12, 15, 28, 255, 41
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
PATIENCE = int(os.environ.get("TEST_PATIENCE", "1"))
OWNER = "web/0123456789ab"


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sH14x", b"lo", 1 | 64)
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS: up, running


def wire(name):
    return b"".join(bytes([len(x)]) + x for x in
                    (part.encode() for part in name.split(".") if part)) + b"\0"


def question(name, kind=A, ident=None, edns=None, flags=0x0100, klass=1):
    ident = random.randrange(65536) if ident is None else ident
    name = name if isinstance(name, bytes) else wire(name)
    text = struct.pack(">6H", ident, flags, 1, 0, 0, 0 if edns is None else 1)
    text += name + struct.pack(">2H", kind, klass)
    if edns is not None:
        text += b"\0" + struct.pack(">HHIH", OPT, edns, 0, 0)
    return text


def read_name(data, at):
    labels = []
    end = None
    while data[at]:
        if data[at] >= 0xc0:
            end = end or at + 2
            at = (data[at] & 0x3f) << 8 | data[at + 1]
            continue
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    return ".".join(labels), end or at + 1


class Reply:
    def __init__(self, data):
        self.data = data
        self.ident, self.flags, count, answers, _, self.more = struct.unpack_from(">6H", data)
        self.rcode = self.flags & 15
        self.truncated = bool(self.flags & 0x0200)
        at = 12
        self.name = None
        for _ in range(count):
            self.name, at = read_name(data, at)
            self.kind, self.klass = struct.unpack_from(">2H", data, at)
            at += 4
        self.records = []
        for _ in range(answers):
            name, at = read_name(data, at)
            kind, _, ttl, size = struct.unpack_from(">HHIH", data, at)
            at += 10
            value = data[at:at + size]
            if kind == A:
                value = socket.inet_ntop(socket.AF_INET, value)
            elif kind == AAAA:
                value = socket.inet_ntop(socket.AF_INET6, value)
            elif kind == PTR:
                value = read_name(data, at)[0]
            at += size
            self.records.append((name, kind, ttl, value))

    @property
    def values(self):
        return [r[3] for r in self.records]


def answer(query, address=None, rcode=0, flags=0x8180, ident=None, extra=b"", count=None):
    """What a server says to a question, as bytes."""
    theirs = struct.unpack_from(">H", query)[0]
    _, end = read_name(query, 12)
    end += 4
    records = b""
    n = 0
    if address:
        packed = socket.inet_pton(socket.AF_INET, address)
        records = b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, 4) + packed
        n = 1
    head = struct.pack(">6H", theirs if ident is None else ident, flags | rcode, 1,
                       n if count is None else count, 0, 0)
    return head + query[12:end] + records + extra


class Server(threading.Thread):
    """Answers each question with what the function returns: any number of messages."""

    def __init__(self, address, function, port=53):
        super().__init__(daemon=True)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.function, self.seen, self.over_tcp = function, [], 0
        self.ports, self.idents = [], []
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.bind((address, port))
        self.tcp = socket.socket(family, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((address, port))
        self.tcp.listen(16)
        self.start()

    def note(self, query, port):
        self.seen.append(read_name(query, 12)[0])
        self.ports.append(port)
        self.idents.append(struct.unpack_from(">H", query)[0])

    def run(self):
        while True:
            for s in select.select([self.udp, self.tcp], [], [])[0]:
                if s is self.udp:
                    query, peer = s.recvfrom(65535)
                    self.note(query, peer[1])
                    for message in self.function(query):
                        s.sendto(message, peer)
                else:
                    self.serve_stream(s.accept()[0])

    def serve_stream(self, peer):
        with peer:
            size = struct.unpack(">H", peer.recv(2))[0]
            query = peer.recv(size)
            self.over_tcp += 1
            self.note(query, 0)
            for message in self.function(query):
                peer.sendall(struct.pack(">H", len(message)) + message)


class Lab:
    def __init__(self, build, scratch, lines=(), ids=(100000, 100000), start=True):
        loopback_up()
        self.program = os.path.join(build, "ctr-resolver")
        self.state = os.path.join(scratch, "container")
        self.config = os.path.join(self.state, "resolver")
        self.net = os.path.join(scratch, ".networks", "mynet")
        self.ids = ids
        self.process, self.options = None, []
        os.makedirs(self.net, exist_ok=True)
        os.makedirs(self.state, exist_ok=True)
        os.chmod(self.net, 0o711)
        self.configure(lines)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.11", 53))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.bind(("127.0.0.11", 53))
        self.tcp.listen(16)
        if start:
            self.start()

    def configure(self, lines):
        text = "ids %d %d\n" % self.ids
        text += "network mynet\nsubnet 10.90.0.0/16\nsubnet fd00:90::/64\n"
        with open(self.config + ".new", "w") as f:
            f.write(text + "".join(line + "\n" for line in lines))
        os.rename(self.config + ".new", self.config)

    def start(self, *more):
        fd = os.open(self.state, os.O_RDONLY)
        fds = (self.udp.fileno(), self.tcp.fileno(), fd)
        self.process = subprocess.Popen(
            [self.program, "--udp", str(fds[0]), "--tcp", str(fds[1]), "--state", str(fds[2])] + self.options,
            pass_fds=fds + more)
        os.close(fd)

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def name(self, name, target, owner=OWNER):
        os.symlink("%s %s" % (target, owner), os.path.join(self.net, name))

    @staticmethod
    def client():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("127.0.0.11", 53))
        s.settimeout(15 * PATIENCE)
        return s

    def raw(self, data, wait=None):
        """The answer to these bytes, or None."""
        with self.client() as s:
            s.settimeout(15 * PATIENCE if wait is None else wait)
            s.send(data)
            try:
                return s.recv(65535)
            except socket.timeout:
                return None

    def ask(self, name, kind=A, **more):
        query = question(name, kind, **more)
        reply = Reply(self.raw(query))
        assert reply.ident == struct.unpack_from(">H", query)[0]
        return reply

    @staticmethod
    def stream():
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.settimeout(15 * PATIENCE)
        s.connect(("127.0.0.11", 53))
        return s

    @staticmethod
    def stream_ask(s, query):
        s.sendall(struct.pack(">H", len(query)) + query)
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack_from(">H", data)[0]:
            piece = s.recv(65535)
            if not piece:
                return None
            data += piece
        return Reply(data[2:])

    def is_alive(self):
        return self.process.poll() is None

    def ended_within(self, seconds):
        until = time.monotonic() + seconds * PATIENCE
        while self.is_alive() and time.monotonic() < until:
            time.sleep(0.02)
        return not self.is_alive()
