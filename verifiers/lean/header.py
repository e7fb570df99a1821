"""What a problem puts before its theorem: declarations, which are compiled once, and scope commands.

Declarations (`def`, `theorem`, `inductive`, `instance` ...) become a module in the cache that servers import: ten
thousand of them cost a check nothing. `open`, `universe` and `variable` hold to the end of a file, so they are given
again before every theorem.

A header comes with the problem, so it is trusted to say what is to be proved; it is compiled in the slow lane of the
sandbox all the same, since commands of Lean can run code.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from verifiers.lean import toolchain
from verifiers.lean.toolchain import Toolchain
from verifiers.sandbox import bubblewrap, policy

MAX_HEADER_CHARS = 16 << 20
_SCOPE = re.compile(r"^(?:open|universe|universes|variable)\b.*(?:\n[ \t]+.*)*\n?", re.MULTILINE)
_IMPORT = re.compile(r"^(?:import|prelude)\b", re.MULTILINE)
_OPENS = re.compile(r"^(?:noncomputable )?(?:namespace|section|mutual)\b", re.MULTILINE)
_CLOSES = re.compile(r"^end\b", re.MULTILINE)
_SECONDS, _MEMORY_BYTES, _CPU_SECONDS = 600, 8 << 30, 300
# Compiles a file and sends what came of it: the sandbox has no folder that outlives it.
_COMPILE = """
import os, sys
sys.path[:0] = [sys.argv[1]]
module = sys.argv[2]
from verifiers.lean import command
os.chdir("/tmp")
os.makedirs("Header")
source = sys.stdin.buffer.read()
open(module + ".lean", "wb").write(source)
sys.argv = ["lean", "-DmaxErrors=5", "-o", module + ".olean", module + ".lean"]
# Lean ends its process itself.
child = os.fork()
if child == 0:
    os.dup2(2, 1)
    os._exit(command.main())
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if code == 0:
    with open(module + ".olean", "rb") as file:
        sys.stdout.buffer.write(file.read())
    sys.stdout.flush()
os._exit(code & 0xFF)
"""


@dataclass(frozen=True, slots=True)
class Header:
    """A header, taken apart.

    Attributes:
        declarations: the whole text, or "" where it declares nothing.
        scope: its scope commands, each on a line.
        module: the name of its module.
    """

    declarations: str
    scope: str
    module: str

    @classmethod
    def read(cls, text: str) -> Header:
        """Raises ValueError that names the remedy."""
        if len(text) > MAX_HEADER_CHARS:
            raise ValueError(f"the header is longer than {MAX_HEADER_CHARS} characters")
        if _IMPORT.search(text):
            raise ValueError("the header imports a module: the embedded Lean has its own prelude only, drop the import")
        if len(_OPENS.findall(text)) != len(_CLOSES.findall(text)):
            raise ValueError("the header leaves a namespace or section open: close it, and `open` what it needs")
        scope = "".join(match.group().rstrip() + "\n" for match in _SCOPE.finditer(text))
        rest = _SCOPE.sub("", re.sub(r"--[^\n]*|/-.*?-/", "", text, flags=re.DOTALL)).strip()
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:24]
        return cls(text if rest else "", scope, f"Header.H{digest}")

    def compiled(self, tools: Toolchain, prelude: Path) -> Path | None:
        """The folder with its module, compiled now if it is not there; None where there is nothing to compile.

        Raises ValueError with Lean's messages, LeanUnavailable where the cache cannot be written.
        """
        if not self.declarations:
            return None
        name = self.module.rpartition(".")[2]

        def build(folder: Path) -> None:
            source = f"prelude\nimport {toolchain.BASE_MODULE}\n{self.declarations}\n"
            (folder / "Header").mkdir()
            (folder / "Header" / f"{name}.olean").write_bytes(_compile(tools, prelude, name, source))

        return toolchain.stored(f"header-{prelude.name.rpartition('-')[2]}-{name}", build)


def _compile(tools: Toolchain, prelude: Path, name: str, source: str) -> bytes:
    policy.require()
    wrapper, problem = bubblewrap.find()
    if wrapper is None:
        raise ValueError(f"headers with declarations are compiled in the slow lane, which is off: {problem}")
    package = Path(__file__).resolve().parents[1]
    python = os.path.realpath(sys.executable)
    paths = [python, *policy.interpreter_paths(), str(package), str(tools.library.parent), str(prelude)]
    environment = {toolchain.LIBRARY_SETTING: str(tools.library), "LEAN_PATH": str(prelude), "LANG": "C.UTF-8"}
    settings = [word for key, value in environment.items() for word in ("--setenv", key, value)]
    code = [python, "-S", "-s", "-P", "-c", _COMPILE, str(package.parent), f"Header/{name}"]
    limits = ["prlimit", f"--as={_MEMORY_BYTES}", f"--cpu={_CPU_SECONDS}", "--core=0"]
    # Lean looks for its own executable in /proc.
    wall = bubblewrap.arguments(wrapper, paths, tmpfs_bytes=1 << 30, directory="/tmp", proc=True)
    command = [*limits, *wall, *settings, "--"]
    try:
        done = subprocess.run(
            [*command, *code], input=source.encode(), capture_output=True, env={}, cwd="/", timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"the header does not compile within {_SECONDS} s: make it shorter") from None
    except UnicodeEncodeError:
        raise ValueError("the header is no valid Unicode") from None
    if done.returncode or not done.stdout:
        told = done.stderr.decode(errors="replace").strip()[:1000]
        raise ValueError(f"Lean does not accept the header: {told or f'it ended with {done.returncode}'}")
    return done.stdout
