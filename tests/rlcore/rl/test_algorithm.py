"""An algorithm is one file: found by name or path, its options checked when the run file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlcore.config.reading import ConfigError, parse
from rlcore.rl import algorithm


def test_the_package_brings_three() -> None:
    assert {"dapo", "gspo", "rft"} <= set(algorithm.names())


def test_a_run_file_without_options_has_the_algorithms_own() -> None:
    assert parse({}).train.options == {"clip_low": 3e-4, "clip_high": 4e-4, "std_normalise": True}
    dapo = parse({"train": {"algorithm": "dapo", "options": {"clip_high": 0.3}}}).train
    assert dapo.options == {"clip_low": 0.2, "clip_high": 0.3, "std_normalise": True}


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"algorithm": "ppo"}, "no algorithm 'ppo': give one of dapo, gspo, rft"),
        ({"algorithm": "nowhere.py"}, "nowhere.py: no such file"),
        ({"options": {"clip": 1}}, "gspo has no option 'clip'; its options: clip_low, clip_high, std_normalise"),
        ({"algorithm": "rft", "options": {"clip_low": 1}}, "rft has no option 'clip_low'; its options: none"),
        ({"options": {"clip_low": "x"}}, "options of gspo: clip_low='x'"),
        ({"options": {"clip_low": -1}}, "options of gspo: clip_low=-1"),
        ({"clip_low": 0.1}, "unknown key 'train.clip_low'; did you mean 'train.options.clip_low'?"),
    ],
)
def test_a_mistake_names_the_remedy(train: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse({"train": train})
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("NEEDS = set()\n", "lacks Options, advantages, loss"),
        ("import nothing_of_this_name\n", "could not be imported: ModuleNotFoundError"),
        ("Options = advantages = loss = None\nNEEDS = {'critic'}\n", "NEEDS may hold old, not critic"),
    ],
)
def test_a_file_that_is_no_algorithm_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.py") as error:
        parse({"train": {"algorithm": str(path)}})
    assert message in str(error.value)


def test_the_content_of_a_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("one", encoding="utf-8")
    before = algorithm.digest("mine.py")
    Path("mine.py").write_text("two", encoding="utf-8")
    assert algorithm.digest("mine.py") != before
    assert algorithm.digest("gspo") == "gspo"
