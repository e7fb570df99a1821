"""The run file: defaults, overrides, and mistakes that name the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlcore.config import reading
from rlcore.config.reading import ConfigError
from rlcore.config.run import RunConfig


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_an_empty_file_is_a_run(tmp_path: Path) -> None:
    assert reading.load(write(tmp_path / "run.toml", "")) == RunConfig()


def test_overrides_go_on_top(tmp_path: Path) -> None:
    path = write(tmp_path / "run.toml", "[train]\nsteps = 3\n")
    loaded = reading.load(path, ["train.steps=7", "train.optim.lr=1e-4", "data.source=reasoning_gym:chain_sum"])
    assert (loaded.train.steps, loaded.train.optim.lr, loaded.data.source) == (7, 1e-4, "reasoning_gym:chain_sum")


def test_mixtures_are_tables_and_can_be_overridden(tmp_path: Path) -> None:
    text = "[[data.mixture]]\nsource = 'arithmetic'\nshare = 3\n[[data.mixture]]\nsource = 'theorems'\nlevels = [1]\n"
    path = write(tmp_path / "run.toml", text)
    parts = reading.load(path).data.mixture
    assert [(part.source, part.share, part.levels) for part in parts] == [("arithmetic", 3, ()), ("theorems", 1, (1,))]
    [part] = reading.load(path, ['data.mixture=[{source="programs", options={shown=0}}]']).data.mixture
    assert (part.source, part.options) == ("programs", {"shown": 0})
    with pytest.raises(ConfigError, match=r"would be ignored beside data\.mixture: set data\.mixture=\[\]"):
        reading.load(path, ["data.source=theorems"])
    assert reading.load(path, ["data.source=theorems", "data.mixture=[]"]).data.source == "theorems"
    with pytest.raises(ConfigError, match="mixture is not a section"):
        reading.load(path, ["data.mixture.0=1"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[train]\nstepz = 3\n", "unknown key 'train.stepz'; did you mean 'train.steps'?"),
        ("[trian]\nsteps = 3\n", "unknown key 'trian'; did you mean 'train'?"),
        ("seed = 'x'\n", "seed: "),
        ("[learner]\nzero_stage = 4\n", "learner.zero_stage"),
        ("[train]\nsteps = \n", "not valid TOML"),
        ("[learner]\nrow_tokens = 8\n", "learner.row_tokens=8 cannot hold"),
        ("[eval]\nks = [1, 64]\n", "raise eval.samples"),
        ("[train]\ngroup_size = 1\n", "no baseline"),
        ("[train]\nminibatches = 5\n", "multiple of train.minibatches"),
        ("[model]\nexperts = 1\n", "experts_per_token"),
        ("[train]\nsteps = -1\n", "train.steps"),
        ("[rollout]\nmax_new_tokens = 300\n", "rollout.max_new_tokens"),
        ("[[data.mixture]]\nshare = 0.5\n", "data.mixture.0.source: Field required"),
        (
            "[[data.mixture]]\nsource = 'arithmetic'\nsizes = 5\n",
            "unknown key 'data.mixture.0.sizes'; did you mean 'data.mixture.size'?",
        ),
        ("[[data.mixture]]\nsource = 'arithmetic'\nshare = 0\n", "data.mixture.0.share"),
        ("[[data.mixture]]\nsource = 'programs'\nlevels = [0]\n", "data.mixture.0.levels.0"),
        ("[data]\nheld_out = 'x.jsonl'\n[[data.mixture]]\nsource = 'arithmetic'\n", "each part holds out its own"),
    ],
)
def test_a_mistake_names_its_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        reading.load(write(tmp_path / "run.toml", text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml: no such run file"):
        reading.load(tmp_path / "nothing.toml")


@pytest.mark.parametrize("override", ["train.steps", "=3", "seed.x=3"])
def test_a_bad_override_is_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(ConfigError):
        reading.load(write(tmp_path / "run.toml", "seed = 1\n"), [override])


def test_help_has_every_key_with_its_docstring() -> None:
    text = reading.help_text()
    for key, (description, _) in reading.known_keys().items():
        assert description, f"{key} has no docstring"
        assert description in text
