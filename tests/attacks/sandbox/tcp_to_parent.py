"""Connect to a listener of the machine."""

import json
import socket
import sys

world = json.load(sys.stdin)
socket.create_connection(("127.0.0.1", world["tcp_port"]), timeout=2)
print("BREACH: connected")
