"""What a problem puts before its theorem: declarations, which are compiled once, and scope commands.

Declarations (`def`, `theorem`, `inductive`, `instance` ...) become a module in the cache that servers import: ten
thousand of them cost a check nothing. `open`, `universe` and `variable` hold to the end of a file, so they are given
again before every theorem.

In full mode (`verifiers.lean.discovery`) a header may begin with `import` lines: modules of the user's toolchain and
project, `Init` where it names none.

A header comes with the problem, so it is trusted to say what is to be proved; it is compiled in bubblewrap all the
same, with limits and without a filter on system calls, since commands of Lean can run code.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verifiers.lean import discovery, toolchain
from verifiers.lean.scope import blanked, scope_commands
from verifiers.lean.toolchain import Toolchain
from verifiers.sandbox import bubblewrap, policy

MAX_HEADER_CHARS = 16 << 20
_IMPORT = re.compile(r"^[ \t]*(?:(?:public |meta )*import|prelude)\b", re.MULTILINE)
_BLANK = re.compile(r"(?:\s+|--[^\n]*|/-.*?-/)*", re.DOTALL)
_IMPORTED = re.compile(r"import[ \t]+([^\W\d]\w*(?:\.[^\W\d]\w*)*)[ \t]*(?=\n|--|\Z)")
_SECONDS, _CPU_SECONDS = 600, 300
# Address space: the compiled files of a whole Mathlib are mapped into it.
_MEMORY_BYTES, _FULL_MEMORY_BYTES = 8 << 30, 64 << 30
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
        imports: modules that it asks for.
    """

    declarations: str
    scope: str
    module: str
    imports: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str, *, may_import: bool = False) -> Header:
        """Take a header apart.

        Args:
            may_import: whether it may begin with `import` lines (full mode).

        Raises ValueError that names the remedy.
        """
        if len(text) > MAX_HEADER_CHARS:
            raise ValueError(f"the header is longer than {MAX_HEADER_CHARS} characters")
        imports: tuple[str, ...] = ()
        if may_import:
            imports, text = _split(text)
        if _IMPORT.search(blanked(text)):
            if may_import:
                raise ValueError("the header imports in a way that is not understood: begin it with `import A.B` lines")
            raise ValueError("the header imports a module: the embedded Lean has its own prelude only, drop the import")
        scope, declares = scope_commands(text)
        whole = "\n".join(["", *imports, text]) if imports else text
        digest = hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()[:24]
        return cls(text if declares else "", scope, f"Header.H{digest}", imports)

    def modules(self, tools: Toolchain) -> list[str]:
        """The modules below its own."""
        return [*(self.imports or discovery.DEFAULT_MODULES)] if tools.is_full else [toolchain.BASE_MODULE]

    def compiled(self, tools: Toolchain, path: Sequence[Path]) -> Path | None:
        """The folder with its module, compiled now if it is not there; None where there is nothing to compile.

        Args:
            path: folders of the modules that it may import; one that `toolchain.stored` made, or those of `tools`.

        Raises ValueError with Lean's messages, or where an imported module is not there; LeanUnavailable where the
        cache cannot be written.
        """
        modules = self.modules(tools)
        below = discovery.state(tools, modules) if tools.is_full else path[0].name.rpartition("-")[2]
        if not self.declarations:
            return None
        name = self.module.rpartition(".")[2]

        def build(folder: Path) -> None:
            imports = "\n".join(f"import {module}" for module in modules)
            source = f"{'' if tools.is_full else 'prelude'}\n{imports}\n{self.declarations}\n"
            (folder / "Header").mkdir()
            (folder / "Header" / f"{name}.olean").write_bytes(_compile(tools, path, name, source))

        return toolchain.stored(f"header-{below}-{name}", build)


def _split(text: str) -> tuple[tuple[str, ...], str]:
    """The modules of leading `import` lines, and what stands behind them."""
    imports: list[str] = []
    while True:
        blank = _BLANK.match(text)
        at = blank.end() if blank else 0
        found = _IMPORTED.match(text, at)
        if found is None:
            return tuple(dict.fromkeys(imports)), text
        imports.append(found[1])
        text = text[found.end() :]


def _compile(tools: Toolchain, path: Sequence[Path], name: str, source: str) -> bytes:
    policy.require()
    wrapper, problem = bubblewrap.find()
    if wrapper is None:
        raise ValueError(f"headers with declarations are compiled in the slow lane, which is off: {problem}")
    package = Path(__file__).resolve().parents[1]
    python = os.path.realpath(sys.executable)
    paths = [python, *policy.interpreter_paths(), str(package), *tools.folders(), *map(str, path)]
    environment = {"LEAN_PATH": os.pathsep.join(map(str, path)), "LANG": "C.UTF-8"}
    environment[toolchain.LIBRARY_SETTING] = str(tools.library)
    if tools.sysroot is not None:
        environment["LEAN_SYSROOT"] = str(tools.sysroot)
    settings = [word for key, value in environment.items() for word in ("--setenv", key, value)]
    code = [python, "-S", "-s", "-P", "-c", _COMPILE, str(package.parent), f"Header/{name}"]
    memory = _FULL_MEMORY_BYTES if tools.is_full else _MEMORY_BYTES
    limits = ["prlimit", f"--as={memory}", f"--cpu={_CPU_SECONDS}", "--core=0"]
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
