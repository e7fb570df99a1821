"""Look for keys in the environment."""

import os

for name in os.environ:
    if "CANARY" in name or "KEY" in name:
        print("BREACH:", name)
