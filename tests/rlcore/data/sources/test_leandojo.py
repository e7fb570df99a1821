"""LeanDojo Benchmark files that were made here: they come back as written, and their theorems are problems.

No published benchmark and no real trace is at hand: both are large, and tracing needs elan and GitHub.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rlcore.data.sources import lean_statements, leandojo, leandojo_trace
from rlcore.data.sources.drops import Dropped, Placed
from rlcore.data.sources.leandojo import SourceFile, Theorem
from verifiers.types import Problem

URL, COMMIT = "https://example.org/algebra", "29dcec074de168ac2bf835a77ef68bbe069194c5"
FILE = "Algebra/Basic.lean"
SOURCE = """import Algebra.Order

namespace Algebra

/-- A docstring with theorem fake : True := in it -/
@[simp, ext] private theorem swap {p q : Prop} (h : p ∧ q) (n : Nat := 3) : q ∧ p := by -- :=
  exact ⟨h.2, h.1⟩

lemma zero_add' (n : Nat) : /- := -/ 0 + n = n :=
  Nat.zero_add n

theorem by_cases' : ∀ n : Nat, n = n
  | 0 => rfl
  | _ => rfl

theorem with_let (n : Nat) : let m := n; m = n := rfl
"""


def entry(name: str, goal: str | None = "p q : Prop\nh : p ∧ q\n⊢ q ∧ p", **more: Any) -> dict[str, Any]:
    """An entry of a split file. The positions are those of the declaration in SOURCE, if it is there."""
    start = SOURCE.find("@[simp" if name.endswith("swap") else f" {name.rsplit('.', 1)[-1]}")
    line = SOURCE[:start].count("\n") + 1 if start >= 0 else 7
    lines = SOURCE.splitlines()
    blank = next((number for number in range(line, len(lines) + 1) if not lines[number - 1].strip()), len(lines))
    tactics = [
        {
            "tactic": "exact ⟨h.2, h.1⟩",
            "annotated_tactic": [
                "exact ⟨h.<a>2</a>, h.1⟩",
                [{"full_name": "And.right", "def_path": "src/lean/Init/Prelude.lean", "def_pos": [1, 2]}],
            ],
            "state_before": goal,
            "state_after": "no goals",
        }
    ]
    return {
        "url": URL,
        "commit": COMMIT,
        "file_path": FILE,
        "full_name": name,
        "start": [line, 1],
        "end": [blank - 1, len(lines[blank - 2]) + 1],
        "traced_tactics": tactics if goal else [],
        **more,
    }


def split_file(folder: Path, entries: list[dict[str, Any]]) -> Path:
    path = folder / "random" / "train.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    file = tmp_path / "checkout" / FILE
    file.parent.mkdir(parents=True)
    file.write_text(SOURCE, encoding="utf-8")
    return tmp_path / "checkout"


def test_a_split_comes_back_as_it_was_read(tmp_path: Path) -> None:
    entries = [entry("Algebra.swap", difficulty=2.5), entry("Algebra.other", None), entry("a«b c»", "⊢ True")]
    read = list(leandojo.read_theorems(split_file(tmp_path, entries)))
    leandojo.write_theorems(tmp_path / "out" / "val.json", read)
    written = (tmp_path / "out" / "val.json").read_text(encoding="utf-8")
    assert json.loads(written) == entries
    assert list(leandojo.read_theorems(tmp_path / "out" / "val.json")) == read
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["val.json"], "a temporary file was left"


def load(source: str) -> list[Problem]:
    """All problems; none of these entries is dropped."""
    return [each.problem for each in leandojo.load(source) if isinstance(each, Placed)]


def test_an_empty_split(tmp_path: Path) -> None:
    leandojo.write_theorems(tmp_path / "val.json", [])
    assert list(leandojo.read_theorems(tmp_path / "val.json")) == []
    (tmp_path / "val.json").write_text("[]")
    assert list(leandojo.read_theorems(tmp_path / "val.json")) == []


@pytest.mark.parametrize("chunk", [1, 2, 7, 100, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
def test_reading_in_pieces_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, indent: int | None
) -> None:
    entries = [entry(f"t{number}", 'h : "]" ≠ "[{\\""\n⊢ True') for number in range(4)]
    path = tmp_path / "train.json"
    path.write_text(" \n" + json.dumps(entries, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8")
    monkeypatch.setattr(leandojo, "_CHUNK", chunk)
    assert [theorem.full_name for theorem in leandojo.read_theorems(path)] == ["t0", "t1", "t2", "t3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a JSON list"),
        ("{}", "not a JSON list"),
        ("[1, 2]", "not a JSON list"),
        ('[{"url": "x"', "not a JSON list"),
        ('[{"url": "x"}]', "theorem 1: not an entry"),
        ("[" + json.dumps(entry("a")) + " " + json.dumps(entry("b")) + "]", "not a JSON list"),
        ("[" + json.dumps(entry("a", start=[1])) + "]", "start"),
    ],
)
def test_a_malformed_split_is_an_error_with_place_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        list(leandojo.read_theorems(tmp_path / "train.json"))
    assert "train.json" in str(error.value)


def test_missing_files_are_named(tmp_path: Path) -> None:
    for call in (
        lambda: list(leandojo.read_theorems(tmp_path / "none.json")),
        lambda: list(leandojo.read_corpus(tmp_path / "none.jsonl")),
        lambda: leandojo.read_metadata(tmp_path / "none.json"),
        lambda: leandojo.load(f"{tmp_path / 'none.json'}"),
    ):
        with pytest.raises(ValueError, match=r"none\.json.*no such file"):
            call()


def test_corpus_and_metadata_come_back_as_they_were_read(tmp_path: Path) -> None:
    files = [
        {"path": "src/lean/Init.lean", "imports": [], "premises": []},
        {"path": FILE, "imports": ["Algebra/Order.lean"], "premises": [{"full_name": "Algebra.swap", "code": "…"}]},
    ]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(file) + "\n" for file in files))
    leandojo.write_corpus(tmp_path / "again.jsonl", leandojo.read_corpus(tmp_path / "corpus.jsonl"))
    assert [json.loads(line) for line in (tmp_path / "again.jsonl").read_text().splitlines()] == files
    metadata = {"from_repo": {"url": URL, "commit": COMMIT}, "leandojo_version": "4.20.0"}
    leandojo.write_metadata(tmp_path / "metadata.json", metadata)
    assert leandojo.read_metadata(tmp_path / "metadata.json") == metadata
    (tmp_path / "metadata.json").write_text("[]")
    with pytest.raises(ValueError, match="not an object"):
        leandojo.read_metadata(tmp_path / "metadata.json")


def test_a_problem_from_the_checkout(tmp_path: Path, checkout: Path) -> None:
    path = split_file(tmp_path, [entry("Algebra.swap"), entry("Algebra.zero_add'", "n : Nat\n⊢ 0 + n = n")])
    swap, zero = load(f"{path}@{checkout}")
    assert swap.verifier == "lean"
    assert swap.reference["statement"] == "theorem Algebra.swap {p q : Prop} (h : p ∧ q) (n : Nat := 3) : q ∧ p"
    assert swap.prompt == swap.reference["statement"] + " := by\n"
    before = "import Algebra.Order\n\nnamespace Algebra"
    assert swap.reference["header"] == f"{before}\n\nend Algebra\nopen Algebra\n"
    assert "statement=source" in swap.tags
    assert zero.reference["statement"] == "theorem Algebra.zero_add' (n : Nat) :   0 + n = n"
    assert swap.id == f"29dcec07/{FILE}:6:Algebra.swap"


def test_a_problem_from_a_goal_imports_what_its_file_imports(tmp_path: Path) -> None:
    path = split_file(tmp_path, [entry("Algebra.swap"), entry("Algebra.hidden", "inst✝ : Group G\n⊢ True")])
    corpus = [SourceFile(path=FILE, imports=("src/lean/Init.lean", ".lake/packages/std/Std/Logic.lean"))]
    leandojo.write_corpus(tmp_path / "corpus.jsonl", corpus)
    (problem,) = load(str(path))
    assert problem.reference == {
        "statement": "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p",
        "header": "import Std.Logic\n",
    }
    assert "statement=goal" in problem.tags


def test_no_statement_at_all_is_an_error_that_names_the_checkout(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="@CHECKOUT"):
        load(str(split_file(tmp_path, [entry("Algebra.swap", None)])))


def test_entries_that_are_none_cost_themselves_only(tmp_path: Path, checkout: Path) -> None:
    other = entry("Algebra.gone") | {"file_path": "Gone.lean"}
    broken = {"full_name": "Algebra.broken", "file_path": 3}
    path = split_file(tmp_path, [broken, other, entry("Algebra.swap"), entry("Algebra.\ud800swap")])
    first, second, third, fourth = leandojo.load(f"{path}@{checkout}")
    assert isinstance(first, Dropped) and isinstance(second, Dropped) and isinstance(third, Placed)
    assert first.place == f"{path}, theorem 1" and first.id == "Algebra.broken"
    assert first.reason.startswith("not an entry of a LeanDojo Benchmark")
    assert "no such file" in second.reason and COMMIT in second.reason
    assert third.problem.reference["statement"].startswith("theorem Algebra.swap")
    assert isinstance(fourth, Dropped) and "no valid Unicode" in fourth.reason


def test_a_checkout_that_is_none(tmp_path: Path) -> None:
    path = split_file(tmp_path, [entry("Algebra.swap")])
    with pytest.raises(ValueError, match="no folder"):
        load(f"{path}@{tmp_path / 'nothing'}")
    with pytest.raises(ValueError, match="name a split file"):
        load(str(tmp_path))


def test_problems_are_written_and_come_back(tmp_path: Path, checkout: Path) -> None:
    """Problems -> benchmark file -> problems: what is judged stays the same."""
    path = split_file(tmp_path, [entry("Algebra.swap"), entry("Algebra.zero_add'")])
    problems = load(f"{path}@{checkout}")
    leandojo.write_theorems(tmp_path / "again.json", map(leandojo.from_problem, problems))
    again = load(str(tmp_path / "again.json"))
    for before, after in zip(problems, again, strict=True):
        assert after.id == before.id and after.prompt == before.prompt
        assert after.reference == before.reference
        assert set(after.tags) ^ set(before.tags) == {"statement=source", "statement=field"}


def test_a_problem_of_our_own_family_is_written(tmp_path: Path) -> None:
    from rlcore.data.families import theorems

    ours = theorems.problems(5, 0)
    leandojo.write_theorems(tmp_path / "ours.json", map(leandojo.from_problem, ours))
    back = load(str(tmp_path / "ours.json"))
    assert [problem.reference["statement"] for problem in back] == [p.reference["statement"] for p in ours]
    with pytest.raises(ValueError, match="not a Lean problem"):
        leandojo.from_problem(ours[0].model_copy(update={"verifier": "math"}))


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("theorem a : 1 = 1 := rfl", "theorem a : 1 = 1"),
        ("lemma a (n : Nat) : n = n := by\n  rfl", "theorem a (n : Nat) : n = n"),
        ('@[simp] theorem a : "--:=" = "--:=" := rfl', 'theorem a : "--:=" = "--:="'),
        ("theorem a : {n : Nat // n = 1} = x := rfl", "theorem a : {n : Nat // n = 1} = x"),
        ("/- theorem b : False := -/ theorem a /- /- := -/ -/ : True := trivial", "theorem a   : True"),
        ("theorem a : True", "theorem a : True"),
        # Where the proof begins cannot be told, or there is none.
        ("theorem a : ∀ n : Nat, n = n\n  | 0 => rfl\n  | _ => rfl", None),
        ("theorem a (n : Nat) : let m := n; m = n := rfl", None),
        ("def a : Nat := 1", None),
        ("instance : Add Nat := ⟨Nat.add⟩", None),
        ("theorem a (h : p := by", None),
    ],
)
def test_a_statement_is_cut_from_its_declaration(declaration: str, expected: str | None) -> None:
    assert lean_statements.up_to_proof(declaration) == expected


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("⊢ 1 = 1", "theorem t : 1 = 1"),
        ("G : Type u_1\na b : G\nh : a = b\n⊢ b = a", "theorem t.{u_1} (G : Type u_1) (a b : G) (h : a = b) : b = a"),
        ("case inl\np : Prop\nh :\n  p ∧\n    p\n⊢ p", None),
        ("h : a ∧\n    b\n⊢ b ∧\n    a", "theorem t (h : a ∧\n    b) : b ∧\n    a"),
        ("inst : Decidable p\n⊢ True", "theorem t [inst : Decidable p] : True"),
        ("x : Nat := 3\n⊢ x = 3", None),
        ("a✝ : Nat\n⊢ True", None),
        ("⊢ True\n\n⊢ False", None),
        ("no goals", None),
    ],
)
def test_a_statement_from_a_goal(goal: str, expected: str | None) -> None:
    assert lean_statements.from_goal(goal) == expected


@pytest.mark.parametrize("missing", ["git", "elan", "lake", "lean_dojo"])
def test_tracing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    bare(tmp_path, monkeypatch, without=missing)
    with pytest.raises(leandojo_trace.CannotTrace) as error:
        leandojo_trace.trace(URL, COMMIT)
    assert "install" in str(error.value)
    wanted = "pip install '.[dojo]'" if missing == "lean_dojo" else f"{missing} (install"
    assert wanted in str(error.value)
    assert sum(f"{tool} (" in str(error.value) for tool in ("git", "elan", "lake", "lean-dojo")) == 1


def test_a_trace_becomes_a_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """lean-dojo's objects, made by hand with the members that it documents: no real trace can be made here."""
    bare(tmp_path, monkeypatch, without="")
    theorems, files = leandojo_trace.trace(URL, COMMIT)
    assert [theorem.full_name for theorem in theorems] == ["Algebra.swap"]
    assert [tactic.tactic for tactic in theorems[0].traced_tactics] == ["exact ⟨h.2, h.1⟩"]
    assert [file.path for file in files] == ["Algebra/Order.lean", FILE]
    assert files[1].imports == ("Algebra/Order.lean",)
    leandojo.write_theorems(tmp_path / "random" / "train.json", theorems)
    leandojo.write_corpus(tmp_path / "corpus.jsonl", files)
    (problem,) = load(str(tmp_path / "random" / "train.json"))
    assert problem.reference["header"] == "import Algebra.Order\n"


