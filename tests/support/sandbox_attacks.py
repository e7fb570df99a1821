"""Run every attack program on the sandbox and print, as JSON, how each ended. A script, so that any user can run it.

`python sandbox_attacks.py FOLDER_OF_ATTACKS MODE`, with the package `verifiers` on PYTHONPATH. Modes:

* `bubblewrap`: the fork server as it is meant to be;
* `bare`: the fork server without bubblewrap, under Landlock and seccomp alone;
* `oldest`: a process that confines itself with the lowest Landlock ABI that we take, without bubblewrap;
* `slow bubblewrap`, `slow bare`, `slow oldest`: the slow lane in its two forms, and with the lowest ABI;
* `slow ours`: its bare form where the command keeps our user, as it does for an ordinary one;
* `free`: no sandbox at all, and only the attacks that do no harm: they must get through, or they prove nothing.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from verifiers.sandbox import bare_form, bubblewrap, landlock, policy, reach
from verifiers.sandbox.launcher import ForkServer
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order, SandboxFailed

LIMITS = Limits(cpu_seconds=1, wall_seconds=8, memory_bytes=256 << 20)
SLEEPS = Limits(cpu_seconds=1, wall_seconds=1)
# Only the fork server's accounts say anything about these.
BOMBS = {"cpu_loop", "cpu_loop_deaf", "sleep", "output_flood", "output_flood_deaf", "error_flood", "earlier_payload"}
# About the memory that children of a fork server share.
FAST_LANE_ONLY = {"earlier_payload"}
HARMLESS = {
    *("abstract_socket", "datagram_to_name", "environment", "memory_bomb", "pass_descriptors", "read_canary"),
    *("read_passwd", "tcp_to_parent", "udp_to_parent"),
}
_FREE = (
    "import sys; source = open(sys.argv[1]).read(); exec(compile(source, 'attack', 'exec'), {'__name__': '__main__'})"
)
_CONFINED = (
    "import sys; from verifiers.sandbox.policy import Confinement; from verifiers.sandbox.types import Limits; "
    "source = open(sys.argv[1]).read(); Confinement(landlock_abi=1, base_bytes=1 << 30).apply(Limits()); "
    "exec(compile(source, 'attack', 'exec'), {'__name__': '__main__'})"
)


class World:
    """What an attack may reach for: listeners, a file, a process. `touched` says whether one was reached."""

    def __init__(self, folder: str) -> None:
        self.canary = Path(folder, "canary")
        self.text = "CANARY-" + secrets.token_hex(16)
        self.canary.write_text(self.text)
        self.stream = socket.create_server(("127.0.0.1", 0))
        self.datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagram.bind(("127.0.0.1", 0))
        name = "breach-" + secrets.token_hex(8)
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0{name}")
        self.abstract.listen()
        self.named = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.named.bind(f"\0{name}-d")
        self.facts = {
            "tcp_port": self.stream.getsockname()[1],
            "udp_port": self.datagram.getsockname()[1],
            "abstract_name": name,
            "datagram_name": f"{name}-d",
            "canary": str(self.canary),
            "pid": os.getpid(),
        }

    def touched(self) -> list[str]:
        """What was reached, seen from outside."""
        found = []
        for what in ("stream", "datagram", "abstract", "named"):
            listener: socket.socket = getattr(self, what)
            listener.setblocking(False)
            try:
                listener.accept() if what in ("stream", "abstract") else listener.recv(1)
                found.append(what)
            except BlockingIOError:
                continue
        if self.canary.read_text() != self.text:
            found.append("canary changed")
        return found


def in_fork_server(attacks: list[Path], world: World) -> dict[str, Any]:
    """Name -> status, stdout, what was touched."""
    results: dict[str, Any] = {}
    server = ForkServer(preload=())
    facts = json.dumps(world.facts).encode()
    for path in attacks:
        stdin = facts
        if path.stem == "earlier_payload":
            secret = secrets.token_hex(16)
            outcome = server.run(f"secret = '{secret}'\nprint(secret)", limits=LIMITS)
            assert outcome.stdout.decode().strip() == secret
            stdin = secret[::-1].encode()
        limits = SLEEPS if path.stem == "sleep" else LIMITS
        outcome = server.run(path.read_text(), stdin=stdin, limits=limits)
        print(path.stem, outcome.status, outcome.wall_seconds, file=sys.stderr)
        said = outcome.stdout.decode(errors="replace")
        if path.stem.startswith("output"):
            said = f"{len(said)} characters"
        results[path.stem] = {"status": outcome.status, "stdout": said[:2000], "touched": world.touched()}
    # Whatever they did, the server serves.
    outcome = server.run("print(1)", limits=LIMITS)
    results["afterwards"] = {"status": outcome.status, "stdout": outcome.stdout.decode(), "touched": []}
    server.close()
    return results


def in_slow_lane(attacks: list[Path], world: World) -> dict[str, Any]:
    """The same, each as a command of one process."""
    results: dict[str, Any] = {}
    # One that every user can run, where there is one; what these programs need is in any.
    system = "/usr/bin/python3"
    python = system if os.path.exists(system) else os.path.realpath(sys.executable)
    for path in attacks:
        order = Order(
            [python, "attack.py"],
            files={"attack.py": path.read_bytes()},
            stdin=json.dumps(world.facts).encode(),
            limits=SLEEPS if path.stem == "sleep" else LIMITS,
            reads=reach.python(python),
        )
        try:
            outcome, _ = run_command(order)
            status, stdout = str(outcome.status), outcome.stdout.decode(errors="replace")
        except SandboxFailed as failed:
            status, stdout = f"failed: {failed}", ""
        print(path.stem, status, file=sys.stderr)
        results[path.stem] = {"status": status, "stdout": stdout[:2000], "touched": world.touched()}
    return results


def in_own_process(attacks: list[Path], world: World, program: str) -> dict[str, Any]:
    """The same, each in a process that runs `program` on it."""
    results: dict[str, Any] = {}
    for path in attacks:
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)],
            input=json.dumps(world.facts).encode(),
            capture_output=True,
            env={"PYTHONPATH": os.environ["PYTHONPATH"]} | ({"CANARY_KEY": "x"} if program == _FREE else {}),
            timeout=60,
        )
        status = "exited" if done.returncode >= 0 else "signaled"
        said = done.stdout.decode(errors="replace")
        results[path.stem] = {"status": status, "stdout": said[:2000], "touched": world.touched()}
    return results


def main() -> None:
    """See above."""
    folder, mode = sys.argv[1:]
    attacks = sorted(Path(folder).glob("*.py"))
    if mode == "bare" or mode in ("slow bare", "slow oldest", "slow ours"):
        bubblewrap.find = lambda: (None, "switched off for this test")
    elif "bubblewrap" in mode and bubblewrap.find()[0] is None:
        print(json.dumps({"skip": bubblewrap.find()[1]}))
        return
    os.environ["CANARY_KEY"] = "secret"
    with tempfile.TemporaryDirectory() as scratch:
        world = World(scratch)
        if mode == "slow oldest":
            oldest = dataclasses.replace(policy.check(), landlock_abi=landlock.MINIMUM_ABI)
            policy.check = lambda: oldest
        elif mode == "slow ours":
            bare_form._free_users = lambda: range(0)
        if mode.startswith("slow "):
            results = in_slow_lane([path for path in attacks if path.stem not in FAST_LANE_ONLY], world)
        elif mode == "oldest":
            results = in_own_process([path for path in attacks if path.stem not in BOMBS], world, _CONFINED)
        elif mode == "free":
            results = in_own_process([path for path in attacks if path.stem in HARMLESS], world, _FREE)
        else:
            results = in_fork_server(attacks, world)
        print(json.dumps(results))


if __name__ == "__main__":
    main()
