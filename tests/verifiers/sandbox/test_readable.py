"""What a program can import and read, where the package is installed and where it runs from its repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from verifiers.sandbox import bubblewrap, policy, readable
from verifiers.sandbox.launcher import shared_for
from verifiers.sandbox.types import Limits

pytestmark = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)

NOBODY = 65534
CANARY = "CANARY-27182818"
SYSTEM = [
    "/etc/passwd",
    "/etc/hostname",
    "/usr/lib/os-release",
    "/",
    "/usr",
    "/root",
    "/home",
    "/tmp",
    "/proc",
    "/usr/local",
    "/usr/local/lib",
]
LIMITS = Limits(cpu_seconds=10, wall_seconds=60)

# Prints what it got at: everything that is neither standard library nor NumPy, SymPy, mpmath.
READER = r"""
import importlib, inspect, io, json, os, pkgutil, sys

facts = json.loads(input())
for name in facts["modules"]:
    try:
        importlib.import_module(name)
        print("IMPORTED", name)
    except (ImportError, OSError):
        pass
for path in facts["files"]:
    for read in (lambda: open(path, "rb").read(), lambda: os.read(os.open(path, os.O_RDONLY), 9),
                 lambda: io.FileIO(os.open(path, os.O_RDONLY)).read(), lambda: os.listdir(path) or 1 / 0):
        try:
            read()
            print("READ", path)
        except (OSError, ZeroDivisionError):
            pass
for name, module in list(sys.modules.items()):
    known = {*sys.stdlib_module_names, *facts["allowed"], "verifiers", "__main__"}
    if getattr(module, "__file__", "") and name.partition(".")[0] not in known:
        print("LOADED", name)
    if name.startswith("verifiers"):
        for read in (lambda: inspect.getsource(module), lambda: pkgutil.get_data(name, "__init__.py"),
                     lambda: module.__loader__.get_data(module.__file__)):
            try:
                if read():
                    print("SOURCE", name)
            except (OSError, TypeError, ValueError, AttributeError):
                pass
for path in sys.path:
    if "-packages" in path or facts["root"] in path:
        print("PATH", path)
for stream in (sys.stdin, sys.stdout):
    for other in ("/proc/self/environ", "/proc/self/cwd", "/proc/1/cmdline", "/proc/self/fd"):
        try:
            os.stat(other) and open(other).read() and print("PROC", other)
        except OSError:
            pass
print("done")
"""

# What starts the fork server, as any user: mode (bubblewrap or bare) and facts.
RUN = """
import json, sys
from verifiers.sandbox import bubblewrap
from verifiers.sandbox.launcher import ForkServer
from verifiers.sandbox.types import Limits
if sys.argv[1] == "bare":
    bubblewrap.find = lambda: (None, "switched off for this test")
