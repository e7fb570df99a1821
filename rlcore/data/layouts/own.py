"""Our own layout: a line that is a `verifiers.types.Problem`."""

from __future__ import annotations

import difflib

from pydantic import ValidationError

from rlcore.data.layouts import cells
from rlcore.data.sources.rows import Row
from verifiers import registry
from verifiers.types import Problem


def own_problem(row: Row) -> Problem:
    """{id, prompt, verifier, reference, tags}; lists become tuples."""
    known = list(Problem.model_fields)
    # `datasets` gives each row the fields of all others, as nulls.
    values = {key: value for key, value in row.values.items() if value is not None or key in ("id", "prompt")}
    is_built_in = str(values.get("verifier", "math")) in registry.VERIFIERS
    if isinstance(given := values.get("reference"), dict) and is_built_in:
        values["reference"] = {key: value for key, value in given.items() if value is not None}
    for key in sorted(map(str, values.keys() - set(known))):
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"not a problem: unknown key {cells.shown(key)}{hint} The fields are {', '.join(known)}")
    try:
        problem = Problem.model_validate(values)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:3])
        raise ValueError(f"not a problem ({found}): the fields are {', '.join(known)}") from None
    said = (problem.prompt,) if isinstance(problem.prompt, str) else [each.content for each in problem.prompt]
    if not problem.id.strip() or not "".join(said).strip():
        raise ValueError("an empty id or prompt: fill it in or drop the row")
    return problem
