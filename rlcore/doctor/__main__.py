"""`rlcore doctor`: the table of what this machine can do, and what to install for the rest."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rlcore.doctor.checks import examine
from rlcore.doctor.machine import Finding


def table(findings: Sequence[Finding]) -> str:
    """The findings for people: one line each, the remedy under what is not ok, a verdict at the end."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        mark = "ok" if finding.ok else "MISSING" if finding.demo else "-"
        lines.append(f"{mark:<8}{finding.name:<{width}}  {finding.found}")
        if not finding.ok:
            lines.append(f"{'':<{width + 8}}  -> {finding.remedy}")
    missing = [finding.name for finding in findings if finding.demo and not finding.ok]
    verdict = f"The CPU demo cannot run without: {', '.join(missing)}" if missing else "The CPU demo can run: make demo"
    return "\n".join([*lines, "", verdict])


def main(argv: Sequence[str] | None = None) -> int:
    """Print what this machine can do; 0 when the CPU demo can run, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="rlcore doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the findings as a JSON list")
    options = parser.parse_args(argv)
    findings = examine()
    print(json.dumps([asdict(finding) for finding in findings], indent=2) if options.json else table(findings))
    return int(any(finding.demo and not finding.ok for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
