"""What pip is told reaches uv: of every level, rightly quoted, through the function that the installation calls."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent.parent / "deploy" / "pip_settings.py"
SHOWN = ("UV_", "SSL_", "HTTP", "http")


@pytest.fixture(scope="module")
def pip_settings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pip_settings", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def handed_over(
    tmp_path: Path, *, everywhere: str = "", user: str = "", named: str = "", **variables: str
) -> dict[str, str]:
    """The variables that `hand_pip_settings_to_uv` exports: pip's files of three levels, then its environment."""
    for name, text in (("everywhere", everywhere), ("user", user)):
        (tmp_path / name / "pip").mkdir(parents=True)
        (tmp_path / name / "pip" / "pip.conf").write_text(text)
    if named:  # pip then leaves the user's file out
        (tmp_path / "named.conf").write_text(named)
        variables["PIP_CONFIG_FILE"] = str(tmp_path / "named.conf")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path / "everywhere"),
        "XDG_CONFIG_HOME": str(tmp_path / "user"),
        **variables,
    }
    command = f"source '{SCRIPT.with_name('install.sh')}'; VENV='{sys.prefix}'; hand_pip_settings_to_uv; env -0"
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pairs = (line.partition("=") for line in done.stdout.split("\0") if line)
    return {name: value for name, _, value in pairs if name.startswith(SHOWN)}


def test_cert_of_a_file_is_handed_over(tmp_path: Path) -> None:
    found = handed_over(tmp_path, user="[global]\ncert = /etc/a company/root.pem\n")
    assert found["SSL_CERT_FILE"] == "/etc/a company/root.pem"


def test_cert_in_the_home_folder(tmp_path: Path) -> None:
    assert handed_over(tmp_path, user="[global]\ncert = ~/root.pem\n")["SSL_CERT_FILE"] == f"{tmp_path}/root.pem"


def test_a_folder_of_certificates(tmp_path: Path) -> None:
    (tmp_path / "certs").mkdir()
    found = handed_over(tmp_path, named=f"[global]\ncert = {tmp_path}/certs\n")
    assert found["SSL_CERT_DIR"] == f"{tmp_path}/certs"


def test_cert_of_pip_wins_over_the_generic_variable(tmp_path: Path) -> None:
    """pip has just brought uv with its own; the other one may be of anything."""
    found = handed_over(tmp_path, user="[global]\ncert = /pip.pem\n", SSL_CERT_FILE="/other.pem")
    assert found["SSL_CERT_FILE"] == "/pip.pem"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_bundles_that_pip_reads_from_the_environment(pip_settings: ModuleType, variable: str) -> None:
    assert pip_settings.uv_environment([], {variable: "/bundle.pem"})["SSL_CERT_FILE"] == "/bundle.pem"


@pytest.mark.parametrize("section", ["global", "install"])
def test_every_setting_of_a_file(tmp_path: Path, section: str) -> None:
    found = handed_over(
        tmp_path,
        named=f"[{section}]\n"
        "index-url = https://user:pa%40ss@mirror.test/pypi/index?a=1&b=$HOME\n"
        "extra-index-url =\n    https://one.test/index\n    https://two.test/index\n"
        "find-links = /wheels one-folder\n    ~/wheels\n"
        "trusted-host = mirror.test one.test:8443\n"
        "proxy = http://user:it's@proxy.test:3128\n"
        "timeout = 90\n"
        "no-index = false\n",
    )
    assert found["UV_DEFAULT_INDEX"] == "https://user:pa%40ss@mirror.test/pypi/index?a=1&b=$HOME"
    assert found["UV_INDEX"] == "https://one.test/index https://two.test/index"
    assert found["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert found["UV_FIND_LINKS"] == f"/wheels,one-folder,{tmp_path}/wheels"
    assert found["UV_INSECURE_HOST"] == "mirror.test one.test:8443"
    assert {found[name] for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")} == {
        "http://user:it's@proxy.test:3128"
    }
    assert found["UV_HTTP_TIMEOUT"] == "90"
    assert "UV_NO_INDEX" not in found


def test_levels_override_each_other_as_in_pip(tmp_path: Path) -> None:
    found = handed_over(
        tmp_path,
        everywhere="[global]\ntimeout = 11\nproxy = http://everywhere.test:1\n[install]\nindex-url = https://install.test/\n",
        user="[global]\nindex-url = https://user.test/index\ntimeout = 22\n",
        PIP_TIMEOUT="33",
    )
    assert found["UV_DEFAULT_INDEX"] == "https://install.test/", "what is said of `pip install` wins over global"
    assert found["UV_HTTP_TIMEOUT"] == "33", "the environment wins over all files"
    assert found["HTTPS_PROXY"] == "http://everywhere.test:1", "what only the lowest level says still holds"


def test_what_the_user_tells_uv_stays(tmp_path: Path) -> None:
    found = handed_over(
        tmp_path,
        user="[global]\nindex-url = https://pip.test/index\nfind-links = /pip\n",
        UV_DEFAULT_INDEX="https://uv.test/index",
        UV_FIND_LINKS="/uv",
    )
    assert (found["UV_DEFAULT_INDEX"], found["UV_FIND_LINKS"]) == ("https://uv.test/index", "/uv")


def test_no_index(tmp_path: Path) -> None:
    assert handed_over(tmp_path, named="[global]\nno-index = true\n")["UV_NO_INDEX"] == "1"


def test_a_file_is_written_that_pip_reads_alike(tmp_path: Path, pip_settings: ModuleType) -> None:
    settings = [
        ("global", "index-url", "https://mirror.test/index"),
        ("install", "find-links", "\n/wheels\n/more"),
        (":env:", "cert", "/etc/ours.pem"),
    ]
    (tmp_path / "pip.conf").write_text(pip_settings.as_file(settings))
    command = [sys.executable, "-m", "pip", "config", "list"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "none")}
    environment |= {"XDG_CONFIG_DIRS": str(tmp_path / "none"), "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    listed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "global.index-url='https://mirror.test/index'" in listed
    assert "install.find-links='/wheels\\n/more'" in listed
    assert "ours.pem" not in listed, "the environment is passed on as environment"


def test_paths_are_those_that_exist(tmp_path: Path, pip_settings: ModuleType) -> None:
    (tmp_path / "index" / "simple").mkdir(parents=True)
    (tmp_path / "root.pem").write_text("")
    settings = [
        ("global", "extra-index-url", f"file://{tmp_path}/index/simple https://one.test/index"),
        (":env:", "cert", f"{tmp_path}/root.pem"),
        ("global", "find-links", f"{tmp_path}/gone"),
    ]
    assert pip_settings.paths(settings) == [f"{tmp_path}/index", f"{tmp_path}/root.pem"]
