"""TRL trains on rewards that come over HTTP, and takes a failed judge for no sample."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cloudpickle
import httpx
import pytest
from canary import GOLD, GOLD_AS_ANSWERED
from reward_process import Service

from services.adapters.trl import async_reward_function, reward_function
from services.client import RewardServiceError


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Rewards about half of what an untrained model writes."""
    file = tmp_path_factory.mktemp("judge") / "even.py"
    file.write_text("def even(completion, reference):\n    return len(completion) % 2 == 0\n", encoding="ascii")
    return f"{file}:even"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, judge: str) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("trl"), "--workers", "1", "--user-function", judge)
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


TEXTS = [rf"\boxed{{{GOLD_AS_ANSWERED}}}", "The answer is 41", "nothing"]


def test_sync_and_async_say_the_same(service: Service) -> None:
    columns = {"prompts": ["?"] * 3, "answer": [GOLD] * 3, "completion_ids": [[5, 2], [5, 2], [5, 2]]}
    rewards = reward_function(service.url)(completions=TEXTS, **columns)
    assert rewards == [1.0, 0.0, 0.0]
    assert asyncio.run(async_reward_function(service.url)(completions=TEXTS, **columns)) == rewards


def test_a_conversation_a_judges_reference_and_a_failed_judge(service: Service) -> None:
    program = [{"role": "assistant", "content": "```python\nprint(int(input()) + 1)\n```"}]
    code = '{"kind": "stdin", "cases": [{"stdin": "1\\n", "stdout": "2\\n"}]}'
    rewards = reward_function(service.url, reference="gold")(
        completions=[program, [{"role": "assistant", "content": r"\boxed{1}"}], "x"],
        gold=[code, {"answer": 1}, {"verifier": "math", "reference": {"answer": ""}}],
        verifier=["code", "math", "math"],
    )
    assert rewards == [1.0, 1.0, None]


def test_a_conversation_of_parts(service: Service) -> None:
    parts = [{"type": "text", "text": "So it is "}, {"type": "image"}, {"type": "text", "text": TEXTS[0]}]
    asked = [[{"role": "user", "content": "?"}, {"role": "assistant", "content": parts}]]
    assert reward_function(service.url)(completions=asked, answer=[GOLD]) == [1.0]


def test_it_may_be_pickled_and_forked(service: Service) -> None:
    """Also after its first call, which starts a thread that no fork takes along."""
    function = reward_function(service.url)
    right = {"completions": [TEXTS[0]], "answer": [GOLD]}
    assert function(**right) == [1.0]
    assert cloudpickle.loads(cloudpickle.dumps(function))(**right) == [1.0]
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(_called, (service.url, right)).get(60) == [1.0]


def _called(url: str, arguments: dict[str, Any]) -> list[float | None]:
    return reward_function(url)(**arguments)


FRESH = """
import asyncio, inspect, pickle, sys
from pathlib import Path

for name in ("sync", "async"):
    function = pickle.loads(Path(name).read_bytes())
    given = function(completions=sys.argv[1:2], answer=sys.argv[2:])
    print(function.__name__, asyncio.run(given) if inspect.iscoroutinefunction(function) else given)
"""


