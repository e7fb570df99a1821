"""C++ programs, compiled and run in the sandbox, in each form of the slow lane."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from verifiers.code import cpp
from verifiers.code.judge import control, judge
from verifiers.sandbox import bare_form, bubblewrap, reach
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order, Outcome
from verifiers.types import Status

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++: apt-get install g++")

SUM: dict[str, Any] = {
    "kind": "stdin",
    "language": "cpp",
    "cases": [{"stdin": "3\n1 2 3\n", "stdout": "6\n"}, {"stdin": "1\n-5\n", "stdout": "-5\n"}],
    "limits": {"cpu_seconds": 1, "wall_seconds": 3},
}
RIGHT = """#include <cstdio>
int main() { int n; long long x, sum = 0; scanf("%d", &n); while (n--) { scanf("%lld", &x); sum += x; }
printf("%lld\\n", sum); }"""
COMPILING = Limits(cpu_seconds=20, wall_seconds=60, memory_bytes=2 << 30, file_bytes=32 << 20)
LIMITS = Limits(cpu_seconds=1, wall_seconds=10, memory_bytes=256 << 20)


@pytest.fixture(params=["bubblewrap", "bare", "ours"], autouse=True)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both forms of the slow lane, and the bare one without a user of its own."""
    if request.param == "bubblewrap":
        found, why = bubblewrap.find()
        if found is None:
            pytest.skip(f"needs bubblewrap: {why}")
    else:
        monkeypatch.setattr(bubblewrap, "find", lambda: (None, "switched off for this test"))
    if request.param == "ours":
        monkeypatch.setattr(bare_form, "_free_users", lambda: range(0))
    return str(request.param)


def compiled(source: str, **files: bytes) -> tuple[Outcome, dict[str, bytes]]:
    compiler = shutil.which("g++")
    assert compiler is not None
    order = Order(
        [compiler, "-std=c++17", "-pipe", "-o", "program", "a.cpp"],
        files={"a.cpp": source.encode(), **files},
        stdin=b"",
        limits=COMPILING,
        reads=reach.compiler(compiler),
        processes=8,
        keep=("program",),
    )
    return run_command(order)


def ran(program: bytes, stdin: bytes = b"") -> Outcome:
    return run_command(Order(["./program"], {"program": program}, stdin, LIMITS, reach.runtime()))[0]


@pytest.mark.parametrize(
    ("program", "status"),
    [
        (RIGHT, Status.CORRECT),
        (RIGHT.replace("<cstdio>", "<bits/stdc++.h>"), Status.CORRECT),
        (RIGHT.replace("+=", "-="), Status.WRONG),
        (RIGHT.replace("int n;", "int m;"), Status.WRONG),
        ('#include "/etc/passwd"\nint main() {}', Status.WRONG),
        ("int main() { for (;;) ; }", Status.TIMEOUT),
        ("#include <cstdlib>\nint main() { exit(0); }", Status.WRONG),
        ('#include <cstdio>\nint main() { for (;;) puts("6"); }', Status.REJECTED),
        ("#include <cstdlib>\nint main() { abort(); }", Status.WRONG),
        ('#include <unistd.h>\n#include <cstdio>\nint main() { if (fork() < 0) return 1; puts("6"); }', Status.WRONG),
        ('#include <unistd.h>\nint main() { execl("/bin/sh", "sh", "-c", "echo 6", (char*)0); }', Status.WRONG),
        ("#include <signal.h>\n#include <unistd.h>\nint main() { kill(getppid(), 9); kill(-1, 9); }", Status.WRONG),
    ],
)
def test_programs(program: str, status: Status) -> None:
    said = judge(f"```cpp\n{program}\n```", SUM, finish_reason="stop")
    assert said.status is status, said
    assert "root:" not in said.model_dump_json()


def test_the_control_is_wrong() -> None:
    assert judge(control(SUM), SUM, finish_reason="stop").status is Status.WRONG


