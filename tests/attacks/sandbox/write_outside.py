"""Write files wherever one could."""

# ruff: noqa: SIM115

import json
import os
import sys

world = json.load(sys.stdin)
for folder in ("/tmp", "/dev/shm", "/var/tmp", "/", "/usr/lib", "/root", os.path.dirname(world["canary"]), os.getcwd()):
    try:
        open(os.path.join(folder, "breach"), "w").write("x")
        print("BREACH: wrote in", folder)
    except OSError:
        continue
