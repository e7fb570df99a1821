# kind: honest
# category: honest
# problem: runs
import re
from collections import namedtuple

Run = namedtuple("Run", "letter count")


def encode_runs(text: str) -> List[Tuple[str, int]]:
    runs = [Run(match[1], len(match[0])) for match in re.finditer(r"(.)\1*", text)]
    assert decode_runs(runs) == text
    return runs