@pytest.mark.parametrize("lost", ["/as", "libstdc++.so.6"])
def test_a_compiler_that_lacks_a_part_is_no_answers_fault(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = shutil.which("g++")
    assert compiler is not None
    lists = {"compiler": reach.compiler(compiler), "runtime": reach.runtime()}
    name = "compiler" if lost == "/as" else "runtime"
    without = tuple(path for path in lists[name] if lost not in path and not path.endswith("-as"))
    monkeypatch.setattr(reach, name, lambda *_: without)
    monkeypatch.setattr(cpp, "_sound", set())
    # Wrong in any case: but who is to say so here?
    said = judge("```cpp\n#include <iostream>\nint main() { std::cout << 7; }\n```", SUM, finish_reason="stop")
    assert (said.status, said.failure_kind) == (Status.ERROR, "no_compiler"), said


@pytest.fixture
def small_stack() -> Iterator[None]:
    """As a shell may have set it: 32 MiB for each thread, too little for a deep recursion."""
    before = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (32 << 20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_STACK, before)


@pytest.mark.usefixtures("small_stack")
def test_memory_alone_bounds_threads_and_recursion() -> None:
    source = """#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>
long deep(int n) { volatile char frame[1000]; frame[0] = n; return n == 0 ? 0 : frame[0] * 0 + 1 + deep(n - 1); }
int main() {
    std::vector<std::thread> many;
    for (int i = 0; i < 16; i++) many.emplace_back([] { std::free(std::malloc(100000)); });
    for (auto& one : many) one.join();
    std::printf("%ld", deep(100000));
}"""
    made, kept = compiled(source)
    assert made.returncode == 0, made.stderr
    assert ran(kept["program"]).stdout == b"100000"


def test_what_programs_have() -> None:
    source = """#include <bits/stdc++.h>
#include <thread>
int main() {
    std::vector<std::thread> many; std::atomic<int> sum{0};
    for (int i = 0; i < 8; i++) many.emplace_back([&, i] { sum += i; });
    for (auto& one : many) one.join();
    try { throw std::runtime_error("thrown"); } catch (std::exception& e) { std::cout << e.what() << sum << "\\n"; }
    std::cout << std::locale("C.UTF-8").name() << " " << std::regex_match("ab", std::regex("a.")) << "\\n";
    std::random_device seed; seed();
    time_t now = 0; std::cout << localtime(&now)->tm_year << "\\n";
    std::ofstream("scratch") << "kept"; std::string back; std::ifstream("scratch") >> back; std::cout << back << "\\n";
}"""
    made, kept = compiled(source)
    assert made.returncode == 0, made.stderr
    outcome = ran(kept["program"])
    assert outcome.stdout.split(b"\n")[:4] == [b"thrown28", b"C.UTF-8 1", b"70", b"kept"], outcome


SECRET = "SECRET_" + "x" * 20


@pytest.fixture
def secrets(tmp_path: Path) -> Iterator[list[Path]]:
    """Files that only their owner may read: beside us, and where root can put them below /usr and /etc."""
    folders = [tmp_path]
    if os.geteuid() == 0:
        folders += [Path(name) for name in ("/usr/share", "/usr/lib", "/usr/local/lib", "/usr/src", "/etc", "/usr/bin")]
    paths = [folder / f"secret-of-a-test-{os.getpid()}.h" for folder in folders if folder.is_dir()]
    try:
        for path in paths:
            path.write_text(f'"{SECRET}"\n')
            path.chmod(0o600)
        yield [*paths, Path("/etc/passwd"), Path("/proc/self/environ"), Path("/proc/self/cmdline")]
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


READING = {
    "include": "const char* s =\n#include NAME\n; int main() {}",
    "include of a macro": "#define FILE_ NAME\nconst char* s =\n#include FILE_\n; int main() {}",
    "include_next": "const char* s =\n#include_next NAME\n; int main() {}",
    "incbin": 'asm(".data\\n.global s\\ns: .incbin \\"PATH\\"\\n"); extern char s[]; int main() { return s[0]; }',
    "assembler's include": 'asm(".include \\"PATH\\""); int main() {}',
    "has_include": "#if !__has_include(NAME)\n#error nothing\n#endif\nint main() {}",
    "import": "#import NAME\nint main() {}",
}


@pytest.mark.parametrize("way", READING)
def test_nothing_else_is_read_while_compiling(secrets: list[Path], way: str, form: str) -> None:
    # That a file is there is told without namespaces (`stat`).
    if way == "has_include" and form != "bubblewrap":
        pytest.skip("only bubblewrap hides that a path exists: needs user namespaces")
    for path in secrets:
        source = READING[way].replace("NAME", f'"{path}"').replace("PATH", str(path))
        made, kept = compiled(source)
        said = made.stdout + made.stderr + b"".join(kept.values())
        assert made.returncode, (way, path)
        assert SECRET.encode() not in said and b"root:" not in said and b"PATH=" not in said, (way, path)


def test_nothing_else_is_read_through_an_argument_or_a_link(secrets: list[Path]) -> None:
    # g++ is asked for one file only; a file of the policy's is no option of it.
    made, kept = compiled(
        '#pragma GCC dependency "/etc/passwd"\n#pragma GCC pch_preprocess "/etc/passwd"\nint main() {}'
    )
    assert b"root:" not in made.stderr + b"".join(kept.values())


def test_nothing_else_is_read_while_running(secrets: list[Path]) -> None:
    source = """#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
int main(int, char** argv) {
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\\n")] = 0;
        int ways[] = {O_RDONLY, O_RDWR, O_WRONLY, O_RDONLY | O_TRUNC, O_RDONLY | O_NOFOLLOW};
        for (int flags : ways) {
            int file = open(path, flags);
            if (file >= 0) printf("BREACH: opened %s with %d\\n", path, flags);
        }
        symlink(path, "link");
        if (open("link", O_RDONLY) >= 0) printf("BREACH: through a link, %s\\n", path);
        if (link(path, "hard") == 0) printf("BREACH: linked %s\\n", path);
        if (rename(path, "moved") == 0) printf("BREACH: moved %s\\n", path);
    }
    const char* folders[] = {"/", "/root", "/home", "/etc", "/usr/share", "/usr/lib", "/proc", "/sys", "/var", ".."};
    for (const char* folder : folders)
        if (DIR* there = opendir(folder)) {
            while (dirent* entry = readdir(there)) {
                const char* name = entry->d_name;
                if (strstr(name, "secret") || !strcmp(name, "passwd")) printf("BREACH: %s\\n", folder);
            }
        }
    puts("looked");
}"""
    made, kept = compiled(source)
    assert made.returncode == 0, made.stderr
    more = ["/etc/shadow", "/usr/bin/g++", "/usr/include/stdio.h", "/usr/bin/python3", "/proc/1/environ", "/dev/mem"]
    outcome = ran(kept["program"], "\n".join([*map(str, secrets), *more]).encode())
    assert outcome.stdout == b"looked\n", outcome
