"""The run folder: atomic writes, complete checkpoints only, one run at a time, one config per folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from rlcore.config.reading import ConfigError
from rlcore.config.reward import RewardConfig
from rlcore.config.rl import TrainConfig
from rlcore.config.run import RunConfig
from rlcore.run.folder import RunFolder, open_run, write_json


def config(tmp_path: Path, **fields: object) -> RunConfig:
    return RunConfig(run_dir=str(tmp_path / "run"), **fields)  # type: ignore[arg-type]


def test_manifest_has_versions_and_hashes(tmp_path: Path) -> None:
    with open_run(config(tmp_path)) as folder:
        manifest = folder.manifest()
    assert manifest["versions"]["torch"].startswith("2.")
    nothing = hashlib.sha256().hexdigest()
    assert len(manifest["hashes"]["code"]) == 64 and manifest["hashes"]["code"] != nothing
    assert manifest["config"]["train"]["algorithm"] == "gspo"


def test_a_key_in_a_url_stays_out_of_the_folder(tmp_path: Path) -> None:
    reward = RewardConfig(urls=("http://x:rk_secret@127.0.0.1:8300", "http://127.0.0.1:8301"))
    for _ in range(2):
        with open_run(config(tmp_path, reward=reward)) as folder:
            assert folder.manifest()["config"]["reward"]["urls"] == ["http://127.0.0.1:8300", "http://127.0.0.1:8301"]
    assert not [path for path in folder.path.rglob("*.json*") if "rk_secret" in path.read_text(encoding="utf-8")]


def test_the_same_config_reopens_and_another_is_refused(tmp_path: Path) -> None:
    with open_run(config(tmp_path)):
        pass
    with open_run(config(tmp_path, stages=("eval",))):
        pass
    with pytest.raises(ConfigError, match=r"train\.steps"), open_run(config(tmp_path, train=TrainConfig(steps=5))):
        pass


def test_two_runs_cannot_share_a_folder(tmp_path: Path) -> None:
    with open_run(config(tmp_path)), pytest.raises(ConfigError, match="in use"), open_run(config(tmp_path)):
        pass


def test_checkpoints_are_whole_or_not_there(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)

    def fill(path: Path) -> None:
        (path / "weights").write_text("w")

    def full_disk(path: Path) -> None:
        (path / "weights").write_text("half")
        raise OSError(28, "No space left on device")

    assert folder.latest("train") is None
    for step in (1, 2, 10):
        folder.save("train", step, {"step": step}, fill)
    with pytest.raises(OSError, match="No space"):
        folder.save("train", 11, {"step": 11}, full_disk)
    newest = folder.latest("train")
    assert newest is not None
    assert (newest.step, newest.state) == (10, {"step": 10})
    assert sorted(path.name for path in (tmp_path / "checkpoints" / "train").iterdir()) == ["step-10", "step-2"]


def test_a_torn_checkpoint_is_cleared_away(tmp_path: Path) -> None:
    torn = tmp_path / "checkpoints" / "train" / ".tmp-step-3"
    torn.mkdir(parents=True)
    folder = RunFolder(tmp_path)
    assert folder.latest("train") is None
    folder.save("train", 3, {}, lambda path: None)
    assert not torn.exists()


@pytest.mark.parametrize("harm", ["cut", "gone", "changed", "no state"])
def test_the_newest_checkpoint_is_torn(tmp_path: Path, capsys: pytest.CaptureFixture[str], harm: str) -> None:
    """What a power cut leaves: the one before is gone on from, with a line, and the torn one is not deleted."""

    def fill(path: Path) -> None:
        (path / "hf").mkdir()
        (path / "hf" / "model.safetensors").write_bytes(b"weights")

    folder = RunFolder(tmp_path)
    for step in (1, 2):
        folder.save("train", step, {"step": step}, fill)
    newest = tmp_path / "checkpoints" / "train" / "step-2"
    weights = newest / "hf" / "model.safetensors"
    if harm == "cut":
        weights.write_bytes(b"weig")
    elif harm == "changed":
        weights.write_bytes(b"Weights")
    elif harm == "gone":
        weights.unlink()
    else:
        (newest / "state.json").write_text("")
    again = RunFolder(tmp_path)
    found = again.latest("train")
    assert found is not None and found.state == {"step": 1}
    said = capsys.readouterr().out
    assert "train: the checkpoint" in said and "going on from the one before" in said
    assert newest.with_name("torn-step-2").is_dir()
    assert again.save("train", 2, {"step": 2}, fill) == again.latest("train")


def test_write_json_leaves_the_old_file_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]


def test_a_stage_adds_up_its_seconds_and_ends_once(tmp_path: Path) -> None:
    with open_run(config(tmp_path)) as folder:
        with pytest.raises(RuntimeError), folder.stage("train"):
            raise RuntimeError("killed")
        first = folder.manifest()["stages"]["train"]
        assert "end" not in first
        with folder.stage("train"):
            pass
        second = folder.manifest()["stages"]["train"]
    assert second["seconds"] >= first["seconds"]
    assert second["start"] == first["start"]
    assert second["end"] >= second["start"]


def test_other_data_behind_the_same_name_is_refused(tmp_path: Path) -> None:
    with open_run(config(tmp_path)) as folder:
        folder.check_hashes({"data.source": "a"})
        folder.check_hashes({"data.source": "a", "model.path": "b"})
        with pytest.raises(ConfigError, match=r"data\.source"):
            folder.check_hashes({"data.source": "c"})


def test_what_changes_the_samples_may_not_change(tmp_path: Path) -> None:
    from rlcore.config.data import DataConfig
    from rlcore.config.rollout import RolloutConfig

    with open_run(config(tmp_path)):
        pass
    with open_run(config(tmp_path, rollout=RolloutConfig(workers=5))):
        pass
    # How many rows may be dropped: which were is in the data's hash.
    with open_run(config(tmp_path, data=DataConfig(max_dropped_share=0.5, screen=False))):
        pass
    other = config(tmp_path, rollout=RolloutConfig(max_new_tokens=9))
    with pytest.raises(ConfigError, match=r"rollout\.max_new_tokens"), open_run(other):
        pass