server = ForkServer(preload=("verifiers.code.solution_side", "numpy", "sympy"))
outcome = server.run(sys.argv[3], stdin=sys.argv[2].encode(), limits=Limits(cpu_seconds=20, wall_seconds=60))
print(json.dumps([outcome.status, outcome.stdout.decode(), outcome.stderr.decode()[-2000:]]))
"""


@pytest.fixture(scope="module")
def installed(repository: Path) -> Iterator[Path]:
    """A folder of installed packages: ours beside somebody's, all of it readable for every user."""
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder, "site-packages")
        for name in ("verifiers", "rlcore", "services"):
            shutil.copytree(repository / name, packages / name, ignore=shutil.ignore_patterns("__pycache__"))
        (packages / "neighbour_of_ours.py").write_text(f"text = {CANARY!r}\n", encoding="utf-8")
        (packages / "neighbour.pth").write_text(CANARY, encoding="utf-8")
        (packages / "rlcore-0.1.0.dist-info").mkdir()
        (packages / "rlcore-0.1.0.dist-info" / "METADATA").write_text(CANARY, encoding="utf-8")
        for path in [Path(folder), *Path(folder).rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield packages


def read_all(root: Path, mode: str, python: str, user: int | None = None) -> str:
    """What the reader prints, as a program of a fork server whose package lies in `root`."""
    if mode == "bubblewrap" and bubblewrap.find()[0] is None:
        pytest.skip(bubblewrap.find()[1])
    files = [str(path) for path in root.rglob("*") if path.suffix in (".py", ".pth", ".toml", ".json")][:400]
    here = Path(__file__)
    own = (root, root / "rlcore-0.1.0.dist-info" / "METADATA", here, here.parent, Path(sys.prefix, "pyvenv.cfg"))
    facts = {
        "root": str(root),
        "allowed": readable.PROGRAM_PACKAGES,
        "modules": [
            "rlcore.data.families.programs",
            "verifiers.audit.cases",
            "verifiers.code.judge",
            "services",
            "rollout",
            "neighbour_of_ours",
            "pydantic",
            "pip",
            "math_verify",
            "torch",
            "conftest",
        ],
        "files": [*files, *map(str, own), *SYSTEM],
    }
    path = os.environ.get("PATH", "/usr/bin:/bin")
    found = bubblewrap.find()[0]
    done = subprocess.run(
        [python, "-P", "-c", RUN, mode, json.dumps(facts), READER],
        env={"PATH": f"{path}:{Path(found).parent}" if found else path, "PYTHONPATH": str(root)},
        # Where a package may be found without being asked for.
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    assert done.returncode == 0, done.stderr
    status, said, error = json.loads(done.stdout)
    assert (status, error) == ("exited", ""), error
    return str(said)


@pytest.mark.parametrize("mode", ["bubblewrap", "bare"])
def test_nothing_of_ours_is_read_where_it_is_installed(installed: Path, mode: str) -> None:
    assert read_all(installed, mode, sys.executable) == "done\n"


@pytest.mark.parametrize("mode", ["bubblewrap", "bare"])
def test_nothing_of_ours_is_read_from_the_repository(repository: Path, mode: str) -> None:
    assert read_all(repository, mode, sys.executable) == "done\n"


@pytest.mark.parametrize("mode", ["bubblewrap", "bare"])
def test_nothing_of_ours_is_read_as_an_ordinary_user(installed: Path, mode: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; the tests above have run as an ordinary one")
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        ask = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(ask, cwd="/", user=NOBODY, group=NOBODY, extra_groups=[]).returncode == 0:
                assert read_all(installed, mode, python, NOBODY) == "done\n"
                return
        except OSError:
            continue
    pytest.skip("needs a Python >= 3.11 that every user can run: apt-get install python3")


def test_of_the_system_shared_libraries_are_listed_one_by_one() -> None:
    folders = [os.path.realpath(path) for path in readable.standard_library()]
    listed = readable.files([])
    others = [path for path in listed if not any(path.startswith(folder) for folder in folders)]
    data = {os.path.realpath(path) for path in readable.data()}
    assert not [path for path in others if ".so" not in Path(path).name and path not in data]
    assert not [path for path in listed if "-packages" in path]
    assert not {"/usr", "/usr/lib", "/usr/local/lib", "/lib", *folders} & {*listed}


HONEST: tuple[tuple[str, str], ...] = (
    ("import numpy.random, numpy.linalg, numpy.fft, numpy.testing; print(numpy.linalg.det(numpy.eye(3)))", "1.0"),
    ("import numpy.polynomial, numpy.ma, numpy.lib.stride_tricks as s; print(len(s.as_strided([1, 2])))", "2"),
    ("from sympy.combinatorics import Permutation; print(Permutation([1, 0]).order())", "2"),
    ("import sympy.physics.units as u; print(u.convert_to(u.km, u.m).args[0])", "1000"),
    ("import sympy.ntheory, sympy.stats, sympy.geometry; print(sympy.ntheory.isprime(7))", "True"),
    ("import mpmath; print(mpmath.nstr(mpmath.quad(mpmath.sin, [0, 1]), 5))", "0.4597"),
    ("import decimal, fractions, statistics; print(decimal.Decimal(2).sqrt() > 1)", "True"),
    ("import zoneinfo, datetime as d; print(d.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo('UTC')).tzname())", "UTC"),
    ("import ssl, sqlite3, lzma, bz2, zlib, hashlib; print(hashlib.sha256(b'').hexdigest()[:4])", "e3b0"),
    ("import locale, unicodedata; print(unicodedata.name('a'))", "LATIN SMALL LETTER A"),
    ("import unittest.mock, email.mime.text, http.client, xml.dom.minidom, asyncio; print(1)", "1"),
    ("import sysconfig, platform; print(bool(sysconfig.get_config_vars()) and len(platform.machine()) > 1)", "True"),
    ("import ctypes; print(ctypes.CDLL(None).abs(-3))", "3"),
    ("import importlib.util as i; print(i.find_spec('pip'), i.find_spec('rlcore'))", "None None"),
    ("print(2); exit()", "2"),
    ("print(2)\nquit(0)", "2"),
    ("import pydoc; print(pydoc.plain(pydoc.render_doc(abs))[:6])", "Python"),
)


@pytest.mark.parametrize(("program", "said"), HONEST)
def test_what_honest_programs_import_is_there(program: str, said: str) -> None:
    if any(name in program and not readable.packages([name]) for name in readable.PROGRAM_PACKAGES):
        pytest.skip("needs NumPy, SymPy and mpmath")
    outcome = shared_for(program).run(program, limits=LIMITS)
    assert (outcome.returncode, outcome.stdout.decode().strip()) == (0, said), outcome.stderr.decode()


def test_a_package_is_found_by_its_name_alone() -> None:
    assert readable.packages(["no_such_package_of_anybody"]) == {}
    # A module that is no package brings no folder that could be shown.
    assert readable.packages(["string"]) == {}
    finder = readable.Finder({"verifiers": str(Path(policy.__file__).parents[1])})
    found = finder.find_spec("verifiers", None)
    assert found is not None
    assert found.origin == str(Path(policy.__file__).parents[1] / "__init__.py")
    assert finder.find_spec("rlcore", None) is None
