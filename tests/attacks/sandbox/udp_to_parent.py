"""Send a datagram to a listener of the machine."""

import json
import socket
import sys

world = json.load(sys.stdin)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", world["udp_port"]))
print("BREACH: sent")
