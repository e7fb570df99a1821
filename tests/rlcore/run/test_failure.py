"""A run that cannot go on: one line with cause and remedy, and a file that the line names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rlcore import cli, pipeline
from rlcore.config.reading import ConfigError
from rlcore.run.failure import RunFailed, explain, remedy
from rollout.actor_errors import KILLED

SMALL = Path(__file__).resolve().parents[3] / "deploy" / "runs" / "small.toml"


def of_a_library() -> BaseException:
    try:
        json.loads("{")
    except ValueError as error:
        return error
    raise AssertionError


def of_ours(error: Exception, cause: BaseException | None = None) -> BaseException:
    """The error as a function of ours raises it."""
    space = {"__name__": "rlcore.somewhere", "error": error, "cause": cause}
    try:
        exec("raise error from cause", space)
    except Exception as raised:
        return raised
    raise AssertionError


def file_of(shown: BaseException, folder: Path) -> str:
    [path] = (folder / "errors").iterdir()
    assert str(shown).endswith(f" (the whole text: {path})")
    assert len(str(shown).splitlines()) == 1
    return path.read_text()


def test_a_mistake_of_the_users_is_left_alone(tmp_path: Path) -> None:
    error = of_ours(ConfigError("set model.path"))
    assert explain(error, tmp_path) is error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", ["x", ""])
def test_a_builtin_that_our_code_called_is_a_bug_and_keeps_its_traceback(tmp_path: Path, number: str) -> None:
    scope = {"__name__": "rlcore.made_up"}
    exec("def read(number):\n    return int(number)\ndef refuse(number):\n    raise ValueError(number)", scope)
    for function, is_ours in (("read", False), ("refuse", True)):
        with pytest.raises(ValueError) as raised:
            scope[function](number)  # type: ignore[operator]
        shown = explain(raised.value, tmp_path)
        assert (shown is raised.value) is is_ours
    assert len([*(tmp_path / "errors").iterdir()]) == 1


def test_an_error_of_a_library(tmp_path: Path) -> None:
    shown = explain(of_a_library(), tmp_path)
    assert isinstance(shown, RunFailed)
    assert str(shown).startswith("JSONDecodeError: Expecting property name enclosed in double quotes")
    assert "Traceback (most recent call last)" in file_of(shown, tmp_path)


def test_what_ours_says_is_all_there_is_to_say(tmp_path: Path) -> None:
    shown = explain(of_ours(RuntimeError("the canary differs\nin layer 1")), tmp_path)
    assert str(shown) == "the canary differs in layer 1"
    assert not (tmp_path / "errors").exists()


def test_the_cause_and_the_logs_of_workers_are_in_the_file(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "worker-1-2.err").write_text(":job_id:01\nFatal Python error: Segmentation fault\n")
    (logs / "worker-3-4.err").write_text(":job_id:01\n")
    shown = explain(of_ours(RuntimeError("rank 1 failed"), of_a_library()), tmp_path / "run", logs=logs)
    text = file_of(shown, tmp_path / "run")
    assert str(shown).startswith("rank 1 failed")
    assert "Segmentation fault" in text and "JSONDecodeError" in text and "worker-3-4" not in text


def test_a_full_disk_is_said_whatever_the_library_called_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert "no space left on the disk" in str(explain(of_a_library(), tmp_path))


def test_a_folder_that_cannot_be_written_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    assert str(explain(of_a_library(), tmp_path / "run")).startswith("JSONDecodeError")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("OSError: libnuma.so.1: cannot open shared object file: No such file", "apt-get install -y libnuma1"),
        ("ImportError: libcuda.so.1: cannot open shared object file", "graphics driver"),
        ("ModuleNotFoundError: No module named 'vllm._C'", "vllm._C is not installed: make venv"),
        ("RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory", "rollout.workers"),
        ("ValueError: To serve at least one request, 0.3 GiB KV cache is needed, larger than the available KV cache "
         "memory", "rollout.kv_cache_gib"),
        ("ValueError: No available memory for the cache blocks.", "rollout.kv_cache_gib"),
        ("OSError: [Errno 98] Address already in use", "run the same command again"),
        ("OSError: [Errno 28] No space left on device", "/dev/shm"),
        ("safetensors_rust.SafetensorError: Error while deserializing header: header too large", "damaged"),
        ("ValidationError: Value error, Expecting ',' delimiter: line 1 column 993 (char 992)", "damaged"),
        ("ValidationError: Model architectures ['X'] are not supported for now.", "rollout.engine=transformers"),
        ("AttributeError: '_OpNamespace' '_C' object has no attribute 'init_cpu_memory_env'", "rlcore doctor"),
        ("RuntimeError: No CUDA GPUs are available", "rollout.gpus_per_worker=0"),
        (f"a rollout worker failed: {KILLED}", "rollout.workers"),
        ("KeyError: 'something new'", ""),
    ],
)  # fmt: skip
def test_remedies(text: str, part: str) -> None:
    found = remedy(text)
    assert (part in found) if part else not found
    assert len(found.splitlines()) <= 1


def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException) -> int:
    def run(config: object) -> None:
        raise error

    monkeypatch.setattr(pipeline, "run", run)
    return cli.main(["run", str(SMALL), f"run_dir={tmp_path / 'run'}"])


def test_the_command_prints_no_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, tmp_path, of_a_library()) == 1
    error = capsys.readouterr().err
    assert error.startswith("rlcore: JSONDecodeError") and len(error.splitlines()) == 1
    [path] = (tmp_path / "run" / "errors").iterdir()
    assert str(path) in error


def test_stopped_by_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(monkeypatch, tmp_path, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "rlcore: stopped; the same command goes on from the last checkpoint\n"


def test_a_run_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert cli.main(["run", str(SMALL), f"run_dir={tmp_path / 'file' / 'run'}"]) == 2
    error = capsys.readouterr().err
    assert "Not a directory" in error and "choose another folder" in error and len(error.splitlines()) == 1
