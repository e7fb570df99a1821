"""Misuse: one clear line with the remedy, an exit code that is not 0, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rlcore import cli

SMALL = Path(__file__).resolve().parents[2] / "deploy" / "runs" / "small.toml"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The message of a command that must fail as a user's mistake."""
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    assert code == 2
    message = captured.err.strip()
    assert message.startswith("rlcore: ") and len(message.splitlines()) == 1, message
    return message


def test_a_missing_run_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such run file" in refused(capsys, "run", "nothing.toml")


def test_an_unknown_key(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    message = refused(capsys, "run", str(SMALL), f"run_dir={tmp_path / 'run'}", "train.stepz=3")
    assert "did you mean 'train.steps'" in message
    assert not (tmp_path / "run").exists()


def data_mistake(capsys: pytest.CaptureFixture[str], tmp_path: Path, *overrides: str) -> str:
    message = refused(capsys, "run", str(SMALL), f"run_dir={tmp_path / 'run'}", *overrides)
    assert not (tmp_path / "run" / "checkpoints").exists()
    return message


def test_a_missing_data_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "nothing.jsonl" in data_mistake(capsys, tmp_path, "data.mixture=[]", "data.source=nothing.jsonl")


def test_a_malformed_row_is_named_with_file_and_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    good = json.dumps({"question": "1+1?", "answer": "2\n#### 2"})
    rows.write_text(f"{good}\n{{broken\n")
    message = data_mistake(capsys, tmp_path, "data.mixture=[]", f"data.source={rows}")
    assert "rows.jsonl" in message and "line 2" in message and "1 of 2 rows dropped" in message
    # The limit may be raised without starting over in another folder.
    written = tmp_path / "run" / "dropped_rows.jsonl"
    assert "data.max_dropped_share" in message and str(written) in message
    assert [json.loads(line)["place"] for line in written.read_text().splitlines()] == [f"{rows}, line 2"]


def test_an_empty_data_set(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("")
    assert "rows.jsonl" in data_mistake(capsys, tmp_path, "data.mixture=[]", f"data.source={tmp_path / 'rows.jsonl'}")


def test_a_prompt_longer_than_the_context(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines = [json.dumps({"question": "1+1? " * (100 if n == 7 else 1) + str(n), "answer": "#### 2"}) for n in range(40)]
    rows.write_text("\n".join(lines))
    message = data_mistake(capsys, tmp_path, "data.mixture=[]", f"data.source={rows}")
    assert "rollout.max_new_tokens" in message and "model.context" in message


def test_a_missing_model_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "nothing-there" in data_mistake(capsys, tmp_path, f"model.path={tmp_path / 'nothing-there'}")


def test_training_without_a_policy(capsys: pytest.CaptureFixture[str], tmp_path: Path, local_ray: None) -> None:
    message = refused(capsys, "train", str(SMALL), f"run_dir={tmp_path / 'run'}")
    assert "rlcore pretrain" in message


def test_a_disk_that_is_nearly_full(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10 * 2**20))
    message = refused(capsys, "run", str(SMALL), f"run_dir={tmp_path / 'run'}")
    assert "10 MiB free" in message and "run_dir" in message


def test_a_disk_that_fills_up_during_the_run(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, local_ray: None
) -> None:
    """A real full disk: the pretrain stage writes its first checkpoint onto a tmpfs that a filler has used up."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs root to mount a small tmpfs")
    try:
        from rlcore.run.context import Run

        write = Run.fill_checkpoint

        def fill_disk_first(self: Run, folder: Path) -> None:
            with (disk / "filler").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                while True:
                    file.write(b"\0" * 2**20)
            write(self, folder)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Run, "fill_checkpoint", fill_disk_first)
            code = cli.main(["pretrain", str(SMALL), f"run_dir={disk / 'run'}"])
        assert code == 1
        assert "no space left on the disk" in capfd.readouterr().err
        (disk / "filler").unlink()
        assert not list((disk / "run" / "checkpoints" / "pretrain").glob("*")), "a torn checkpoint was left"
        assert cli.main(["pretrain", str(SMALL), f"run_dir={disk / 'run'}"]) == 0
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "rlcore.cli", "serve", "--port", port]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
        )
    assert done.returncode == 2
    assert port in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = "import sys; from rlcore.cli import main\ntry: main(['train', '--help'])\nexcept SystemExit: pass\n"
    code += "print(sorted({'torch', 'ray', 'vllm', 'deepspeed', 'transformers'} & sys.modules.keys()), file=sys.stderr)"
    environment = os.environ | {"COLUMNS": "100"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stderr.strip() == "[]"
    assert "train.options.clip_low = 0.0003" in done.stdout
    assert "Lower clip of the sequence ratio; 3e-4 in the paper." in done.stdout