def test_plain_pickle_takes_it_into_a_fresh_process(service: Service, tmp_path: Path) -> None:
    """As AsyncGRPO does."""
    (tmp_path / "sync").write_bytes(pickle.dumps(reward_function(service.url)))
    (tmp_path / "async").write_bytes(pickle.dumps(async_reward_function(service.url, deadline_seconds=20)))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    said = subprocess.run(
        [sys.executable, "-c", FRESH, TEXTS[0], GOLD],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (said.stdout, said.stderr) == ("math_reward [1.0]\n" * 2, "")


def test_what_was_cut_off_is_no_answer(service: Service) -> None:
    function = reward_function(service.url, eos_token_ids={2})
    text = "So it is 42"
    assert function(completions=[text + r", \boxed{42"] * 2, completion_ids=[[7, 2], [7, 7]], answer=["42"] * 2) == [
        0.0,
        0.0,
    ]
    assert function(completions=[r"\boxed{42}"], completion_ids=[[7, 7]], answer=["42"]) == [1.0]


def labels(service: Service, run: str) -> list[tuple[Any, ...]]:
    """Of the samples that the service lists for a run: step, family, group, sample, reward; by family and number."""
    got = httpx.get(f"{service.url}/v1/verdicts", params={"run": run}, trust_env=False).json()["verdicts"]
    told = [(*(each["labels"][name] for name in ("step", "family", "group", "sample")), each["reward"]) for each in got]
    return sorted(told, key=lambda each: (str(each[1]), str(each[2]), each[3] or 0))


def test_a_run_lists_its_samples(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = [{"role": "user", "content": "6*7?"}]
    columns = {"prompts": [chat, chat, "1+1?"], "answer": [GOLD] * 3, "family": ["sums", "sums", None]}
    function = reward_function(service.url, run="first")
    function(completions=TEXTS, trainer_state=SimpleNamespace(global_step=7), **columns)
    one, two, other = labels(service, "first")[1:] + labels(service, "first")[:1]
    assert (one[:2], two[:2], other[:2]) == ((7, "sums"), (7, "sums"), (7, "math"))
    assert one[2] == two[2] != other[2]
    assert ([one[3], two[3], other[3]], [one[4], two[4], other[4]]) == ([0, 1, 0], [1.0, 0.0, 0.0])
    # The second of two processes has samples of the same prompt.
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RLCORE_REWARD_RUN", "second")
    asyncio.run(async_reward_function(service.url)(completions=TEXTS, trainer_state=None, **columns))
    assert [(each[0], each[3]) for each in labels(service, "second")] == [(None, 1), (None, 1), (None, 3)]
    assert labels(service, "second")[1][2] == one[2]


def test_without_a_run_nothing_is_labelled(service: Service) -> None:
    reward_function(service.url)(completions=["unlabelled"], prompts=["q"], answer=[GOLD])
    assert "unlabelled" not in str(httpx.get(f"{service.url}/v1/runs", trust_env=False).json())
    with pytest.raises(ValueError, match="run"):
        reward_function(service.url, run="two\nlines")(completions=["x"], answer=["1"])


def test_misuse_names_the_remedy(service: Service) -> None:
    with pytest.raises(ValueError, match=r"no column 'answer' \(it has gold\): name it with reference="):
        reward_function(service.url)(completions=["x"], gold=["1"])
    with pytest.raises(ValueError, match="the judge 'code' needs its reference as one"):
        reward_function(service.url, verifier="code")(completions=["x"], answer=["1"])
    with pytest.raises(RewardServiceError, match="did you mean 'math'"):
        reward_function(service.url, verifier="maths")(completions=["x"], answer=[{"answer": "1"}])


def test_grpo_trainer_trains_on_our_rewards(service: Service, judge: str, tmp_path: Path) -> None:
    """A tiny model, three steps on the CPU: rewards reach TRL's loss, a masked sample among them."""
    pytest.importorskip("trl", reason="needs trl: make venv")
    import torch
    from datasets import Dataset
    from transformers import Qwen2Config, Qwen2ForCausalLM
    from trl import GRPOConfig, GRPOTrainer

    from rlcore.policy.tokens import char_tokenizer

    tokenizer = char_tokenizer(64)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    seen: list[list[float | None]] = []
    function = reward_function(service.url, reference="gold", run="grpo")

    def watched(**arguments: object) -> list[float | None]:
        seen.append(function(**arguments))
        return seen[-1]

    # A reference that no judge can do anything with, and three that get rewards.
    rows = [
        {"prompt": f"{n}+{n}=", "gold": {"answer": str(2 * n) if n else ""}, "verifier": judge if n else "math"}
        for n in range(4)
    ]
    arguments = GRPOConfig(
        output_dir=str(tmp_path),
        max_steps=3,
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=8,
        use_cpu=True,
        bf16=False,
        report_to=[],
        logging_steps=1,
        save_strategy="no",
        disable_tqdm=True,
    )
    trainer = GRPOTrainer(
        model=Qwen2ForCausalLM(config),
        reward_funcs=watched,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    before = [parameter.detach().clone() for parameter in trainer.model.parameters()]
    trainer.train()
    assert len(seen) == 3 and all(len(rewards) == 8 for rewards in seen)
    assert all(reward in (0.0, 1.0, None) for rewards in seen for reward in rewards)
    assert any(None in rewards for rewards in seen)
    logged = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert len(logged) == 3
    assert any(1.0 in rewards and 0.0 in rewards for rewards in seen)
    listed = labels(service, "grpo")
    assert sorted({(each[0], each[3]) for each in listed}) == [(step, n) for step in range(3) for n in range(4)]
    assert len(listed) == 24
    after = list(trainer.model.parameters())
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))
