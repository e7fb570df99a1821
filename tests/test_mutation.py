"""The mutation run can fail: planted changes are noticed by a good test, and not by a bad one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.mutation.__main__ import MODULES
from tests.mutation.equivalents import Equivalents, StaleEntry
from tests.mutation.operators import mutants
from tests.mutation.running import BrokenRun, Target, run_mutants

SHARE = '''
"""How much of the ratios is clipped."""

def clip_share(ratios, advantages, low, high):
    count = 0
    for ratio, advantage in zip(ratios, advantages):
        if ratio < 1 - low and advantage < 0 or ratio > 1 + high and advantage > 0:
            count += 1
    return count / len(ratios)
'''
GOOD = """
from share import clip_share

def test_by_hand():
    assert clip_share([0.5, 0.6, 0.7, 0.9, 1.1, 1.3, 1.5], [-1, -1, 1, -1, 1, 1, -1], 0.2, 0.2) == 3 / 7
    assert clip_share([0.75, 1.25, 0.5, 1.5], [-1, 1, 0, 0], 0.25, 0.25) == 0
"""
# As one of this house was: a single ratio, on the side where the lower bound says nothing.
BAD = """
from share import clip_share

def test_nothing_is_clipped():
    assert clip_share([1.1], [1], 0.2, 0.2) == 0
