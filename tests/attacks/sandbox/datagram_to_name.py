"""A socket pair needs no connect: send a datagram of it to somebody else's name."""

import json
import socket
import sys

world = json.load(sys.stdin)
ours, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
ours.sendto(b"x", "\0" + world["datagram_name"])
print("BREACH: sent")
