"""SandboxFusion's `/run_code`, with its own client from PyPI, and by the letter."""

from __future__ import annotations

import base64
import os
import resource
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from descendants import below
from reward_process import Service

PLUS_ONE = "#include <iostream>\nint main() { int a; std::cin >> a; std::cout << a + 1; }"
FIELDS = {"status", "message", "compile_result", "run_result", "executor_pod_name", "files"}


def ran(post: Any, code: str, **more: Any) -> dict[str, Any]:
    response = post("/run_code", {"code": code, "language": "python"} | more)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert set(answer) == FIELDS
    return dict(answer)


@pytest.mark.usefixtures("to_loopback")
def test_the_real_client(service: Service) -> None:
    fusion = pytest.importorskip("sandbox_fusion", reason="pip install sandbox-fusion")

    def run(**request: Any) -> Any:
        return fusion.run_code(fusion.RunCodeRequest(**request), endpoint=service.url, max_attempts=1)

    result = run(code="print(input())", language="python", stdin="hello")
    assert (result.status, result.run_result.stdout) == (fusion.RunStatus.Success, "hello\n")
    assert result.run_result.status == fusion.CommandRunStatus.Finished
    words = fusion.SummaryMapping(
        Success="ok",
        Failed="failed",
        CompileFailed="compile",
        CompileTimeout="slow",
        RunFailed="run",
        RunTimeout="late",
    )
    requests = [
        {"code": PLUS_ONE, "language": "cpp", "stdin": "1"},
        {"code": "int main(", "language": "cpp"},
        {"code": "raise SystemExit(3)", "language": "python"},
        {"code": "while True: pass", "language": "python", "run_timeout": 1},
        {"code": "while True: print('x' * 1000)", "language": "python"},
    ]
    summaries = [fusion.summary_run_code_result(run(**request), words) for request in requests]
    assert summaries == ["ok", "compile", "run", "late", "run"]


def test_python(post: Any) -> None:
    answer = ran(
        post, "import sys, numpy\nprint(numpy.arange(3).sum(), input())\nprint('e', file=sys.stderr)", stdin="x"
    )
    assert (answer["status"], answer["compile_result"]) == ("Success", None)
    result = answer["run_result"]
    assert set(result) == {"status", "execution_time", "return_code", "stdout", "stderr"}
    assert (result["status"], result["return_code"]) == ("Finished", 0)
    assert (result["stdout"], result["stderr"]) == ("3 x\n", "e\n")


def test_cpp(post: Any) -> None:
    answer = ran(post, PLUS_ONE, language="cpp", stdin="41")
    assert (answer["status"], answer["run_result"]["stdout"]) == ("Success", "42")
    assert (answer["compile_result"]["status"], answer["compile_result"]["return_code"]) == ("Finished", 0)
    answer = ran(post, "int main(", language="cpp")
    assert (answer["status"], answer["run_result"]) == ("Failed", None)
    assert "error" in answer["compile_result"]["stderr"]


@pytest.mark.parametrize(
    ("code", "more", "status", "return_code"),
    [
        ("while True: pass", {"run_timeout": 1}, "TimeLimitExceeded", None),
        ("import time\ntime.sleep(60)", {"run_timeout": 0.5}, "TimeLimitExceeded", None),
        ("int main() { for (;;); }", {"run_timeout": 1, "language": "cpp"}, "TimeLimitExceeded", None),
        ("raise ValueError", {}, "Finished", 1),
        ("x = 'a' * (1 << 30)", {"memory_limit_MB": 100}, "Finished", 1),
        ("while True: print('x' * 1000)", {}, "Finished", -25),
        ("import ctypes\nctypes.string_at(0)", {}, "Finished", -11),
        # It says of itself that it was killed: that is no failure of the sandbox.
        ("int main() { return 137; }", {"language": "cpp"}, "Finished", -9),
    ],
)
def test_what_ends_a_program(post: Any, code: str, more: dict[str, Any], status: str, return_code: int | None) -> None:
    answer = ran(post, code, **more)
    assert answer["status"] == "Failed"
    assert (answer["run_result"]["status"], answer["run_result"]["return_code"]) == (status, return_code)


