"""dnsnaive.py UDP TCP NETWORK SERVER: a resolver with a mistake of each kind, at two sockets that it is given.

It believes the first answer that comes to its one port, waits for one client at a time, takes names for names of files,
and works as hard as it is asked to.
"""
import os
import select
import socket
import struct
import sys

udp = socket.socket(fileno=int(sys.argv[1]))
tcp = socket.socket(fileno=int(sys.argv[2]))
network, server = sys.argv[3:5]
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.bind(("0.0.0.0", 5300))
count = 0


def question_of(data):
    at, labels = 12, []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels), at + 5


def answer(data):
    global count
    name, end = question_of(data)
    try:
        address = os.readlink(os.path.join(network, name)).split()[0]
    except OSError:
        count += 1
        out.sendto(struct.pack(">H", count) + data[2:], (server, 53))
        if not select.select([out], [], [], 2)[0]:
            return data[:2] + struct.pack(">H", 0x8182) + data[4:end]
        return data[:2] + out.recv(4096)[2:]
    head = data[:2] + struct.pack(">5H", 0x8580, 1, 1, 0, 0)
    return head + data[12:end] + struct.pack(">HHHIH", 0xc00c, 1, 1, 0, 4) + socket.inet_aton(address)


while True:
    if udp in select.select([udp, tcp], [], [])[0]:
        message, client = udp.recvfrom(4096)
        udp.sendto(answer(message), client)
    else:
        stream = tcp.accept()[0]
        message = stream.recv(2)
        reply = answer(stream.recv(4096))
        stream.sendall(struct.pack(">H", len(reply)) + reply)
        stream.close()
