"""Samples for the explorer page: of every judge and every fate, with texts that would like to be markup."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from canary import GOLD
from judge_answers import MAKERS, judges

from services.asked import Asked
from services.samples import Sample, new_id
from services.schemas import ScoredCompletion, ScoreProblem
from verifiers.types import Status, Step, Verdict

LONG = "word " * 80_000
PROOF = """Both parts, one after the other.

```lean
theorem swap (p q r : Prop) (h : p ∧ q ∧ r) : r ∧ q ∧ p := by
  have hp : p := h.1
  have hq : q := h.2.1
  constructor
  · exact h.2.2
  · constructor
    · exact hp
    · exact hq
```
"""
DRAWN = r"""The roots of $x^2 - 5x + 6 = 0$ are

\[ x = \frac{5 \pm \sqrt{25 - 24}}{2}, \]

so $x_1 = 2$ and $x_2 = 3$. They cost $5 and $6, <b>not</b> `$7$`. With

$$\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} \cdot \vec{v} = \sum_{k=1}^{n} \frac{(-1)^k}{\mathbf{k}!}$$

the answer is \boxed{\frac{3}{4}}.
"""
SORTED = """```python
numbers = list(map(int, open(0).read().split()))[1:]
for number in sorted(numbers, key=str):
    print(number)
```
"""
HOSTILE = {
    "script": "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">",
    "closing": "</code></pre></main><h1>owned</h1><style>*{display:none}</style><!--",
    "link": "[x](javascript:document.title='owned') javascript:alert(1) https://page.example/x",
    "direction": "the answer is \u202e24\u202c or 42\u200b, zero\u0000byte, \x1b[31mred, a\ufeffb\u2066c\u2069",
    "template": "{{ 7*7 }} {% raw %} ${x} &lt;b&gt; &amp;",
    "quotes": "\" onmouseover=\"document.title='owned' ' autofocus onfocus=alert(1) x='",
    "wide": "x" * 3000 + "\n" + "\u0301" * 400 + "مرحبا بالعالم",
    "blank": " \n\t\n",
    "empty": "",
}


def items() -> list[dict[str, Any]]:
    """For `POST /v1/score`."""
    found: list[dict[str, Any]] = []

    def add(name: str, verifier: str, text: str, reference: dict[str, Any], prompt: str | None = None) -> None:
        problem = {"verifier": verifier, "reference": reference, "id": name, "prompt": prompt}
        found.append({"id": f"{len(found)}", "problem": problem, "completion": {"text": text}})

    for verifier in judges():
        for number in range(8):
            text, reference = MAKERS[verifier](number, number % 3 > 0)
            add(f"{verifier}-{number}", verifier, text, reference, f"Problem {number}: solve it, and say how.")
    if "lean" in judges():
        statement = "theorem swap (p q r : Prop) (h : p ∧ q ∧ r) : r ∧ q ∧ p"
        add("swap", "lean", PROOF, {"statement": statement}, "Prove that the parts can be turned round.")
    cases = [{"stdin": "1\n", "stdout": f"{GOLD}\n"}]
    add("endless", "code", "```python\nwhile True: pass\n```", {"kind": "stdin", "cases": cases})
    add("no reference", "math", "The answer is 4", {})
    add("drawn", "math", DRAWN, {"answer": GOLD}, r"Solve $x^2 - 5x + 6 = 0$; give $\frac{p}{q}$.")
    cases = [{"stdin": "2\n3 1\n", "stdout": "1\n3\n"}, {"stdin": "4\n9 1 10 7\n", "stdout": f"1\n7\n9\n10\n{GOLD}\n"}]
    add(
        "sorted", "code", SORTED, {"kind": "stdin", "cases": cases}, "Print the numbers in order, each on its own line."
    )
    for name, text in HOSTILE.items():
        add(f"hostile <b>{name}</b>", "math", text, {"answer": GOLD}, f"Say <i>something</i>: {text[:100]}")
    add("long", "math", LONG, {"answer": GOLD})
    return found


def of_versions(tenant: str, old: str, new: str) -> Iterator[Sample]:
    """Twenty answers judged by two versions of one judge; five changed from wrong to correct, one to a timeout."""
    for number in range(20):
        problem = ScoreProblem(reference={"answer": GOLD}, id=f"old-{number}", prompt="Once more?")
        asked = Asked.of(tenant, problem, ScoredCompletion(text=f"\\boxed{{{number}}} <b>once</b>"))
        for version in (old, new):
            status = Status.WRONG
            if version == new and number < 6:
                status = Status.CORRECT if number else Status.TIMEOUT
            yield _sample(asked, Verdict.of(status, verifier="math", verifier_version=version, seconds=0.002))


def stepped(tenant: str) -> Sample:
    """One whose steps lie in each other, beside each other and beyond its text."""
    text = "first <i>second</i> third fourth"
    steps = (
        Step(start=0, end=19, status="failed", message="<b>outer</b> failed"),
        Step(start=6, end=19, status="accepted", message="inner\u202e"),
        Step(start=20, end=25, status="not_reached"),
        Step(start=26, end=900, status="failed", message="beyond the end", reward=0.0),
        Step(start=-5, end=0, status="odd & new"),
    )
    verdict = Verdict.of(
        Status.PARTIAL, reward=0.25, detail="some <steps>", steps=steps, verifier="math", verifier_version="c" * 16
    )
    asked = Asked.of(tenant, ScoreProblem(reference={"answer": GOLD}), ScoredCompletion(text=text))
    return _sample(asked, verdict)


def _sample(asked: Asked, verdict: Verdict) -> Sample:
    id_ = new_id(time.time())
    return Sample(
        id=id_,
        at=int(id_[:12], 16) / 1000,
        tenant=asked.tenant,
        answer=asked.answer_key,
        problem=f"p-{asked.tenant}-{asked.problem.id}",
        reference=asked.problem.reference,
        prompt=None if asked.problem.prompt is None else str(asked.problem.prompt),
        name=asked.problem.id,
        completion=asked.completion.text,
        finish_reason="stop",
        verdict=verdict,
    )