def test_it_runs_in_the_sandbox(post: Any) -> None:
    tries = "\n".join(
        f"try:\n    {line}\n    print('did it')\nexcept Exception as error:\n    print(type(error).__name__)"
        for line in (
            "open('/etc/passwd')",
            "import socket; socket.create_connection(('127.0.0.1', 80))",
            "import subprocess; subprocess.run(['/bin/true'])",
            "open('/tmp/left', 'w').write('x')",
        )
    )
    answer = ran(post, tries)
    assert answer["status"] == "Success"
    assert "did it" not in answer["run_result"]["stdout"]
    assert len(answer["run_result"]["stdout"].splitlines()) == 4


def test_files_lie_beside_the_program(post: Any) -> None:
    files = {"a.txt": base64.b64encode(b"inside").decode(), "none.txt": None}
    assert ran(post, "print(open('a.txt').read())", files=files)["run_result"]["stdout"] == "inside\n"
    cpp = '#include <fstream>\n#include <iostream>\nint main() { std::cout << std::ifstream("a.txt").rdbuf(); }'
    assert ran(post, cpp, files=files, language="cpp")["run_result"]["stdout"] == "inside"


@pytest.mark.parametrize(
    "line",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os.kill(os.getppid(), signal.SIGKILL)",
        "os.kill(0, signal.SIGKILL)",
        "os.kill(-1, signal.SIGKILL)",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "os.closerange(0, 4096); os.abort()",
        "signal.raise_signal(signal.SIGTERM)",
        "[os.fork() for _ in range(1000)]",
        "[os.memfd_create(str(number)) for number in range(100_000)]",
        "[threading.Thread(target=time.sleep, args=(60,)).start() for _ in range(100_000)]",
        "sys.stdout.write('x' * (1 << 28))",
    ],
)
def test_no_program_gets_itself_held(post: Any, line: str) -> None:
    """Until it is told 504, which is no result: whatever it does is its own end."""
    code = f"import os, signal, sys, threading, time\n{line}\nraise SystemExit(1)"
    answer = ran(post, code, run_timeout=1)
    assert answer["status"] == "Failed"


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"language": "go"}, "runs python and cpp"),
        ({"fetch_files": ["out"]}, "fetch_files"),
        ({"files": {"../a": "eA=="}}, "no folders"),
        ({"files": {"a" * 201: "eA=="}}, "1 to 200"),
        ({"files": {"a": "-"}}, "no base64"),
        ({"code": 5}, "code"),
        ({"run_timeout": 0}, "run_timeout"),
        ({"run_timeout": "long"}, "run_timeout"),
        ({"stdin": ["x"]}, "stdin"),
    ],
)
def test_wrong_requests_are_422(post: Any, changes: dict[str, Any], remedy: str) -> None:
    response = post("/run_code", {"code": "print(1)", "language": "python"} | changes)
    assert response.status_code == 422
    assert remedy in response.json()["detail"]


