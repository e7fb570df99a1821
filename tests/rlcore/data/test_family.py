"""A family is one file: found by its name or its path, asked by one protocol, refused with the remedy."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rlcore.config.data import DataConfig, ProblemPart
from rlcore.config.pretrain import TextPart
from rlcore.data import families
from rlcore.data import family as protocol
from rlcore.data.documents import read_documents, read_mixture
from rlcore.data.mixture import by_family, read_pool
from rlcore.data.origin import family
from rlcore.data.problems import load_problems
from rlcore.data.screening import Screening
from rlcore.data.sources.drops import Drops
from verifiers.types import Problem

MINIMAL = """
from verifiers.types import Problem

def problems(size, seed):
    return [Problem(id=f"{seed}-{n}", prompt=f"{n}+{seed}=", reference={"answer": str(n + seed)}) for n in range(size)]
"""


@pytest.fixture
def toy(repository: Path) -> str:
    return str(repository / "tests" / "examples" / "digit_sums.py")


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def load(source: str, size: int = 5, **options: Any) -> list[Problem]:
    return load_problems(source, size=size, seed=0, screening=Screening(enabled=False), **options)


def test_the_folder_holds_families_and_nothing_else() -> None:
    assert protocol.names() == ("arithmetic", "programs", "reasoning_gym", "theorems", "word_problems")
    for name in protocol.names():
        found = protocol.find(name)
        assert found is not None and found.name == name
        assert found.module.__name__ == f"{families.__name__}.{name}"
        assert found.is_proven == (name != "reasoning_gym")
    assert protocol.with_documents() == ["arithmetic", "programs", "theorems"]


@pytest.mark.parametrize("source", ["rows.jsonl", "hf:folder", "leandojo:train.json", "arithmetics", "", "a.py.csv"])
def test_other_sources_are_no_families(source: str) -> None:
    assert protocol.find(source) is None


def test_the_toy_family_in_a_run(toy: str, tmp_path: Path) -> None:
    """Its references judged by their judge, split, mixed, told apart by language; all of it by the file's path."""
    parts = (
        ProblemPart(source=f"{toy}:zh+en", size=120, levels=(2, 3), options={"largest": 4}),
        ProblemPart(source="arithmetic", size=60),
    )
    drops = Drops()
    with Screening(cache=tmp_path / "known.sqlite3") as screening:
        pool, held_out, _ = read_pool(
            DataConfig(mixture=parts, held_out_share=0.3), seed=0, measured=0, drops=drops, screening=screening
        )
    assert drops.rows == []
    assert list(by_family(held_out)) == ["digit_sums.en", "digit_sums.zh", "arithmetic"]
    counts = Counter(family(problem) for problem in pool.problems + held_out)
    assert counts["digit_sums.en"] + counts["digit_sums.zh"] == 120 and counts["arithmetic"] == 60
    toys = [one for one in pool.problems + held_out if family(one).startswith("digit_sums")]
    assert screening.judged == len({one.reference["answer"] for one in toys}), (
        "each of its answers, none of arithmetic's"
    )
    assert {tag for problem in toys for tag in problem.tags if tag.startswith("level=")} == {"level=2", "level=3"}
    assert {digit for problem in toys for digit in problem.id.rpartition(":")[2]} == set("1234")


def test_the_toy_family_s_texts(toy: str) -> None:
    held_out = {str(problem.prompt) for problem in load(toy, size=80, levels=(2,))}
    free = read_documents(toy, characters=20_000, seed=0, levels=(2,))
    assert any(text.startswith(prompt) for text in free.texts for prompt in held_out), "without excluding they occur"
    corpus = read_documents(toy, characters=20_000, seed=0, exclude=held_out, levels=(2,))
    assert not any(text.startswith(prompt) for text in corpus.texts for prompt in held_out)
    assert list(corpus.mix) == ["digit_sums: forgets", "digit_sums: correct"], "the largest share first"
    assert [share.right for share in corpus.mix.values()] == [0.0, 1.0]
    mixed = read_mixture((TextPart(corpus=toy), TextPart(corpus="arithmetic")), characters=20_000, seed=0)
    assert {"digit_sums: correct", "arithmetic: correct"} <= mixed.mix.keys(), "styles of one name stay apart"


