"""O_TRUNC empties a file that is opened only to be read."""

# ruff: noqa: B023

import json
import os
import sys

world = json.load(sys.stdin)
for path in (world["canary"], json.__file__):
    for change in (lambda: os.open(path, os.O_RDONLY | os.O_TRUNC), lambda: os.truncate(path, 0)):
        try:
            change()
            print("BREACH: emptied", path)
        except OSError:
            continue
