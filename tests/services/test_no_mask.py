"""No answer buys a mask on any route: each text of the audit, fuzz and the adversary's grammar gets a verdict there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
from judge_answers import judges
from reward_process import Service

from tests.bench.material.fragments import GRAMMARS
from tests.verifiers.test_fuzz import UNREACHABLE, fuzz
from verifiers.audit import cases
from verifiers.code.extract import find_program
from verifiers.types import Json

# Of each kind and judge. Routes that take their verdicts from the same place as the native one get a part.
FUZZED, MADE = 40, 40
PART = 8
BATCH = 64
# Of what is longer the service takes no body at all, written as most clients write it.
MOST_CHARS = (16 << 20) // 6


class Asked(NamedTuple):
    """A text of the policy's and what it is judged against; `attack`: nothing may be paid for it."""

    verifier: str
    text: str
    reference: Json
    attack: bool


def texts(name: str) -> list[Asked]:
    # Most protocols do not say whether a text was cut off; what counts as an attack only then is none there.
    audit = [
        Asked(name, case.text, case.reference, case.kind == "attack" and case.finish_reason == "stop")
        for case in cases.load()
        if case.verifier == name
    ]
    random = Random(f"no mask {name}")
    fuzzed = [Asked(name, text, UNREACHABLE[name], True) for text in islice(fuzz(name, random), FUZZED)]
    grammar = GRAMMARS[name]
    made = [Asked(name, grammar.make(random), random.choice(grammar.targets), True) for _ in range(MADE)]
    return [*audit, *fuzzed, *made]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    service = Service(tmp_path_factory.mktemp("no-mask"), "--deadline", "300")
    yield service.wait_ready()
    code, errors = service.end()
    assert code == 0, errors


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=600) as client:
        yield client


def batches(asked: list[Asked]) -> Iterator[list[Asked]]:
    """Small enough for the limit of a body."""
    batch: list[Asked] = []
    size = 0
    for one in asked:
        if batch and (len(batch) == BATCH or size + len(one.text) > 1 << 20):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one.text)
    if batch:
        yield batch


def label(one: Asked) -> Json:
    return {"verifier": one.verifier, "reference": one.reference}


def post(http: httpx.Client, url: str, body: Any) -> httpx.Response:
    """As most clients send JSON: a lone surrogate of a text is an escape."""
    return http.post(url, content=json.dumps(body), headers={"content-type": "application/json"})


Masked = Callable[[httpx.Client, str, list[Asked]], Iterator[object]]


def native(http: httpx.Client, url: str, asked: list[Asked]) -> Iterator[object]:
    items = [
        {"id": str(number), "problem": label(one), "completion": {"text": one.text}} for number, one in enumerate(asked)
    ]
    response = post(http, f"{url}/v1/score", {"items": items})
    assert response.status_code == 200, response.text[:500]
    for one, result in zip(asked, response.json()["results"], strict=True):
        verdict = result["verdict"]
        if verdict["mask_sample"] or (one.attack and verdict["reward"]):
            yield verdict


def openrlhf(http: httpx.Client, url: str, asked: list[Asked]) -> Iterator[object]:
    body = {
        "query": ["q " + one.text for one in asked],
        "prompts": ["q "] * len(asked),
        "labels": [label(one) for one in asked],
    }
    response = post(http, f"{url}/get_reward", body)
    assert response.status_code == 200, response.text[:500]
    for one, reward in zip(asked, response.json()["rewards"], strict=True):
        if reward is None or (one.attack and reward):
            yield one


def slime(http: httpx.Client, url: str, asked: list[Asked]) -> Iterator[object]:
    for one in asked:
        response = post(http, f"{url}/slime", {"prompt": "q", "response": one.text, "label": label(one)})
        if response.status_code != 200 or (one.attack and response.json()):
            yield response.text[:500], one


def nemo_gym(http: httpx.Client, url: str, asked: list[Asked]) -> Iterator[object]:
    for one in asked:
        message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": one.text}]}
        task = {"responses_create_params": {"input": "q"}, "response": {"output": [message]}, **label(one)}
        response = post(http, f"{url}/verify", task)
        answer = response.json()
        if response.status_code != 200 or answer["mask_sample"] or (one.attack and answer["reward"]):
            yield response.text[:500], one


def kimina(http: httpx.Client, url: str, asked: list[Asked]) -> Iterator[object]:
    """The text as it is, as a proof of its statement, and after a header."""
    for one in asked:
        statement, header = one.reference.get("statement", ""), one.reference.get("header", "")
        whole = [one.text, f"{statement} := {one.text}", f"{header}\n{one.text}\n{statement} := by trivial"]
        for code in whole:
            response = post(http, f"{url}/api/check", {"snippets": [{"id": "0", "code": code}], "timeout": 300})
            if response.status_code == 413 and len(code) > MOST_CHARS:
                continue
            assert response.status_code == 200, response.text[:500]
            (result,) = response.json()["results"]
            if result["error"] is not None:
                yield result["error"], one


def run_code(http: httpx.Client, url: str, asked: list[Asked]) -> Iterator[object]:
    for one in asked:
        language = str(one.reference.get("language", "python"))
        program = find_program(one.text, "cpp" if language == "cpp" else "python")
        source = program.source if program else one.text[:100_000]
        body = {"code": source, "language": language, "run_timeout": 2, "compile_timeout": 10}
        response = post(http, f"{url}/run_code", body)
        if response.status_code != 200 or response.json()["status"] == "SandboxError":
            yield response.text[:500], one


def open_instruct(http: httpx.Client, url: str, asked: list[Asked]) -> Iterator[object]:
    for one in asked:
        program = find_program(one.text, "python")
        body = {"program": program.source if program else one.text[:100_000], "tests": ["assert f(7) == 739105571"]}
        response = post(http, f"{url}/test_program", body)
        if response.status_code != 200 or response.json()["results"] != [0]:
            yield response.text[:500], one


ROUTES: dict[str, tuple[Masked, tuple[str, ...]]] = {
    "native": (native, ("math", "code", "gym", "lean")),
    "openrlhf": (openrlhf, ("math", "code", "gym", "lean")),
    "slime": (slime, ("math", "gym", "lean")),
    "nemo_gym": (nemo_gym, ("math", "gym", "lean")),
    "kimina": (kimina, ("lean",)),
    "run_code": (run_code, ("code",)),
    "open_instruct": (open_instruct, ("code",)),
}


@pytest.mark.parametrize(("route", "name"), [(route, name) for route, (_, names) in ROUTES.items() for name in names])
def test_no_text_buys_a_mask(http: httpx.Client, url: str, route: str, name: str) -> None:
    if name not in judges():
        pytest.skip(f"needs the judge {name}: pip install '.[{name}]'")
    ask, _ = ROUTES[route]
    asked = texts(name) if ask in (native, kimina) else texts(name)[::PART]
    found = [ascii(bad)[:700] for batch in batches(asked) for bad in ask(http, url, batch)]
    assert not found, f"{len(found)} of them: {found[:5]}"