def test_the_family_in_the_manual(repository: Path, tmp_path: Path) -> None:
    manual = (repository / "docs" / "DATA.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n# products\.py\n(.*?)```", manual, flags=re.DOTALL)
    [toml] = re.findall(r"```toml\n(.*?)```", manual, flags=re.DOTALL)
    source = write(tmp_path / "products.py", code)
    parts = tomllib.loads(toml.replace("products.py", source))["data"]["mixture"]
    data = DataConfig(mixture=tuple(map(ProblemPart.model_validate, parts)), size=60, held_out_share=0.3)
    with Screening() as screening:
        pool, held_out, _ = read_pool(data, seed=0, measured=0, screening=screening)
    assert list(by_family(held_out)) == ["products", "word_problems.en", "word_problems.zh"]
    for problem in pool.parts[0]:
        a, b = map(int, problem.id.removeprefix("products:").split("*"))
        assert 1 <= a <= 50 and 1 <= b <= 50 and problem.reference == {"answer": str(a * b)}
    with pytest.raises(ValueError, match="25 problems, and 26 were asked for"):
        load(source, size=26, levels=(1,), options={"largest": 5})


def test_the_least_that_a_family_is(tmp_path: Path) -> None:
    source = write(tmp_path / "my sums.v2.py", MINIMAL)
    problems = load(source)
    assert [problem.id for problem in problems] == ["0-0", "0-1", "0-2", "0-3", "0-4"]
    assert {problem.tags for problem in problems} == {("family=my_sums_v2",)}
    assert load(source) == problems
    write(tmp_path / "my sums.v2.py", MINIMAL.replace("n + seed", "n + seed + 1"))
    assert load(source)[0].reference == {"answer": "1"}, "the file as it is now"


def test_the_first_variant_is_what_nothing_behind_the_name_means(toy: str) -> None:
    assert {family(problem) for problem in load(toy, size=30)} == {"digit_sums.en"}
    assert load(f"{toy}:en+zh", size=30) == load(f"{toy}:zh+en", size=30)
    assert {family(problem) for problem in load("word_problems:zh")} == {"word_problems.zh"}


def test_a_file_may_import_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path / "neighbour_of_a_family.py", MINIMAL)
    source = write(tmp_path / "family_with_neighbour.py", "from neighbour_of_a_family import problems\n")
    assert family(load(source)[0]) == "family_with_neighbour"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (None, {}, r"no family can be read there \(No such file.*correct the path"),
        ("x = 1\n", {}, r"not a family \(ValueError: it has no function `problems`\).*rlcore\.data\.family"),
        ("def problems(:\n", {}, r"not a family \(SyntaxError: .*correct the file"),
        ("raise SystemExit(3)\n", {}, r"not a family \(SystemExit: 3\)"),
        (MINIMAL.replace("range(size)", "range(size - 1)"), {}, r"4 problems, and 5 were asked for"),
        (MINIMAL.replace("return [", "return (").replace("(size)]", "(size))"), {}, r"no list of verifiers\.types"),
        (MINIMAL.replace("return ", "return [0] or "), {}, r"no list of verifiers\.types"),
        (MINIMAL, {"levels": (1,)}, r"has no levels: leave `levels` out"),
        (MINIMAL + "LEVELS = (1, 2)\n", {"levels": (2, 3)}, r"has no level 3: its levels are 1, 2"),
        (MINIMAL + "LEVELS = (1, 2)\n", {}, r"LEVELS, and `problems` takes no `levels`: let it take them"),
        (MINIMAL + "VARIANTS = ('a',)\n", {}, r"VARIANTS, and `problems` takes no `variants`: let it take them"),
        (MINIMAL, {"options": {"seed": 1}}, r"has no option 'seed': it has none"),
        (MINIMAL.replace("seed):", "seed, *, most=3):"), {"options": {"mots": 1}}, r"no option 'mots': it has most"),
        (MINIMAL.replace("seed):", "seed, *, variants):"), {}, r"problem '0-0' has no tag variant=NAME: add it"),
    ],
)
def test_files_that_are_no_families(tmp_path: Path, text: str | None, options: dict[str, Any], message: str) -> None:
    path = tmp_path / "mine.py"
    if text is not None:
        write(path, text)
    with pytest.raises(ValueError, match=message):
        load(str(path), **options)


