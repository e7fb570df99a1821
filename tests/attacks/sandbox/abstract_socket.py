"""Connect to an abstract unix socket."""

import json
import socket
import sys

world = json.load(sys.stdin)
socket.socket(socket.AF_UNIX).connect("\0" + world["abstract_name"])
print("BREACH: connected")
