"""Which part of a completion is the program."""

from __future__ import annotations

import pytest

from verifiers.code.extract import find_program

F = "def f(x):\n    return x\n"
INDENTED = "   def f(x):\n       return x\n"


def source(text: str, **options: object) -> str | None:
    found = find_program(text, **options)  # type: ignore[arg-type]
    return found.source if found else None


@pytest.mark.parametrize(
    "text",
    [
        f"Here:\n```python\n{F}```\nDone.",
        f"```\nfirst\n```\n```Python\n{F}```",
        f"```py\nold = 1\n```\nBetter:\n```py\n{F}```\nIt prints\n```\n3\n```",
        f"~~~python3 title=x\n{F}~~~",
        f"````python\n{F}````",
        f"```{{.python}}\n{F}```",
        f"<think>```python\nx = 1\n```</think>\n```python\n{F}```",
        f"```text\nnot this\n```\n```\n{F}```\n```bash\npython f.py\n```",
        f"```python\n{F}",
        F,
        # In a list or a quotation, and indented as a whole.
        f"1. Do this:\n   ```python\n{INDENTED}   ```\n2. Done.",
        "- Step:\n\n  ```\n  def f(x):\n      return x\n  ```",
        f"* ```python\n  {F.replace('    ', '      ')}  ```",
        f"1. ```python\n{INDENTED}   ```",
        f"   ```python\n{F}   ```",
        f"```python\n{INDENTED}```",
        "\t```py\n\tdef f(x):\n\t    return x\n\t```",
        "> ```python\n> def f(x):\n>     return x\n> ```",
        # The fence that opened it was in the prompt.
        f"{F}```",
        f"{F}```\nThis returns its argument.",
        f"{F}```\nFor example:\n```\n>>> f(3)\n3\n```\n",
        f"{F}```\nIt prints\n```text\n3\n```",
        f"<think>hm</think>{F}```\nDone.",
        f"old = 1\n```\nBetter:\n```python\n{F}```",
        # Prose before a fence that nobody closes.
        f"The function f(x) = x is this:\n```\n{F}",
        f"import what you need:\n```\n{F}",
        f"x = 3 gives 3:\n```\n3\n```\n```\n{F}```",
        f"if you like:\n```\n{F}",
    ],
)
def test_the_program_is_found(text: str) -> None:
    assert source(text) == F


@pytest.mark.parametrize(
    "text", ["", "   \n", "The answer is 3.", "```text\nhello\n```", "```python\n\n```", f"<think>```python\n{F}```"]
)
def test_no_program(text: str) -> None:
    assert source(text) is None


def test_the_block_that_defines_the_function_counts_before_its_usage() -> None:
    text = f"```python\n{F}```\nUse it:\n```python\nprint(f(3))\n```"
    assert source(text) == "print(f(3))\n"
    assert source(text, names=("f",)) == F
    assert source(text, names=("g",)) == "print(f(3))\n"


def test_other_languages_and_continuations() -> None:
    cpp = "#include <cstdio>\nint main() {}\n"
    assert source(f"```python\n{F}```\n```c++\n{cpp}```", language="cpp") == cpp
    assert source("    return x\n") is None
    assert source("    return x\n", continues=True) == "    return x\n"
    for body in ("    return x\n", "return x\n", "    x.sort()\n", "total = 0\n    return total\n"):
        assert source(f"{body}```\nAs asked.", continues=True) == body
        assert source(f"```python\n{body}```", continues=True) == body
    assert source(f"{cpp}```\nThis is it.", language="cpp") == cpp
    assert source(f"// Sum\n{cpp}```", language="cpp") == f"// Sum\n{cpp}"
    assert source(f"Here you are\n```\n{cpp}", language="cpp") == cpp


def test_complete_means_closed() -> None:
    for text, complete in ((f"```python\n{F}```", True), (f"```python\n{F}", False), (F, False), (f"{F}```", True)):
        found = find_program(text)
        assert found is not None
        assert found.complete is complete
    found = find_program(f"```python\n{F}```\nor\n```python\ndef")
    assert found is not None
    assert not found.complete