@pytest.mark.parametrize(
    ("behind", "message"),
    [
        ("fr", "behind the colon stand en, zh, or several"),
        ("en+en", "behind the colon stand en, zh"),
        ("en+", "behind the colon stand en, zh"),
    ],
)
def test_variants_that_are_not_there(toy: str, behind: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(f"{toy}:{behind}")
    with pytest.raises(ValueError, match=message):
        load(f"programs:{behind}")
    with pytest.raises(ValueError, match="theorems has no variants: write nothing behind its name"):
        load(f"theorems:{behind}")


def test_equal_ids_and_references_that_cannot_be_judged_are_dropped(tmp_path: Path) -> None:
    twice = write(tmp_path / "twice.py", MINIMAL.replace("{seed}-{n}", "{seed}-{n // 2}"))
    drops = Drops()
    assert len(load(twice, drops=drops)) == 3
    assert "the id '0-0' occurs twice" in drops.rows[0][1].reason
    drops = Drops()
    empty = write(tmp_path / "empty.py", MINIMAL.replace("str(n + seed)", '"1" if n else ""'))
    with Screening() as screening:
        assert len(load_problems(empty, size=5, seed=0, screening=screening, drops=drops)) == 4
    [(_, dropped)] = drops.rows
    assert (dropped.place, dropped.id) == (f"{empty}, problem '0-0'", "0-0") and "is empty" in dropped.reason


def test_a_family_that_says_so_is_not_screened(tmp_path: Path) -> None:
    text = MINIMAL.replace("str(n + seed)", '""') + "PROVEN = True\n"
    with Screening() as screening:
        assert len(load_problems(write(tmp_path / "p.py", text), size=5, seed=0, screening=screening)) == 5
        assert screening.judged == 0


def test_a_judge_of_ones_own_for_a_family(tmp_path: Path) -> None:
    judge = write(tmp_path / "judge.py", "def mine(completion, reference):\n    return 1.0\n")
    problems = load("word_problems:zh", verifier=f"{judge}:mine")
    assert {(problem.verifier, family(problem)) for problem in problems} == {(f"{judge}:mine", "word_problems.zh")}


def test_texts_with_held_out_prompts_are_an_error(tmp_path: Path) -> None:
    text = MINIMAL + (
        "import itertools\nfrom rlcore.data.texts import Document\n"
        "def documents(seed, *, exclude):\n"
        '    return (Document(f"{n}+1={n + 1}", "fact", True) for n in itertools.count())\n'
    )
    source = write(tmp_path / "leaks.py", text)
    assert read_documents(source, characters=12, seed=0).texts == ["0+1=1", "1+1=2", "2+1=3"]
    with pytest.raises(ValueError, match=r"leaks\.py: `documents` gives a text with the held-out prompt '2\+1='"):
        read_documents(source, characters=100, seed=0, exclude={"2+1="})
    with pytest.raises(ValueError, match="has no levels"):
        read_documents(source, characters=100, seed=0, levels=(1,))
    source = write(tmp_path / "leaks.py", text + "LEVELS = (1, 2)\n")
    assert read_documents(source, characters=12, seed=0).texts == ["0+1=1", "1+1=2", "2+1=3"], "levels of problems only"
    with pytest.raises(ValueError, match="has no level 1: its texts have no levels"):
        read_documents(source, characters=12, seed=0, levels=(1,))
    with pytest.raises(ValueError, match="the family makes no texts: write arithmetic, programs, theorems"):
        read_documents("word_problems", characters=100, seed=0)
    found = protocol.find("arithmetic")
    assert found is not None
    assert len(list(itertools.islice(found.documents(0, exclude=()), 3))) == 3