def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, without: str) -> None:
    """A PATH with these tools only, and a module `lean_dojo`, but for one of them."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in {"git", "elan", "lake"} - {without}:
        (tools / tool).write_text("#!/bin/sh\n")
        (tools / tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    module = types.ModuleType("lean_dojo")
    module.LeanGitRepo = lambda url, commit: SimpleNamespace(url=url, commit=commit)  # type: ignore[attr-defined]
    module.trace = traced  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lean_dojo", None if without == "lean_dojo" else module)


class Graph(dict[Path, list[Path]]):
    """As much of a networkx graph as is used: its nodes with their data, and successors."""

    @property
    def nodes(self) -> dict[Path, dict[str, Any]]:
        return {
            path: {"traced_file": SimpleNamespace(path=path, get_premise_definitions=lambda: [{"full_name": "x"}])}
            for path in self
        }

    def successors(self, path: Path) -> list[Path]:
        return self[path]


def traced(repo: Any, dst_dir: Path | None) -> Any:
    def theorem(of: Any, name: str) -> Any:
        values = [
            SimpleNamespace(
                tactic=tactic,
                state_before=before,
                state_after="no goals",
                get_annotated_tactic=lambda: ("exact h", [{"full_name": "And.right", "def_path": Path("a.lean")}]),
            )
            for tactic, before in (("· exact h", "⊢ p"), ("exact ⟨h.2, h.1⟩", "p q : Prop\nh : p ∧ q\n⊢ q ∧ p"))
        ]
        return SimpleNamespace(
            repo=of,
            file_path=Path(FILE),
            theorem=SimpleNamespace(full_name=name),
            start=(6, 1),
            end=(7, 20),
            get_traced_tactics=lambda: values,
        )

    dependency = SimpleNamespace(url="elsewhere", commit="0")
    order = Path("Algebra/Order.lean")
    return SimpleNamespace(
        repo=repo,
        get_traced_theorems=lambda: [theorem(repo, "Algebra.swap"), theorem(dependency, "Std.other")],
        traced_files_graph=Graph({Path(FILE): [order], order: []}),
    )


def test_a_theorem_is_plain_data() -> None:
    theorem = Theorem.model_validate(entry("a"))
    assert Theorem.model_validate_json(theorem.model_dump_json()) == theorem
