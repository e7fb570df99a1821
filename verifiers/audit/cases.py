"""Reads the shipped cases of the audit. A new case is one small file below `suites/`.

    suites/NAME.jsonl            many cases, one JSON object a line
    suites/FOLDER/NAME.json      one case
    suites/FOLDER/NAME.py        one case: a program as the answer; its fields stand in comments at its top

Fields of a case: `kind` ("attack" must not be judged correct, "honest" must), `category`, `verifier`, `text`,
`reference`, and optionally `name` (a file's name stands in for it) and `finish_reason`. A `.py` case has a line
`# field: value` each for `kind`, `category` and `problem` (a key of the folder's `problems.json`, which holds the
references); the whole file, fenced, is the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from verifiers.jobs import Job
from verifiers.types import FinishReason, Frozen, Json

SUITES = Path(__file__).parent / "suites"
_FIELD = re.compile(r"^# (kind|category|problem): (.+)$", re.MULTILINE)


class Case(Frozen):
    """One answer whose verdict is known beforehand."""

    name: str
    kind: Literal["attack", "honest"]
    category: str
    verifier: str
    text: str
    reference: Json
    finish_reason: FinishReason = "stop"

    def job(self) -> Job:
        """What the judge pool is asked."""
        return Job(verifier=self.verifier, text=self.text, reference=self.reference, finish_reason=self.finish_reason)


def load(folder: Path = SUITES) -> list[Case]:
    """All cases, in order of file name. Raises ValueError that names the file and line of a malformed case."""
    cases = [case for path in sorted(folder.rglob("*")) for case in read(path)]
    names = [(case.verifier, case.name) for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"audit cases with the same name: {twice[:5]}")
    return cases


def read(path: Path) -> Iterator[Case]:
    """The cases of one file; none of a file that holds no case."""
    if path.suffix == ".jsonl":
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield _case(json.loads(line), f"{path.stem}-{number}", f"{path.name}:{number}")
    elif path.suffix == ".json" and path.name != "problems.json":
        yield _case(json.loads(path.read_text(encoding="utf-8")), path.stem, path.name)
    elif path.suffix == ".py":
        yield _program(path)


def _program(path: Path) -> Case:
    program = path.read_text(encoding="utf-8")
    fields: dict[str, Any] = dict(_FIELD.findall(program))
    problems = json.loads((path.parent / "problems.json").read_text(encoding="utf-8"))
    problem = fields.pop("problem", "")
    if problem not in problems:
        raise ValueError(f"{path.name}: '# problem: {problem}' is no key of {path.parent.name}/problems.json")
    fields |= {"verifier": "code", "reference": problems[problem], "text": f"```python\n{program}\n```\n"}
    return _case(fields, path.stem, path.name)


def _case(fields: dict[str, Any], name: str, where: str) -> Case:
    try:
        return Case.model_validate({"name": name} | fields)
    except ValidationError as error:
        raise ValueError(f"{where}: {error}") from None
