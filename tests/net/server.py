#!/usr/bin/env python3
"""server.py NAME READY PROTO:PORT... - answers each line or datagram, in both families, with "NAME saw CLIENT"; an
HTTP request, with the same as a page. Writes to READY once it listens. With dns:53, answers A and AAAA of any name
with that server's own addresses, which are then the rest of the arguments."""
import os, select, socket, sys

name, ready, specs = sys.argv[1], sys.argv[2], sys.argv[3:]
addresses = [s for s in specs if not s.split(":")[0] in ("tcp", "udp", "dns")]


def answer(client, request):
    text = f"{name} saw {client}\n".encode()
    if not request.startswith(b"GET "):
        return text
    return b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text


def dns(request):
    end = request.index(b"\0", 12) + 5
    kind = int.from_bytes(request[end - 4:end - 2], "big")
    family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
    data = [socket.inet_pton(family, a) for a in addresses if family and (":" in a) == (family == socket.AF_INET6)]
    records = b"".join(b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\x1e" + len(d).to_bytes(2, "big") + d
                       for d in data)
    return request[:2] + b"\x81\x80\0\1" + len(data).to_bytes(2, "big") + b"\0\0\0\0" + request[12:end] + records


def listen(family, kind, port):
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_STREAM:
        s.bind(("", port))
        s.listen(512)
        return s
    # The answer comes from the address that was asked.
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    s.bind(("", port))
    return s


IP_PKTINFO = 8
poll, served = select.poll(), {}
for spec in specs:
    if spec in addresses:
        continue
    proto, port = spec.split(":")
    for family in (socket.AF_INET, socket.AF_INET6):
        s = listen(family, socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM, int(port))
        served[s.fileno()] = (proto, s)
        poll.register(s, select.POLLIN)
open(ready, "w").close()
while True:
    for fd, _ in poll.poll():
        proto, s = served[fd]
        try:
            if proto == "tcp":
                c, peer = s.accept()
                if os.fork() == 0:
                    c.settimeout(600)
                    while request := c.recv(4096):
                        c.sendall(answer(peer[0], request))
                        if request.startswith(b"GET "):
                            break
                    os._exit(0)
                c.close()
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            else:
                request, info, _, peer = s.recvmsg(4096, 256)
                reply = dns(request) if proto == "dns" else answer(peer[0], request)
                s.sendmsg([reply], info, 0, peer)
        except (OSError, ValueError):
            pass
