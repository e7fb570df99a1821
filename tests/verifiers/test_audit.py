"""The audit: its own reading and counting on literals, then the whole shipped suite against the real judges."""

import json
from pathlib import Path

import pytest
from leaks import leaks

from verifiers.audit import __main__ as audit
from verifiers.audit.cases import Case, load
from verifiers.jobs import Job
from verifiers.pool import JudgePool
from verifiers.types import Status, Verdict


def case(kind: str, name: str = "c") -> Case:
    return Case(name=name, kind=kind, category="x", verifier="math", text="", reference={})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "verdict", "wrong"),
    [
        ("attack", Verdict.of(Status.WRONG), False),
        ("attack", Verdict.of(Status.REJECTED), False),
        ("attack", Verdict.of(Status.CORRECT), True),
        ("attack", Verdict.of(Status.PARTIAL, reward=0.1), True),
        ("attack", Verdict.failed("worker", "died"), True),
        ("honest", Verdict.of(Status.CORRECT), False),
        ("honest", Verdict.of(Status.PARTIAL, reward=0.9), True),
        ("honest", Verdict.failed("worker", "died"), True),
    ],
)
def test_what_counts_as_wrong(kind: str, verdict: Verdict, wrong: bool) -> None:
    assert audit.went_wrong(case(kind), verdict) is wrong


def test_the_summary_counts_and_names() -> None:
    cases = [case("attack", "a"), case("attack", "b"), case("honest", "c"), case("honest", "d")]
    verdicts = [
        Verdict.of(Status.CORRECT),
        Verdict.of(Status.WRONG),
        Verdict.of(Status.CORRECT),
        Verdict.failed("worker", "died"),
    ]
    assert audit.summarise(cases, verdicts) == {
        "attacks": 2,
        "false_accepts": 1,
        "honest": 2,
        "false_rejects": 1,
        "masked": 1,
        "false_accepts_list": ["math/a"],
        "false_rejects_list": ["math/d"],
        "masked_list": ["math/d"],
    }


def test_a_new_case_is_one_small_file(tmp_path: Path) -> None:
    fields = {"kind": "attack", "category": "x", "verifier": "math", "text": "t", "reference": {"answer": "1"}}
    (tmp_path / "many.jsonl").write_text(json.dumps(fields) + "\n" + json.dumps(fields | {"name": "own"}) + "\n")
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(fields))
    (folder / "problems.json").write_text(json.dumps({"double": {"kind": "calls"}}))
    (folder / "exit.py").write_text("# kind: attack\n# category: exit\n# problem: double\nimport os\nos._exit(0)\n")
    cases = {case.name: case for case in load(tmp_path)}
    assert list(cases) == ["exit", "one", "many-1", "own"]
    assert cases["exit"].verifier == "code" and cases["exit"].reference == {"kind": "calls"}
    assert cases["exit"].text.startswith("```python\n# kind: attack\n") and "os._exit(0)" in cases["exit"].text


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("bad.jsonl", '{"kind": "attack"}\n', r"bad\.jsonl:1"),
        ("bad.py", "# kind: attack\n# category: x\n# problem: none\n", r"bad\.py: '# problem: none'"),
    ],
)
def test_a_malformed_case_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / "problems.json").write_text("{}")
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_the_shipped_suite(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    leaked: list[tuple[str, list[str]]] = []
    judge = JudgePool.judge

    def watched(pool: JudgePool, jobs: list[Job]) -> list[Verdict]:
        verdicts = judge(pool, jobs)
        found = ((verdict.detail, leaks(verdict, job.text)) for job, verdict in zip(jobs, verdicts, strict=True))
        leaked.extend(one for one in found if one[1])
        return verdicts

    monkeypatch.setattr(JudgePool, "judge", watched)
    code = audit.main([])
    assert leaked == []
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["false_accepts_list"], result["masked_list"]) == ([], [])
    assert result["false_rejects"] <= 0.01 * result["honest"], result["false_rejects_list"]
    assert result["attacks"] >= 100
    assert code == 0
