"""Fixtures every test may use: given data, a free port, programs that may be missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ports import free_ports

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With workers (`make test`) a file stays on one of them, and all that starts Ray or an engine on the same one: two
    runs at a time are more than two cores and 24 GB carry.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "runs" if nodeid.startswith(("tests/e2e/", "tests/rollout/")) else nodeid.partition("::")[0]

    return ByFile(config, log)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; a plain clone has none, and the test is skipped."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real data sets in ../shared/data, which a plain clone does not have")
    return folder


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on. Use it at once."""
    return free_ports(1)[0]


@pytest.fixture(scope="session")
def need_program() -> Callable[[str], str]:
    """`need_program("chromium")` is its path, or skips the test with the one command that brings it."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"needs {name}, which is not installed: run `make system` as root, or bring it with apt-get")
        return path

    return find


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """A Ray cluster of the tests' own on loopback."""
    import ray

    ray.init(address="local", num_cpus=4, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    yield
    ray.shutdown()
