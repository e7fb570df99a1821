"""Rename, remove, link, chmod, chown."""

import json
import os
import sys

world = json.load(sys.stdin)
path = world["canary"]
for change in (
    lambda: os.rename(path, path + "2"),
    lambda: os.unlink(path),
    lambda: os.link(path, "/tmp/breach"),
    lambda: os.symlink(path, "/tmp/breach"),
    lambda: os.chmod(path, 0o777),
    lambda: os.utime(path),
    lambda: os.mkdir("/tmp/breach"),
    lambda: os.mkfifo("/tmp/breach"),
):
    try:
        change()
        print("BREACH: changed")
    except OSError:
        continue
