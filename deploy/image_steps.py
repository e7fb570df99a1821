"""Runs the steps of reward.Dockerfile on a bare Debian that may be spoiled, then the service as the image would.

    deploy/fresh_root.sh "python3 deploy/image_steps.py"      as root, where there is no container engine

The service runs as the image's user, on a read-only root file system, without a capability, with only /tmp and /state
to write to; each kind of judge has to judge there. Python is this Debian's own, in an environment where the image has
its base's. Needs nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BASE = Path("/opt/python")
# The root file system once more, to be read only.
SEEN = Path("/mnt")
URL = "http://127.0.0.1:8300"
KEY = "a-key-of-this-check-only-0123456789"
START_SECONDS = 180
CASES: dict[str, object] = {"kind": "stdin", "cases": [{"stdin": "2", "stdout": "4"}, {"stdin": "-3", "stdout": "-6"}]}
ANSWERS: list[tuple[str, dict[str, object], str, float]] = [
    ("math", {"answer": "1/2"}, "So it is \\boxed{0.5}", 1.0),
    ("math", {"answer": "1/2"}, "So it is \\boxed{0.6}", 0.0),
    ("code", CASES, "```python\nprint(2 * int(input()))\n```", 1.0),
    ("code", CASES, "```python\nprint(3 * int(input()))\n```", 0.0),
    (
        "code",
        CASES | {"language": "cpp"},
        "```cpp\n#include <iostream>\nint main() { int n; std::cin >> n; std::cout << 2 * n; }\n```",
        1.0,
    ),
    ("lean", {"statement": "theorem t (p : Prop) (h : p) : p"}, "theorem t (p : Prop) (h : p) : p := h", 1.0),
    ("lean", {"statement": "theorem t (p q : Prop) (h : p) : q"}, "theorem t (p q : Prop) (h : p) : q := h", 0.0),
]


def instructions(text: str) -> list[tuple[str, str]]:
    """Name and rest of each instruction, in order; lines that go on are joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def main() -> int:
    """Exit code 0 when every step passes and every judge judges."""
    subprocess.run([sys.executable, "-m", "venv", str(BASE)], check=True)
    variables = os.environ | {"PATH": f"{BASE}/bin:{os.environ['PATH']}"}
    user, folder, entry = "0", Path("/"), ""
    for name, rest in instructions((PROJECT / "deploy/reward.Dockerfile").read_text(encoding="utf-8")):
        print(f"--> {name} {rest}", flush=True)
        if name == "RUN":
            as_user = [] if user == "0" else ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
            subprocess.run([*as_user, "sh", "-ec", rest], cwd=folder, env=variables, check=True)
        elif name == "COPY":
            *sources, target = shlex.split(rest)
            for source in sources:
                copy(PROJECT / source, folder / target, is_folder=target.endswith("/"))
        elif name == "ENV":
            variables |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif name == "WORKDIR":
            folder = Path(rest)
            folder.mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            user = rest
        elif name == "ENTRYPOINT":
            entry = rest
    return serve(json.loads(entry), user, folder, variables)


def copy(source: Path, target: Path, *, is_folder: bool) -> None:
    """As COPY does: a folder's content, a file into a folder or under its new name."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    target = target / source.name if is_folder else target
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def serve(command: list[str], user: str, folder: Path, variables: dict[str, str]) -> int:
    """Start the service as an orchestrator does, ask it, end it."""
    owner = f"mode=755,uid={user}"
    for arguments in (
        ["--bind", "/", str(SEEN)],
        ["-o", "remount,bind,ro", str(SEEN)],
        ["-t", "proc", "proc", f"{SEEN}/proc"],
        ["--rbind", "/dev", f"{SEEN}/dev"],
        ["-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{SEEN}/tmp"],
        ["-t", "tmpfs", "-o", owner, "tmpfs", f"{SEEN}/state"],
    ):
        subprocess.run(["mount", *arguments], check=True)
    confined = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
    within = ["chroot", str(SEEN), *confined, "sh", "-c", f'cd {folder} && exec "$@"', "sh"]
    variables = variables | {"HOME": str(folder), "REWARD_ADMIN_KEY": KEY}
    for place in ("/etc/x", f"{folder}/x", "/x"):
        assert subprocess.run([*within, "touch", place], env=variables, capture_output=True).returncode, place
    # Nobody else reaches it; in the image its network is its own.
    service = subprocess.Popen([*within, *command, "--host", "127.0.0.1", "--auth", "required"], env=variables)
    try:
        wait_until_ready(service)
        wrong = judged()
    finally:
        service.terminate()
        ended = service.wait(60)
    print(f"--> wrong verdicts: {wrong or 'none'}; the service ended with {ended}")
    return 1 if wrong or ended else 0


def wait_until_ready(service: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError where it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        try:
            with urllib.request.urlopen(f"{URL}/readyz", timeout=20):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError("the service did not get ready: its own words are above")


def judged() -> list[object]:
    """Verdicts that are other than they should be."""
    items = [
        {"id": f"{n}", "problem": {"verifier": verifier, "reference": reference}, "completion": {"text": text}}
        for n, (verifier, reference, text, _) in enumerate(ANSWERS)
    ]
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    request = urllib.request.Request(f"{URL}/v1/score", json.dumps({"items": items}).encode(), headers)
    with urllib.request.urlopen(request, timeout=300) as reply:
        results = json.load(reply)["results"]
    wrong: list[object] = []
    for (verifier, _, _, expected), result in zip(ANSWERS, results, strict=True):
        verdict = result["verdict"]
        print(f"--> {verifier}: {verdict['status']}, {verdict['detail']}")
        if verdict["reward"] != expected:
            wrong.append(verdict)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
