"""C++ programs, compiled and run in the sandbox."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from verifiers.code.judge import control, judge
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


@pytest.mark.parametrize(
    ("program", "status"),
    [
        (RIGHT, Status.CORRECT),
        (RIGHT.replace("+=", "-="), Status.WRONG),
        (RIGHT.replace("int n;", "int m;"), Status.WRONG),
        ('#include "/etc/passwd"\nint main() {}', Status.WRONG),
        ("int main() { for (;;) ; }", Status.TIMEOUT),
        ("#include <cstdlib>\nint main() { exit(0); }", Status.WRONG),
        ('#include <cstdio>\nint main() { for (;;) puts("6"); }', Status.REJECTED),
        ("#include <cstdlib>\nint main() { abort(); }", Status.WRONG),
        ('#include <unistd.h>\n#include <cstdio>\nint main() { if (fork() < 0) return 1; puts("6"); }', Status.WRONG),
    ],
)
def test_programs(program: str, status: Status) -> None:
    said = judge(f"```cpp\n{program}\n```", SUM, finish_reason="stop")
    assert said.status is status, said
    assert "root:" not in said.model_dump_json()


def test_the_control_is_wrong() -> None:
    assert judge(control(SUM), SUM, finish_reason="stop").status is Status.WRONG
