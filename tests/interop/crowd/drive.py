"""Opens thousands of LDAP connections to one server and looks whether it goes on answering others.

usage: drive.py HOST:PORT BIND_DN PASSWORD SERVER_PID
"""

import os
import pathlib
import resource
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from checks import check, finish, until  # noqa: E402

ADDRESS, NAME, PASSWORD, PID = sys.argv[1:]
HOST, PORT = ADDRESS.rsplit(":", 1)
IDLE = 4000
SLOW = 300
# What a connection that waits may cost, in bytes of the server's memory.
BYTES_MAX = 16 * 1024


def element(tag, content):
    length = len(content)
    return bytes([tag]) + (bytes([length]) if length < 128 else b"\x84" + struct.pack(">I", length)) + content


def message(number, operation):
    return element(0x30, b"\x02\x01" + bytes([number]) + operation)


BIND = message(1, element(0x60, b"\x02\x01\x03" + element(4, NAME.encode()) + element(0x80, PASSWORD.encode())))


def search(number, name):
    equal = element(0xA3, element(4, b"sn") + element(4, name))
    head = element(4, b"dc=pbx,dc=example") + b"\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
    return message(number, element(0x63, head + equal + element(0x30, element(4, b"cn"))))


def everything(number):
    head = element(4, b"dc=pbx,dc=example") + b"\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
    return message(number, element(0x63, head + element(0x87, b"objectClass") + element(0x30, b"")))


def connect():
    client = socket.create_connection((HOST, int(PORT)), timeout=30)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def receive(client):
    """One message, whole."""
    head = client.recv(2, socket.MSG_WAITALL)
    if len(head) < 2:
        return b""
    length = head[1]
    if length & 0x80:
        more = client.recv(length & 0x7F, socket.MSG_WAITALL)
        length = int.from_bytes(more, "big")
    return client.recv(length, socket.MSG_WAITALL)


def answers(client, number=2):
    """Whether a search finds Anna Adams and ends."""
    client.sendall(search(number, b"Adams"))
    entry, done = receive(client), receive(client)
    return b"Anna Adams" in entry and b"\x65" in done


def memory():
    with open(f"/proc/{PID}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) * 1024


def closed(client):
    """Whether the server ends the connection; it may say why first."""
    try:
        while client.recv(4096):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    first = connect()
    first.sendall(BIND)
    receive(first)
    check("a phone signs in and finds somebody", answers(first))

    before = memory()
    idle = []
    for number in range(IDLE):
        client = connect()
        if number % 2:
            client.sendall(BIND)
        idle.append(client)
    for client in idle[1::2]:
        receive(client)
    each = (memory() - before) / IDLE
    check(f"each of {IDLE} idle connections costs at most {BYTES_MAX} bytes", each <= BYTES_MAX, f"{each:.0f}")
    begun = time.monotonic()
    check("others are answered meanwhile", all(answers(first) for _ in range(200)))
    took = time.monotonic() - begun
    check("and soon", took < 20, f"200 searches took {took:.1f} s")
    check("signed-in connections that were idle go on", all(answers(client) for client in idle[1::500]))

    slow = [connect() for _ in range(SLOW)]
    for at in range(len(BIND) // 2):
        for client in slow:
            client.sendall(BIND[at : at + 1])
    check("others are answered while messages trickle in", answers(first))
    for client in slow:
        client.settimeout(30)
    check("messages that never end are not waited for", all(closed(client) for client in slow))
    check("silent connections end when the first message is late", closed(idle[0]))

    deaf = [connect() for _ in range(50)]
    for client in deaf:
        client.sendall(BIND)
        receive(client)
        client.sendall(b"".join(everything(2 + number % 100) for number in range(200)))
    check("others are answered while some take nothing of what they asked for", answers(first))

    for client in idle + slow + deaf:
        # A reset instead of a farewell, as of a phone without power.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    check("others are answered when thousands vanish", answers(first))
    again = connect()
    again.sendall(BIND)
    receive(again)
    check("new connections are let in", answers(again))
    descriptors = pathlib.Path(f"/proc/{PID}/fd")
    gone = until(lambda: len(os.listdir(descriptors)) < 200)
    check("nothing of them stays open", gone, len(os.listdir(descriptors)))
    finish()


main()
