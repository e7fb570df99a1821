# ruff: noqa: E501 (tables of programs)
"""Data sets' own tests as people write them: what they may do with a solution. In the real sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from verifiers.code.judge import LIGHT, judge
from verifiers.sandbox import policy
from verifiers.sandbox.launcher import shared
from verifiers.types import Json, Status, Verdict

pytestmark = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_server() -> Iterator[None]:
    yield
    shared(LIGHT).close()


def asserts(tests: str, **more: Any) -> Json:
    return {"kind": "asserts", "entry_point": "f", "tests": tests, **more}


def verdict(program: str, reference: Json) -> Verdict:
    return judge(f"```python\n{program}\n```", reference, finish_reason="stop")


# What the tests say; a right solution; wrong ones.
PLAIN: dict[str, tuple[str, str, list[str]]] = {
    "counter": (
        "assert f('aab').most_common(1) == [('a', 2)]\nassert f('') == {}\nassert f('ab')['z'] == 0",
        "from collections import Counter\ndef f(x): return Counter(x)",
        [
            "def f(x): return {c: x.count(c) for c in x}",
            "from collections import Counter\ndef f(x): return Counter(x + 'b' * 3) if x else Counter()",
            "from collections import Counter\n"
            "class C(Counter):\n    def most_common(self, n): return [('a', 2)]\ndef f(x): return C()",
        ],
    ),
    "ordered": (
        "d = f('ba')\nassert list(d) == ['b', 'a']\nd.move_to_end('b')\nassert list(d) == ['a', 'b']",
        "from collections import OrderedDict\ndef f(x): return OrderedDict.fromkeys(x)",
        [
            "def f(x): return dict.fromkeys(x)",
            "from collections import OrderedDict\ndef f(x): return OrderedDict(a=1, b=1)",
        ],
    ),
    "defaultdict": (
        "d = f(['a'])\nassert d['a'] == [1] and d['b'] == []",
        "from collections import defaultdict\ndef f(x): return defaultdict(list, {c: [1] for c in x})",
        ["def f(x): return {c: [1] for c in x}"],
    ),
    "named tuple": (
        "p = f(1, 2)\nassert p.x == 1 and p.y == 2 and p == (1, 2) and p._asdict() == {'x': 1, 'y': 2}\nx, y = p",
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(x, y): return P(x, y)",
        [
            "def f(x, y): return x, y",
            "from collections import namedtuple\nP = namedtuple('P', 'y x')\ndef f(x, y): return P(x, y)",
            "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    z: int\ndef f(x, y): return P(x, y)",
        ],
    ),
    "named tuple as argument": (
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\nassert f(P(1, 2)) == 3",
        "def f(p): return p.x + p.y",
        ["def f(p): return p.x", "def f(p): return p.z"],
    ),
    "asyncio.run": (
        "import asyncio\nassert asyncio.run(f(1)) == 2\nassert asyncio.run(f(5)) == 6",
        "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1",
        [
            "async def f(x): return x",
            "def f(x): return x + 1",
            "async def f(x): raise ValueError",
            "class A:\n    def __await__(self): yield 2\ndef f(x): return A()",
        ],
    ),
    "awaited": (
        "import asyncio\nasync def main():\n    assert await f(1) == 2\n"
        "    assert await asyncio.gather(f(2), f(3)) == [3, 4]\n    assert await asyncio.wait_for(f(4), 1) == 5\n"
        "asyncio.run(main())",
        "async def f(x): return x + 1",
        ["async def f(x): return 2", "def f(x): return x + 1"],
    ),
    "async test": (
        "import pytest\n@pytest.mark.asyncio\nasync def test_f():\n    assert await f(1) == 2\n",
        "async def f(x): return x + 1",
        ["async def f(x): return x", "def f(x): return 2"],
    ),
    "async generator": (
        "import asyncio\nasync def main():\n    assert [x async for x in f(3)] == [0, 1, 2]\nasyncio.run(main())",
        "async def f(n):\n    for x in range(n): yield x",
        ["async def f(n):\n    yield 0", "def f(n): return range(n)"],
    ),
    "async unittest": (
        "import unittest\nclass T(unittest.IsolatedAsyncioTestCase):\n"
        "    async def test_a(self):\n        self.assertEqual(await f(1), 2)\n",
        "async def f(x): return x + 1",
        ["async def f(x): return x"],
    ),
    "input": (
        "from unittest.mock import patch\nwith patch('builtins.input', return_value='5'):\n    assert f() == 10\n"
        "with patch('builtins.input', side_effect=['1', '2']) as m:\n    assert f() == 2\n    assert f() == 4\n"
        "assert m.call_count == 2\n",
        "def f(): return int(input('? ')) * 2",
        ["def f(): return 10", "def f(): return int(input())", "def f():\n    input()\n    return int(input()) * 2"],
    ),
    "input decorated": (
        "import builtins, unittest\nfrom unittest import mock\nclass T(unittest.TestCase):\n"
        "    @mock.patch('builtins.input', lambda *_: '7')\n    def test(self):\n        self.assertEqual(f(), 7)\n",
        "def f(): return int(input())",
        ["def f(): return 8"],
    ),
    "input of the solution": (
        "from unittest.mock import patch\nwith patch('solution.input', return_value='5'):\n    assert f() == 5\n",
        "def f(): return int(input())",
        ["def f(): return 4"],
    ),
    "stdin": (
        "import io, sys\nfrom unittest.mock import patch\nwith patch('sys.stdin', io.StringIO('1 2\\n3\\n')):\n"
        "    assert f() == 3\n    assert f() == 3\n",
        "def f(): return sum(map(int, input().split()))",
        ["import sys\ndef f(): return sum(map(int, sys.stdin.read().split()))"],
    ),
    "printed": (
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    f('x')\n"
        "assert out.getvalue() == 'hello x\\n'\nf('y')\nassert out.getvalue() == 'hello x\\n'\n",
        "def f(x): print('hello', x)",
        ["def f(x): print('hello')", "def f(x): return 'hello x\\n'", "def f(x): pass"],
    ),
    "print patched": (
        "from unittest.mock import patch\nwith patch('builtins.print') as p:\n    f(3)\np.assert_called_once_with(3, 'x')\n",
        "def f(x): print(x, 'x')",
        ["def f(x): print(x)", "def f(x): pass", "def f(x):\n    print(x, 'x')\n    print(x, 'x')"],
    ),
}
NODE = "class ListNode:\n    def __init__(self, val=0, next=None):\n        self.val = val\n        self.next = next\n"
TREE = (
    "class TreeNode:\n    def __init__(self, val=0, left=None, right=None):\n"
    "        self.val = val\n        self.left = left\n        self.right = right\n"
)
LINKED = (
    "def linked(*items):\n    head = None\n    for item in reversed(items):\n        head = ListNode(item, head)\n    return head\n"
    "def items(head):\n    found = []\n    while head:\n        found.append(head.val)\n        head = head.next\n    return found\n"
)
REVERSE = "    last = None\n    while head:\n        head.next, last, head = last, head, head.next\n    return last\n"
PLAIN |= {
    "list of nodes": (
        NODE + LINKED + "assert items(f(linked(1, 2, 3))) == [3, 2, 1]\nassert f(None) is None\n"
        "assert len(items(f(linked(*range(3000))))) == 3000\n",
        "def f(head):\n" + REVERSE,
        ["def f(head): return head", "def f(head): return None"],
    ),
    "new nodes": (
        NODE + LINKED + "assert items(f(linked(1, 2))) == [1, 2, 9]\n",
        NODE
        + "def f(head):\n    at = head\n    while at.next: at = at.next\n    at.next = ListNode(9)\n    return head",
        [NODE + "def f(head):\n    head.next = ListNode(9)\n    return head"],
    ),
    "changed in place": (
        NODE + LINKED + "head = linked(1, 2, 3)\nassert f(head) is None\nassert items(head) == [1, 3, 2]\n",
        "def f(head):\n    a, b = head.next, head.next.next\n    head.next, b.next, a.next = b, a, None",
        ["def f(head): pass", "def f(head):\n    head.next.val, head.next.next.val = 9, 2"],
    ),
    "inserted in place": (
        NODE + LINKED + "head = linked(1, 3)\nf(head)\nassert items(head) == [1, 2, 3]\n",
        NODE + "def f(head):\n    head.next = ListNode(2, head.next)",
        [NODE + "def f(head):\n    head.next = ListNode(2)"],
    ),
    "tree": (
        TREE + "assert f(TreeNode(1, TreeNode(2), TreeNode(3, TreeNode(4)))) == 3\nassert f(None) == 0\n",
        "def f(root):\n    return 1 + max(f(root.left), f(root.right)) if root else 0",
        ["def f(root): return 3 if root else 1", "def f(root): return root.depth"],
    ),
    "graph with a cycle": (
        "class Node:\n    def __init__(self, val):\n        self.val = val\n        self.neighbors = []\n"
        "a, b = Node(1), Node(2)\na.neighbors.append(b)\nb.neighbors.append(a)\ncopy = f(a)\nassert copy is not a\n"
        "assert copy.val == 1 and copy.neighbors[0].val == 2 and copy.neighbors[0].neighbors[0].val == 1\n",
        "import copy\ndef f(node): return copy.deepcopy(node)",
        ["def f(node): return node.neighbors[0]", "def f(node): return None"],
    ),
    "the same tail": (
        NODE + LINKED + "tail = linked(8, 9)\nassert f(ListNode(1, tail), ListNode(2, ListNode(3, tail))).val == 8\n",
        "def f(a, b):\n    seen = set()\n    while a:\n        seen.add(id(a))\n        a = a.next\n"
        "    while b:\n        if id(b) in seen: return b\n        b = b.next",
        ["def f(a, b): return a", "def f(a, b): return None"],
    ),
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Item:\n    name: str\n    price: float\n"
        "assert f([Item('a', 2.0), Item('b', 1.5)]) == 3.5\n",
        "def f(items): return sum(item.price for item in items)",
        ["def f(items): return sum(item.cost for item in items)"],
    ),
}


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_a_right_solution_passes(name: str) -> None:
    tests, right, _ = PLAIN[name]
    for partial in (False, True):
        said = verdict(right, asserts(tests, partial=partial))
        assert said.status is Status.CORRECT, said


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_wrong_solutions_do_not(name: str) -> None:
    tests, _, wrong = PLAIN[name]
    for program in (*wrong, "pass", "def f(*_): pass", "def f(*_): return f"):
        said = verdict(program, asserts(tests))
        assert said.status is Status.WRONG, (program, said)


@pytest.mark.parametrize(
    ("class_", "call", "body"),
    [
        (NODE, "Solution().f(linked(1, 2))", "def f(self, head: Optional[ListNode]) -> ListNode:\n" + REVERSE),
        ("", "Solution().f(linked(1, 2))", "def f(self, head):\n        return ListNode(2, ListNode(1))"),
        (NODE, "candidate(linked(1, 2))", "def f(self, head):\n        return ListNode(2, ListNode(1))"),
    ],
)
def test_leetcode(class_: str, call: str, body: str) -> None:
    prefix = f"from typing import *\n{class_}{LINKED}"
    tests = f"def check(candidate):\n    assert items({call}) == [2, 1]\n"
    reference = asserts(tests, prompt_prefix=prefix, entry_point="Solution().f")
    indented = body.replace("\n    ", "\n        ") if "while" in body else body
    assert verdict(f"class Solution:\n    {indented}", reference).status is Status.CORRECT
    assert verdict("class Solution:\n    def f(self, head):\n        return head", reference).status is Status.WRONG


# Written over the channel by a program that has found it, in the place of an answer.
REPLIES = [
    'R{"value": null, "objects": {"0": {"val": 3}}}',
    'R{"value": null, "objects": {"0": {"__class__": 3, "__dict__": {}}}}',
    'R{"value": null, "objects": {"9": {"val": 3}}}',
    'R{"value": null, "objects": {"-1": {"val": 3}}}',
    'R{"value": null, "objects": [1]}',
    'R{"value": null, "objects": {"0": {"val": {"own": 77}}}}',
    'R{"value": {"own": 0}}',
    'R{"value": {"coroutine": [0, true, 5]}}',
    'R{"value": {"coroutine": "x"}}',
    'R{"value": 1, "printed": 5}',
    'R{"value": 1, "read": -1}',
    'R{"value": 1, "read": 1e99}',
    'X{"kinds": ["ValueError"], "args": [], "names": 5}',
    'X{"kinds": ["ValueError"], "args": [], "names": ["Skipped", "BadError", "object"]}',
    'X{"kinds": ["SkipTest", "Skipped"], "args": []}',
    'X{"kinds": ["SystemExit"], "args": [0], "names": ["BadError"]}',
]


@pytest.mark.parametrize("reply", REPLIES)
def test_forged_replies_buy_nothing(reply: str) -> None:
    tests = (
        f"import pytest\nfrom solution import BadError\n{NODE}node = ListNode(1, ListNode(2))\ndef test_f():\n"
        "    assert f(node) == 7 and node.val == 1\ndef test_g():\n    with pytest.raises(BadError):\n        f(ListNode(3))\n"
        "    assert node.val == 4\n"
    )
    program = f"def f(x):\n    import os, time\n    os.write(3, {(reply + chr(10)).encode()!r})\n    time.sleep(5)\n"
    for reference in (asserts(tests), asserts(tests, partial=True)):
        said = verdict(program, reference | {"limits": {"cpu_seconds": 1, "wall_seconds": 2}})
        assert not said.reward, said
        assert not said.mask_sample, said


def test_a_call_that_returns_something_changes_no_object_of_the_tests() -> None:
    tests = NODE + "node = ListNode(1)\nassert f(node) == 5\nassert node.val == 1\n"
    assert verdict("def f(node):\n    node.val = 9\n    return 5", asserts(tests)).status is Status.CORRECT
    assert verdict("def f(node):\n    node.val = 9", asserts(tests)).status is Status.WRONG


def test_what_is_printed_is_bounded() -> None:
    tests = (
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    f()\n"
        "assert len(out.getvalue()) < 2**21\n"
    )
    said = verdict("def f():\n    for _ in range(100): print('x' * 10**5)", asserts(tests))
    assert said.status is Status.CORRECT, said
    said = verdict("def f():\n    while True: print('x' * 10**6)", asserts(tests))
    assert not said.reward
    assert not said.mask_sample
