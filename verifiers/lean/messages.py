"""What Lean says of a text, as plain data, and which of it is about a limit.

A message quotes the text that it is about. So what it says is for people, and nothing here searches in it: Lean tags
what its limits say, and the kernel, which has no tags, says one of a few sentences and nothing else.
"""

from __future__ import annotations

import json

from verifiers.lean.export import Data, Name
from verifiers.lean.native import Lean, Names, field, items, kept, tag, text

MAX_MESSAGES = 50
MAX_CHARS = 4_000
HEARTBEATS, RECURSION, MEMORY = "heartbeats", "recursion", "memory"
_TAGS: dict[Name, str] = {("runtime", "maxHeartbeats"): HEARTBEATS, ("runtime", "maxRecDepth"): RECURSION}
_KERNEL = {
    "(kernel) deterministic timeout": HEARTBEATS,
    "(kernel) excessive memory consumption detected": MEMORY,
    "(kernel) deep recursion detected, use `set_option maxRecDepth <num>` to increase the limit": RECURSION,
}
# Which field of a Message, and constructors of MessageData: where the parts below them are.
_DATA = 4
_CONTEXTS, _TAGGED, _LAZY = (3, 4), 8, 10
_BELOW = {2: (1,), 3: (1,), 4: (1,), 5: (1,), 6: (0,), 7: (0, 1), _TAGGED: (1,)}
_MAX_PARTS = 10_000


def read(lean: Lean, log: int) -> list[Data]:
    """The messages of a MessageLog that veto a proof, `MAX_MESSAGES` of them at most, in the order of the log.

    Each has `severity`, `kind`, `data` (what it says), `pos` and `endPos` (lines from 1, columns from 0, in
    characters; no end for some errors of the parser), and `limit`: HEARTBEATS, RECURSION, MEMORY or "".
    """
    names = Names(lean)
    found: list[Data] = []
    for message in items(lean.call("l_Lean_MessageLog_toArray", kept(log))):
        line = text(lean.call("l_Lean_Json_compress", lean.call("l_Lean_Message_toJson", kept(message))))
        told = json.loads(line)
        if not vetoed(told):
            continue
        limit = _limit(names, field(message, _DATA), told["data"])
        kept_fields = {key: told[key] for key in ("severity", "kind", "pos", "endPos")}
        found.append({**kept_fields, "data": told["data"][:MAX_CHARS], "limit": limit})
        if len(found) >= MAX_MESSAGES:
            break
    return found


def vetoed(message: Data) -> bool:
    """Whether no proof with this message counts."""
    return bool(message["severity"] == "error" or message["kind"] == "hasSorry")


def _limit(names: Names, data: int, said: str) -> str:
    stack = [data]
    for _ in range(_MAX_PARTS):
        if not stack:
            break
        part = stack.pop()
        if tag(part) == _TAGGED and (limit := _TAGS.get(names.read(field(part, 0)))):
            return limit
        stack += [field(part, at) for at in _BELOW.get(tag(part), ())]
    while tag(data) in _CONTEXTS:
        data = field(data, 1)
    return _KERNEL.get(said, "") if tag(data) == _LAZY else ""
