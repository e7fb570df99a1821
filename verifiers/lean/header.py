"""What a problem puts before its theorem: declarations, which are compiled once, and scope commands.

Declarations (`def`, `theorem`, `inductive`, `instance` ...) become a module in the cache that servers import: ten
thousand of them cost a check nothing. `open`, `universe` and `variable` hold to the end of a file, so they are given
again before every theorem.

In full mode (`verifiers.lean.discovery`) a header may begin with `import` lines: modules of the user's toolchain and
project, `Init` where it names none.

A header comes with the problem, so it is trusted to say what is to be proved; it is compiled in the slow lane all the
same, since commands of Lean can run code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verifiers.lean import discovery, toolchain
from verifiers.lean.scope import blanked, scope_commands
from verifiers.lean.toolchain import Toolchain
from verifiers.sandbox import reach
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order

MAX_HEADER_CHARS = 16 << 20
_IMPORT = re.compile(r"^[ \t]*(?:(?:public |meta )*import|prelude)\b", re.MULTILINE)
_BLANK = re.compile(r"(?:\s+|--[^\n]*|/-.*?-/)*", re.DOTALL)
_IMPORTED = re.compile(r"import[ \t]+([^\W\d]\w*(?:\.[^\W\d]\w*)*)[ \t]*(?=\n|--|\Z)")
# Address space: the compiled files of a whole Mathlib are mapped into it.
_LIMITS = Limits(
    cpu_seconds=300,
    wall_seconds=600,
    memory_bytes=8 << 30,
    file_bytes=512 << 20,
    output_bytes=1 << 20,
    open_files=1024,
)
_FULL_LIMITS = dataclasses.replace(_LIMITS, memory_bytes=64 << 30)
# Lean has a thread per core, and some more.
_PROCESSES = 512
_SOURCE, _OBJECT = "header.lean", "header.olean"
# Lean's own command line, from its library; nothing of ours is needed for it, nor there.
_COMPILE = """
import ctypes, os, sys
lean = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
words = [b"lean", *map(os.fsencode, sys.argv[2:])]
sys.exit(lean.lean_main(len(words), (ctypes.c_char_p * (len(words) + 1))(*words, None)))
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
    python, library = os.path.realpath(sys.executable), str(tools.library)
    environment = {"LEAN_PATH": os.pathsep.join(map(str, path))}
    if tools.sysroot is not None:
        environment["LEAN_SYSROOT"] = str(tools.sysroot)
    try:
        written = source.encode()
    except UnicodeEncodeError:
        raise ValueError("the header is no valid Unicode") from None
    order = Order(
        [python, "-I", "-S", "-c", _COMPILE, library, "-DmaxErrors=5", "-o", _OBJECT, _SOURCE],
        files={_SOURCE: written},
        stdin=b"",
        limits=_FULL_LIMITS if tools.is_full else _LIMITS,
        reads=reach.listed([*reach.python(python), *tools.folders(), *reach.libraries(library), *map(str, path)]),
        processes=_PROCESSES,
        keep=(_OBJECT,),
        environment=environment,
        # Lean looks for its own executable there.
        proc=True,
    )
    outcome, made = run_command(order)
    if outcome.status == "wall":
        raise ValueError(f"the header does not compile: over the limit of {order.limits.wall_seconds:g} s of wall time")
    if outcome.status not in ("exited", "signaled"):
        raise ValueError(f"the header does not compile within its limits ({outcome.status}): make it shorter")
    if outcome.returncode or _OBJECT not in made:
        told = (outcome.stdout + outcome.stderr).decode(errors="replace").strip()[:1000]
        raise ValueError(f"Lean does not accept the header: {told or f'it ended with {outcome.returncode}'}")
    return made[_OBJECT]
