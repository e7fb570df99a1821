"""Send a descriptor over a socket."""

import array
import socket

ours, theirs = socket.socketpair()
ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
print("BREACH: sent a descriptor")
