"""A PostgreSQL of Debian's in a folder of its own, on a socket and a port of loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ports import free_ports


def programs() -> Path:
    """Where Debian keeps the server's programs. Skips the test where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("needs PostgreSQL: apt-get install postgresql (`make system`)")
    return found[-1].parent


class Postgres:
    """A running server. It refuses to run as root, so root gives it to the user `postgres`."""

    def __init__(self, folder: Path) -> None:
        self._bin = programs()
        self.folder = folder / "data"
        (self.port,) = free_ports(1)
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            # pytest's folders are closed to others.
            for parent in [folder, *folder.parents]:
                if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                    parent.chmod(parent.stat().st_mode | 0o111)
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", str(self.folder), "-U", "rewards", "-A", "trust", "--no-sync")
        self.process = self.start()

    @property
    def url(self) -> str:
        """As SQLAlchemy reads it."""
        return f"postgresql+psycopg://rewards@127.0.0.1:{self.port}/postgres"

    def emptied(self) -> str:
        """The URL, once nothing is left in the database."""
        import psycopg

        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=rewards dbname=postgres", autocommit=True) as at:
            at.execute("DROP SCHEMA public CASCADE")
            at.execute("CREATE SCHEMA public")
        return self.url

    def start(self) -> subprocess.Popen[bytes]:
        """The server; returns once it answers."""
        options = ["-D", str(self.folder), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        with (self.folder.parent / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._bin / "postgres"), *options], stdout=log, stderr=log, user=self._user, cwd="/"
            )
        deadline = time.monotonic() + 60
        while self._answers() != 0:
            assert time.monotonic() < deadline and self.process.poll() is None, (self.folder.parent / "log").read_text()
            time.sleep(0.05)
        return self.process

    def kill(self) -> None:
        """kill -9: what it had not written is recovered from its log at the next start."""
        self.process.kill()
        self.process.wait()
        deadline = time.monotonic() + 30
        # Its children see the death of their parent and end; until then the shared memory is in use.
        while self._others():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in order."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def _answers(self) -> int:
        command = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command).returncode

    def _others(self) -> list[str]:
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "cwd").readlink() == self.folder:
                    found.append(entry.name)
            except OSError:
                continue
        return found

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._bin / program), *arguments], check=True, capture_output=True, user=self._user, cwd="/"
        )
