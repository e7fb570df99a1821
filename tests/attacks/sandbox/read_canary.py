"""Read a file of the user who runs the judge, and list its folder."""

# ruff: noqa: SIM115

import json
import os
import sys

world = json.load(sys.stdin)
for reach in (
    lambda: open(world["canary"]).read(),
    lambda: os.listdir(os.path.dirname(world["canary"])),
    lambda: os.listdir("/proc"),
    lambda: os.listdir("/root"),
    lambda: open("/proc/1/environ", "rb").read(),
    lambda: open(f"/proc/{world['pid']}/environ", "rb").read(),
    lambda: open(f"/proc/{world['pid']}/mem", "rb").read(1),
    lambda: open("/proc/self/maps").read(),
):
    try:
        print("BREACH:", str(reach())[:80])
    except OSError:
        continue
