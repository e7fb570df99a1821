"""`python -m verifiers.lean.command ARGUMENTS`: Lean's own command line (`--version`, `-o x.olean`), from the wheel.

The wheel has no program, but its library exports `main`. Imports are looked for in the folder that LEAN_PATH names.
"""

from __future__ import annotations

import ctypes
import os
import sys

from verifiers.lean.toolchain import LIBRARY_SETTING, LeanUnavailable, embedded


def main() -> int:
    """Run Lean; its exit code."""
    try:
        # Set where this runs apart from the environment that has the wheel's metadata (a confined compilation).
        library = os.environ.get(LIBRARY_SETTING) or str(embedded().library)
    except LeanUnavailable as error:
        print(error, file=sys.stderr)
        return 2
    arguments = [argument.encode() for argument in ("lean", *sys.argv[1:])]
    lean = ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    return int(lean.lean_main(len(arguments), (ctypes.c_char_p * (len(arguments) + 1))(*arguments, None)))


if __name__ == "__main__":
    sys.exit(main())