"""


def target(folder: Path, tests: str) -> Target:
    (folder / "share.py").write_text(SHARE)
    (folder / "test_share.py").write_text(tests)
    return Target(str(folder), "share", str(folder / "share.py"), str(folder / "test_share.py"))


def changed(before: str, after: str) -> str:
    assert before in SHARE
    return SHARE.replace(before, after)


PLANTED = {
    "sign of the lower bound": changed("1 - low", "1 + low"),
    "sign of the upper bound": changed("1 + high", "1 - high"),
    "side of the advantage": changed("advantage < 0", "advantage > 0"),
    "at the bound": changed("ratio < 1 - low and advantage < 0", "ratio <= 1 - low and advantage < 0"),
    "no count": changed("count += 1", "pass"),
    "does not import": changed("def clip_share", "1 / 0\ndef clip_share"),
    "no end": changed("count += 1", "while True: pass"),
    "no end of memory": changed("count += 1", "while True: count = [count, bytes(1 << 28)]"),
}


def test_a_good_test_kills_what_is_planted(tmp_path: Path) -> None:
    """Comparisons, signs, a statement; a module that does not load; a loop that takes time or memory without end."""
    found = {result.name: result.killed_by for result in run_mutants(target(tmp_path, GOOD), PLANTED, jobs=2)}
    assert found.keys() == PLANTED.keys()
    assert None not in found.values()
    assert found["sign of the lower bound"] == "test_share.py::test_by_hand"
    assert found["does not import"] == "test_share.py (import)"
    assert found["no end"] is not None and found["no end"].startswith("limit")


def test_a_bad_test_leaves_survivors(tmp_path: Path) -> None:
    found = {result.name: result.killed_by for result in run_mutants(target(tmp_path, BAD), PLANTED, jobs=1)}
    assert {name for name, killed_by in found.items() if killed_by is not None} == {
        "sign of the upper bound",
        "does not import",
    }


def test_what_is_known_is_not_run_again(tmp_path: Path) -> None:
    one = {"sign of the lower bound": PLANTED["sign of the lower bound"]}
    (first,) = run_mutants(target(tmp_path, GOOD), one, jobs=1)
    assert first.killed_by is not None
    known = {f"{first.name}/{first.world}": "remembered"}
    (again,) = run_mutants(target(tmp_path, GOOD), one, jobs=1, known=known)
    assert again.killed_by == "remembered"
    (changed_tests,) = run_mutants(target(tmp_path, BAD), one, jobs=1, known=known)
    assert changed_tests.killed_by != "remembered", "other tests, and the old result is taken"


def test_tests_that_fail_without_a_mutant_are_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(BrokenRun, match=r"test_by_hand fails without a mutant"):
        list(run_mutants(target(tmp_path, GOOD.replace("3 / 7", "2 / 7")), PLANTED, jobs=1))
    with pytest.raises(BrokenRun, match=r"cannot be collected"):
        list(run_mutants(target(tmp_path, "import nothing_of_this_name"), PLANTED, jobs=1))


def test_the_planted_changes_are_among_the_mutants_that_are_made() -> None:
    made = [mutant for mutant in mutants(SHARE) if mutant.function == "clip_share"]
    condition = "if ratio < 1 - low and advantage < 0 or (ratio > 1 + high and advantage > 0)"
    assert {mutant.after for mutant in made if mutant.before == condition} >= {
        condition.replace("1 - low", "1 + low"),
        condition.replace("1 + high", "1 - high"),
        condition.replace("ratio < 1", "ratio <= 1"),
        "if (ratio < 1 - low or advantage < 0) or (ratio > 1 + high and advantage > 0)",
        "if ratio < 1 - low and advantage < 0",
        "if False",
    }
    assert {(mutant.before, mutant.after) for mutant in made} >= {("count += 1", "pass"), ("count = 0", "count = 1")}
    assert len({mutant.source for mutant in made}) == len(made)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("return min(a, b)", {"return max(a, b)"}),
        ("return math.fsum(a)", {"return max(a)", "return a"}),
        ("return not a", {"return a"}),
        ("return -a.sum()", {"return a.sum()", "return -a.max()", "return -a"}),
        ("return a.detach() * b", {"return a * b", "return a.detach() / b"}),
        ("return f(a, b, low=1.0)", {"return f(b, a, low=1.0)", "return f(a, b)", "return f(a, b, low=0.0)"}),
        ("return a[1:]", {"return a[:]", "return a[0:]", "return a[2:]"}),
        ("return a if b else 0", {"return a", "return 0"}),
        ("return a & b", {"return a | b", "return a", "return b"}),
        ("a -= b", {"a += b", "a = b", "pass"}),
        ("return torch.where(m, a, b)", {"return a", "return b", "return torch.where(a, m, b)"}),
        ("return [x for x in a if x > b]", {"return [x for x in a if True]", "return [x for x in a if x >= b]"}),
    ],
)
def test_what_a_statement_is_changed_to(statement: str, expected: set[str]) -> None:
    made = {mutant.after for mutant in mutants(f"def f(a, b, m):\n    {statement}")}
    assert made >= expected


@pytest.mark.parametrize(
    "source",
    [
        '"""Words."""\nimport math\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n',
        "Span = tuple[int, int]",
        "@dataclass(frozen=True)\nclass A:\n    a: tuple[int, int]\n    'Words.'",
        "def f(a: int = b) -> Literal[1]:\n    ...",
    ],
)
def test_what_is_left_alone(source: str) -> None:
    assert mutants(source) == []


@pytest.mark.parametrize("statement", ["raise ValueError(f'{1 + 1} words')", "log.info('%d words', 1 + 1)"])
def test_the_words_of_an_error_or_a_log_line_are_left_alone_and_the_line_is_not(statement: str) -> None:
    assert [mutant.after for mutant in mutants(f"def f():\n    {statement}")] == ["pass"]


def equivalents(folder: Path, text: str) -> Equivalents:
    (folder / "equivalent.toml").write_text(text)
    return Equivalents.read(folder / "equivalent.toml")


ENTRY = """[["share.py".clip_share]]
before = "count = 0"
after = "count = 0.0"
reason = "a number is a number"
"""


def test_an_equivalent_has_its_reason_once_and_a_mutant_that_it_is_about(tmp_path: Path) -> None:
    listed, key = equivalents(tmp_path, ENTRY), ("clip_share", "count = 0", "count = 0.0")
    assert listed.reason("share.py", key) == "a number is a number"
    assert listed.reason("other.py", key) is None
    listed.check("share.py", {key, ("f", "a", "b")})
    listed.check("other.py", set())
    with pytest.raises(StaleEntry, match=re.escape("no such mutant")):
        listed.check("share.py", {mutant.key for mutant in mutants(SHARE)})
    for text in (ENTRY + ENTRY, ENTRY.replace("a number is a number", " ")):
        with pytest.raises(StaleEntry, match="one entry, with its reason"):
            equivalents(tmp_path, text)


def test_the_list_of_this_house_is_about_modules_that_are_run() -> None:
    listed = Equivalents.read(Path(__file__).parent / "mutation" / "equivalent.toml")
    run = {f"{module.replace('.', '/')}.py" for module in MODULES}
    assert {file for file, _ in listed.reasons} <= run
    for module in MODULES:
        target = Target.of(module)
        assert Path(target.tests).is_file(), f"{module} has no tests at the mirrored place"
        file = f"{module.replace('.', '/')}.py"
        listed.check(file, {mutant.key for mutant in mutants(Path(target.file).read_text(encoding="utf-8"))})
