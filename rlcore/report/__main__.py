"""`python -m rlcore.report RUN_DIR` writes the page of a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rlcore.report.page import write_report


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m rlcore.report RUN_DIR", file=sys.stderr)
        return 2
    try:
        print(write_report(Path(arguments[0])))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