ENDLESS = {
    "python": {"code": "while True: pass", "language": "python"},
    "files": {"code": "while True: pass", "language": "python", "files": {"a": "eA=="}},
    "cpp": {"code": "int main() { volatile int i = 0; for (;;) i = i + 1; }", "language": "cpp"},
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_client_that_hangs_up_frees_its_place(service: Service, kind: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{service.url}/run_code", json=ENDLESS[kind] | {"run_timeout": 60}, trust_env=False, timeout=2)
    # The only place of the service: without the end of the first program this one waits for a minute.
    response = httpx.post(
        f"{service.url}/run_code", json={"code": "print(1)", "language": "python"}, trust_env=False, timeout=30
    )
    assert response.json()["run_result"]["stdout"] == "1\n"


def test_a_deadline_ends_a_program(service: Service) -> None:
    headers = {"x-deadline-ms": "1500"}
    answer = httpx.post(f"{service.url}/run_code", json=ENDLESS["cpp"], headers=headers, trust_env=False, timeout=30)
    assert answer.json()["status"] == "SandboxError"
    assert "within 1.5 s" in answer.json()["message"]


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Service]:
    """One place, a small backlog and small bodies: where others refuse, these wait."""
    limits = ["--max-backlog-seconds", "1", "--max-body-bytes", "20000", "--max-bodies-bytes", "40000"]
    running = Service(tmp_path, "--workers", "1", *limits)
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


def raw(service: Service, code: str, **more: Any) -> httpx.Response:
    body = {"code": code, "language": "python"} | more
    return httpx.post(f"{service.url}/run_code", json=body, trust_env=False, timeout=60)


def test_too_much_at_once_is_held(narrow: Service) -> None:
    """Each program has told what it takes, and half a second is the most that one key may have under way."""
    programs = [f"import time\ntime.sleep(0.4)\nprint({number})" for number in range(4)]
    for code in programs:
        assert raw(narrow, code).json()["status"] == "Success"
    padded = [f"{code}\n#{'x' * 5000}" for code in programs]
    with ThreadPoolExecutor(12) as together:
        answers = list(together.map(lambda code: raw(narrow, code), programs * 2 + padded))
    assert [answer.status_code for answer in answers] == [200] * 12
    assert [answer.json()["run_result"]["stdout"] for answer in answers] == [f"{number}\n" for number in range(4)] * 3


def test_large_bodies_that_come_together_wait_for_room(narrow: Service) -> None:
    """There is room for one of them: that all find it free at first lets nobody be refused."""
    with ThreadPoolExecutor(8) as together:
        answers = list(together.map(lambda n: raw(narrow, f"print({n})", stdin="x" * 12_000), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert [answer.json()["run_result"]["stdout"] for answer in answers] == [f"{number}\n" for number in range(8)]


def test_a_client_is_told_to_come_again_and_finds_its_program(narrow: Service) -> None:
    """One that would wait for 10.3 s, behind a program that takes 10 s."""
    limits = {"compile_timeout": 0.1, "run_timeout": 0.2}
    with ThreadPoolExecutor(1) as other:
        long = other.submit(raw, narrow, "import time\ntime.sleep(10)", run_timeout=12)
        time.sleep(1)
        late = raw(narrow, "print('in time')", **limits)
        assert (late.status_code, late.headers["retry-after"]) == (504, "1")
        assert "send it again" in late.json()["detail"]
        # It kept its place, and another one that came meanwhile stands behind it.
        again = raw(narrow, "print('in time')", **limits)
        assert again.json()["run_result"]["stdout"] == "in time\n"
        assert long.result().json()["status"] == "Success"


def test_a_sandbox_that_fails_and_recovers(service: Service) -> None:
    """While requests are held: the running program is killed, and no other can be started for lack of open files."""
    server = service.server()
    usual = resource.prlimit(server, resource.RLIMIT_NOFILE)
    programs = [f"import time\ntime.sleep({seconds})\nprint({seconds})" for seconds in (0.8, 0.81, 0.82)]
    with ThreadPoolExecutor(len(programs)) as together:
        assert raw(service, "print(1)").json()["status"] == "Success"
        waiting = [together.submit(raw, service, code) for code in programs]
        time.sleep(0.4)
        resource.prlimit(server, resource.RLIMIT_NOFILE, (3, usual[1]))
        try:
            for process in below(server):
                if process.kind in ("fork server", "program") and process.alive:
                    os.kill(process.pid, signal.SIGKILL)
            time.sleep(1.5)
            assert [answer.result().text for answer in waiting if answer.done()] == []
        finally:
            resource.prlimit(server, resource.RLIMIT_NOFILE, usual)
        answers = [answer.result().json() for answer in waiting]
    assert [answer["status"] for answer in answers] == ["Success"] * 3
    assert [answer["run_result"]["stdout"] for answer in answers] == ["0.8\n", "0.81\n", "0.82\n"]


def test_an_end_is_a_504(tmp_path: Path) -> None:
    running = Service(tmp_path, "--workers", "1")
    running.wait_ready()
    with ThreadPoolExecutor(2) as together:
        waiting = [together.submit(raw, running, "while True: pass", run_timeout=60) for _ in range(2)]
        time.sleep(1.5)
        assert running.end()[0] == 0
        assert [answer.result().status_code for answer in waiting] == [504] * 2
