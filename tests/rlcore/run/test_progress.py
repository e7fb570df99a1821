"""Progress: a pure format, plain lines for files, a bar on a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import time

import pytest

from rlcore.run.progress import Progress, format_step, format_value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.412, ".412"), (0.0, ".000"), (0, "0"), (1.0, "1.00"), (0.99996, "1.00"), (-0.25, "-.250"), (2.345, "2.35"),
        (9.996, "10.0"), (24.06, "24.1"), (99.96, "100"), (312.4, "312"), (7, "7"), (9_999.0, "9999"),
        (12_345, "12.3k"), (2_500_000, "2.5M"), (3e9, "3.0G"), (3e-4, "3.0e-04"), (float("nan"), "nan"), ("ok", "ok"),
    ],
)  # fmt: skip
def test_format_value(value: float | str, shown: str) -> None:
    assert format_value(value) == shown


def test_format_step() -> None:
    values = {"reward": 0.412, "pass": 0.41, "entropy": 0.171, "len": 24.06, "clip": 0.0}
    line = format_step("train", 12, 100, values, seconds=3.14)
    assert line == "train  12/100  reward .412  pass .410  entropy .171  len 24.1  clip .000  3.1 s"
    assert format_step("pretrain", 400, 400, {"loss": 0.61}) == "pretrain 400/400  loss .610"
    assert format_step("eval", 1, 1, {}, seconds=125.4) == "eval 1/1  125 s"


def test_columns_stay_in_place() -> None:
    rows = [format_step("train", n, 100, {"reward": r, "len": x, "n": k}, seconds=3.0)
            for n, r, x, k in ((1, 0.0, 9.5, 7), (99, 0.5, 24.0, 17), (100, 1.0, 312.0, 1024))]  # fmt: skip
    assert len({len(row) for row in rows}) == 1


def test_one_plain_line_per_step_in_a_file() -> None:
    stream = io.StringIO()
    with Progress(3, "train", stream=stream) as progress:
        for step in (1, 2, 3):
            progress.update(step, {"reward": step / 10}, seconds=1.0)
    assert stream.getvalue().splitlines() == [
        "train 1/3  reward .100  1.0 s",
        "train 2/3  reward .200  1.0 s",
        "train 3/3  reward .300  1.0 s",
    ]


def test_lines_are_thinned_but_first_and_last_stay() -> None:
    stream = io.StringIO()
    with Progress(500, "pretrain", every=3600, stream=stream) as progress:
        for step in range(1, 501):
            progress.update(step, {"loss": 1.0})
    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["1/500", "500/500"]


def test_seconds_are_the_time_since_the_last_step() -> None:
    stream = io.StringIO()
    with Progress(2, "train", stream=stream) as progress:
        time.sleep(0.25)
        progress.update(1, {})
        progress.update(2, {})
    first, second = (float(line.split()[-2]) for line in stream.getvalue().splitlines())
    assert first >= 0.2 > second


def test_control_codes_of_a_note_are_dropped() -> None:
    stream = io.StringIO()
    with Progress(1, "train", stream=stream) as progress:
        progress.note("\x1b[31mservice away\x07\x9b2J [bold]waiting[/bold]\r")
    assert stream.getvalue() == "[31mservice away2J [bold]waiting[/bold]\n"


RUN = """
from rlcore.run.progress import Progress
with Progress(3, "train") as progress:
    for step in (1, 2, 3):
        progress.update(step, {"reward": step / 10, "len": 24.0})
    progress.note("[bold]kept as it is[/bold]")
"""


def test_a_pipe_gets_no_control_codes_even_where_colour_is_forced() -> None:
    environment = os.environ | {"FORCE_COLOR": "1", "TERM": "xterm-256color", "TTY_COMPATIBLE": "1"}
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, env=environment, check=True)
    assert b"\x1b" not in done.stdout and b"\r" not in done.stdout
    assert done.stdout.count(b"\n") == 4


def on_terminal(term: str) -> bytes:
    """What RUN writes to a pseudo-terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], stdout=follower, env=os.environ | {"TERM": term, "COLUMNS": "120"}
    )
    os.close(follower)
    output = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # Linux reports the closed other end as an I/O error
            break
        if not chunk:
            break
        output += chunk
    os.close(leader)
    assert process.wait() == 0
    return output


def test_a_terminal_gets_a_bar_and_the_lines_above_it() -> None:
    output = on_terminal("xterm-256color").decode()
    assert "\x1b[" in output
    assert "3/3" in output and "━" in output
    for step in (1, 2, 3):
        assert f"train {step}/3  reward .{step}00" in output
    assert "[bold]kept as it is[/bold]" in output


def test_a_dumb_terminal_gets_plain_lines() -> None:
    assert b"\x1b" not in on_terminal("dumb")
