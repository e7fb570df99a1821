"""One suite for every engine. vLLM runs as it does in a run: inside a Ray actor, behind a pool of one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from rollout.engine import Engine
from rollout.types import Completion, Request
from rollout.weights import fingerprint, tensor_checksum, write_weights

CONTEXT = 96
EOS = 2
SCRIPT = {"default": ["short", "a line that is longer than the others and is cut off", "42"]}
CASES = [("scripted", True), ("transformers", True), ("transformers", False), ("vllm", True), ("vllm", False)]


class PoolOfOne:
    """`Engine` over a pool with one worker, where `score` and the like answer for every worker."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool

    @property
    def policy_version(self) -> int:
        return int(self.pool.policy_version)

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        return list(self.pool.generate(requests))

    def score(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        return list(self.pool.score(sequences)[0])

    def probe(self, sequences: Sequence[Sequence[int]], max_tokens: int) -> tuple[list[list[float]], list[Completion]]:
        return tuple(self.pool.probe(sequences, max_tokens)[0])  # type: ignore[return-value]

    def trace(self, sequences: Sequence[Sequence[int]]) -> list[dict[str, list[float]]]:
        return list(self.pool.trace(sequences)[0])

    def update_weights(self, path: Path, version: int) -> None:
        self.pool.update_weights(path, version)

    def fingerprints(self) -> dict[str, str]:
        return dict(self.pool.fingerprints()[0])

    def checksums(self) -> dict[str, str]:
        return dict(self.pool.checksums()[0])

    def close(self) -> None:
        self.pool.close()


@dataclass
class Case:
    engine: Any
    folder: Path
    base: Path
    real: bool
    tied: bool


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{'tied' if case[1] else 'untied'}")
def started(
    request: pytest.FixtureRequest, model_folders: dict[bool, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    kind, tied = request.param
    folder = model_folders[tied]
    engine: Any
    if kind == "scripted":
        from rollout.scripted import ScriptedEngine

        script = tmp_path_factory.mktemp("script") / "script.json"
        script.write_text(json.dumps(SCRIPT))
        engine = ScriptedEngine(script, model_path=folder, max_model_len=CONTEXT)
    elif kind == "transformers":
        from rollout.transformers_engine import TransformersEngine

        engine = TransformersEngine(folder, max_model_len=CONTEXT, max_sequences=64)
    else:
        request.getfixturevalue("local_ray")
        from rollout.pool import RolloutPool

        options = {"model_path": str(folder), "max_model_len": CONTEXT, "kv_cache_gib": 0.125, "threads": 1}
        engine = PoolOfOne(RolloutPool.start("vllm", options, 1))
    yield Case(engine, folder, folder / "model.safetensors", kind != "scripted", tied)
    engine.close()


@pytest.fixture
def case(started: Case) -> Case:
    """The engine with the weights it started from, whatever the test before did."""
    started.engine.update_weights(started.base, 0)
    return started


@pytest.fixture
def engine(case: Case) -> Engine:
    return case.engine  # type: ignore[no-any-return]


@pytest.fixture
def real(case: Case) -> Case:
    if not case.real:
        pytest.skip("a script has no weights")
    return case


@pytest.fixture
def reference(real: Case, new_reference: Callable[[Path], Any]) -> Any:
    """Transformers' own model with the weights the engine started from."""
    return new_reference(real.folder)


def prompts(count: int) -> list[tuple[int, ...]]:
    """Different ones of 1 to 20 tokens, in no order of length."""
    return [(1, *((7 * i + 11 * j) % 95 + 3 for j in range(13 * i % 20))) for i in range(count)]


def requests(count: int, *, max_tokens: int = 24, temperature: float = 1.0) -> list[Request]:
    return [
        Request(id=f"r{i}", prompt_ids=prompt, max_tokens=max_tokens, temperature=temperature, seed=1000 + i)
        for i, prompt in enumerate(prompts(count))
    ]


def test_completions_come_in_order_of_requests_and_carry_their_ids(engine: Engine) -> None:
    asked = requests(30)[::-1]
    assert [completion.id for completion in engine.generate(asked)] == [request.id for request in asked]
    assert engine.generate([]) == []


def test_token_ids_logprobs_and_versions_have_one_entry_per_token(engine: Engine) -> None:
    for completion in engine.generate(requests(12)):
        lengths = {len(completion.token_ids), len(completion.logprobs), len(completion.policy_versions)}
        assert len(lengths) == 1
        assert all(logprob <= 0 for logprob in completion.logprobs)


def test_stop_ends_with_the_end_of_sequence_token_and_length_has_all_tokens(engine: Engine) -> None:
    seen = Counter()
    for completion in engine.generate(requests(200, max_tokens=30)):
        seen[completion.finish_reason] += 1
        assert EOS not in completion.token_ids[:-1]
        assert "<eos>" not in completion.text
        assert (completion.finish_reason == "stop") == (completion.token_ids[-1] == EOS)
        if completion.finish_reason == "length":
            assert len(completion.token_ids) == 30
    assert seen["stop"] > 0 and seen["length"] > 0 and set(seen) == {"stop", "length"}


def test_a_sample_depends_on_its_own_request_alone(engine: Engine) -> None:
    asked = requests(24)
    together = engine.generate(asked)
    apart = [completion for request in asked[::5] for completion in engine.generate([request])]
    reordered = engine.generate(asked[::-2])
    for other, expected in [*zip(apart, together[::5], strict=True), *zip(reordered, together[::-2], strict=True)]:
        assert other.token_ids.tolist() == expected.token_ids.tolist()
        assert other.logprobs == pytest.approx(expected.logprobs, abs=1e-5)


def test_the_seed_changes_the_sample(engine: Engine) -> None:
    prompt = prompts(3)[2]
    asked = [Request(id=str(s), prompt_ids=prompt, max_tokens=20, seed=s) for s in (-1, 0, 1, 2, 2**40)]
    assert len({tuple(completion.token_ids) for completion in engine.generate(asked)}) >= 3


def test_logprobs_of_sampled_tokens_equal_the_score_of_prompt_and_completion(engine: Engine) -> None:
    asked = requests(20)
    completions = engine.generate(asked)
    scores = engine.score([[*request.prompt_ids, *c.token_ids] for request, c in zip(asked, completions, strict=True)])
    for request, completion, score in zip(asked, completions, scores, strict=True):
        assert completion.logprobs == pytest.approx(score[len(request.prompt_ids) - 1 :], abs=1e-5)


def test_score_has_one_entry_less_than_tokens_up_to_the_full_context(engine: Engine) -> None:
    sequences = [[5], [5, 6], [3 + i % 90 for i in range(CONTEXT)]]
    assert [len(score) for score in engine.score(sequences)] == [0, 1, CONTEXT - 1]
    assert engine.score([]) == []


def test_a_completion_ends_where_the_context_does(engine: Engine) -> None:
    prompt = tuple(3 + i % 90 for i in range(CONTEXT - 2))
    [completion] = engine.generate([Request(id="a", prompt_ids=prompt, max_tokens=50, seed=3)])
    assert len(completion.token_ids) <= 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt_ids": (5,) * CONTEXT}, "leaves no room"),
        ({"prompt_ids": ()}, "prompt is empty"),
        ({"max_tokens": 0}, "max_tokens is 0"),
        ({"temperature": -1.0}, "negative"),
    ],
)
def test_a_bad_request_is_refused_by_name_and_the_engine_goes_on(
    engine: Engine, change: dict[str, Any], message: str
) -> None:
    good = requests(2)
    with pytest.raises(ValueError, match=message) as refusal:
        engine.generate([good[0], good[1].model_copy(update=change)])
    assert "request 'r1" in str(refusal.value)
    assert len(engine.generate(good)) == 2


def test_a_probe_is_the_score_and_the_greedy_completion(engine: Engine) -> None:
    sequences = [list(prompt) for prompt in prompts(6)]
    scores, samples = engine.probe(sequences, 5)
    for score, alone in zip(scores, engine.score(sequences), strict=True):
        assert score == pytest.approx(alone, abs=1e-5)
    greedy = engine.generate(requests(6, max_tokens=5, temperature=0.0))
    for sample, completion in zip(samples, greedy, strict=True):
        assert sample.token_ids.tolist() == completion.token_ids.tolist()
        assert sample.logprobs == pytest.approx(completion.logprobs, abs=1e-5)


@pytest.mark.parametrize("method", ["score", "trace"])
def test_a_sequence_longer_than_the_context_is_refused(engine: Engine, method: str) -> None:
    with pytest.raises(ValueError, match=f"sequence 1 has {CONTEXT + 1} tokens"):
        getattr(engine, method)([[5, 6], [5] * (CONTEXT + 1)])


def test_policy_versions_follow_the_update(case: Case) -> None:
    assert {v for c in case.engine.generate(requests(3)) for v in c.policy_versions} == {0}
    case.engine.update_weights(case.base, 7)
    assert case.engine.policy_version == 7
    assert {v for c in case.engine.generate(requests(3)) for v in c.policy_versions} == {7}


def test_an_update_from_nowhere_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing\.safetensors"):
        engine.update_weights(tmp_path / "nothing.safetensors", 1)
    assert engine.policy_version == 0


def check_against(case: Case, reference: Any) -> None:
    greedy = requests(6, max_tokens=12, temperature=0.0)
    for request, completion in zip(greedy, case.engine.generate(greedy), strict=True):
        assert list(completion.token_ids) == reference.greedy(list(request.prompt_ids), request.max_tokens)
    sequences = [[*prompt, 4, 50, 9] for prompt in prompts(6)]
    for sequence, score in zip(sequences, case.engine.score(sequences), strict=True):
        assert score == pytest.approx(reference.logprobs(sequence), abs=1e-5)


def test_greedy_tokens_and_scores_are_those_of_transformers(real: Case, reference: Any) -> None:
    check_against(real, reference)


def test_logprobs_are_of_the_distribution_at_the_requests_temperature(real: Case, reference: Any) -> None:
    asked = requests(6, temperature=0.6)
    for request, completion in zip(asked, real.engine.generate(asked), strict=True):
        sequence = [*request.prompt_ids, *completion.token_ids]
        expected = reference.logprobs(sequence, 0.6)[len(request.prompt_ids) - 1 :]
        assert completion.logprobs == pytest.approx(expected, abs=1e-5)


def test_neighbouring_seeds_sample_the_softmax(real: Case, reference: Any) -> None:
    prompt, count = prompts(5)[4], 1000
    probabilities_V = reference.logits(list(prompt))[-1].softmax(dim=-1)
    asked = [Request(id=str(seed), prompt_ids=prompt, max_tokens=1, seed=seed) for seed in range(count)]
    drawn = Counter(completion.token_ids[0] for completion in real.engine.generate(asked))
    expected_V = probabilities_V * count
    common = [token for token in range(len(expected_V)) if expected_V[token] >= 5]
    chi_square = sum((drawn[t] - expected_V[t].item()) ** 2 / expected_V[t].item() for t in common)
    # Mean df, standard deviation sqrt(2 df): five of them above the mean.
    assert chi_square < len(common) + 5 * (2 * len(common)) ** 0.5


@pytest.mark.parametrize("spelling", ["state_dict", "save_pretrained"])
def test_updates_one_after_another_give_the_new_model(
    real: Case, reference: Any, tmp_path: Path, spelling: str
) -> None:
    before = real.engine.score([[5, 6, 7, 8]])
    for version in (1, 2):
        reference.perturb(version)
        path = tmp_path / f"{version}.safetensors"
        if spelling == "state_dict":
            write_weights(reference.model.state_dict(), path)
        else:
            reference.model.save_pretrained(path)
        real.engine.update_weights(path, version)
        check_against(real, reference)
    assert real.engine.score([[5, 6, 7, 8]])[0] != pytest.approx(before[0], abs=1e-2)


def break_state(kind: str, state: dict[str, torch.Tensor]) -> str:
    """Spoil the state; returns the name that the error must say."""
    if kind == "missing":
        del state["model.layers.1.self_attn.q_norm.weight"]
        return "model.layers.1.self_attn.q_norm.weight"
    if kind == "missing expert":
        del state["model.layers.0.mlp.experts.gate_up_proj"]
        return "model.layers.0.mlp.experts.0.gate_proj.weight"
    if kind == "shape":
        state["model.norm.weight"] = torch.ones(63)
        return "model.norm.weight"
    if kind == "expert shape":
        state["model.layers.0.mlp.experts.down_proj"] = torch.ones(4, 64, 63)
        return "model.layers.0.mlp.experts.0.down_proj.weight"
    assert kind == "unknown"
    state["mtp.head.weight"] = torch.ones(3)
    return "mtp.head.weight"


@pytest.mark.parametrize("kind", ["missing", "missing expert", "shape", "expert shape", "unknown"])
def test_a_wrong_update_is_refused_by_tensor_and_changes_nothing(
    real: Case, reference: Any, tmp_path: Path, kind: str
) -> None:
    state = {name: tensor + 0.1 for name, tensor in reference.model.state_dict().items()}
    name = break_state(kind, state)
    write_weights(state, tmp_path / "bad.safetensors")
    before = real.engine.generate(requests(4))
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        real.engine.update_weights(tmp_path / "bad.safetensors", 5)
    assert real.engine.policy_version == 0
    assert real.engine.generate(requests(4)) == before
    check_against(real, reference)


def test_a_file_cut_off_is_refused(real: Case, reference: Any, tmp_path: Path) -> None:
    whole = real.base.read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        real.engine.update_weights(tmp_path / "cut.safetensors", 5)
    check_against(real, reference)


def test_a_head_of_its_own_is_refused_where_the_model_ties_it(real: Case, reference: Any, tmp_path: Path) -> None:
    if not real.tied:
        pytest.skip("an untied model has a head of its own")
    state = dict(reference.model.state_dict())
    state["lm_head.weight"] = state["lm_head.weight"] + 1
    write_weights(state, tmp_path / "head.safetensors")
    with pytest.raises(ValueError, match="ties them"):
        real.engine.update_weights(tmp_path / "head.safetensors", 5)


def test_checksums_are_of_the_weights_held_now(real: Case, reference: Any, tmp_path: Path) -> None:
    for version in (0, 1):
        sums = real.engine.checksums()
        state = reference.model.state_dict()
        assert {"model.norm.weight", "model.embed_tokens.weight", "model.layers.1.self_attn.k_norm.weight"} <= set(sums)
        assert {name: tensor_checksum(state[name]) for name in sums} == sums
        if version == 0:
            reference.perturb(3)
            write_weights(reference.model.state_dict(), tmp_path / "w.safetensors")
            real.engine.update_weights(tmp_path / "w.safetensors", 1)


def test_fingerprints_are_of_all_weights_given_and_of_those_held(real: Case, reference: Any, tmp_path: Path) -> None:
    reference.perturb(3)
    state = dict(reference.model.state_dict())
    if real.tied:
        del state["lm_head.weight"]
    sent = write_weights(state, tmp_path / "w.safetensors")
    assert sent == {name: fingerprint(tensor) for name, tensor in state.items()}
    real.engine.update_weights(tmp_path / "w.safetensors", 1)
    held = real.engine.fingerprints()
    assert {name: held[name] for name in sent} == sent


def test_trace_shows_the_first_layer_that_differs(real: Case, reference: Any, tmp_path: Path) -> None:
    sequences = [list(prompt) for prompt in prompts(4)]
    before = real.engine.trace(sequences)
    outputs: dict[str, list[float]] = {}
    for number, layer in enumerate(reference.model.model.layers):
        layer.register_forward_hook(
            lambda _m, _i, out, name=f"model.layers.{number}": outputs.update({name: out[0].norm(dim=-1).tolist()})
        )
    for sequence, trace in zip(sequences, before, strict=True):
        reference.logits(sequence)
        assert set(trace) == set(outputs) == {"model.layers.0", "model.layers.1"}
        for name, norms in trace.items():
            assert norms == pytest.approx(outputs[name], rel=1e-4)
    reference.perturb(1, only="layers.1.mlp")
    write_weights(reference.model.state_dict(), tmp_path / "w.safetensors")
    real.engine.update_weights(tmp_path / "w.safetensors", 1)
    for old, new in zip(before, real.engine.trace(sequences), strict=True):
        assert new["model.layers.0"] == pytest.approx(old["model.layers.0"], rel=1e-5)
        assert new["model.layers.1"] != pytest.approx(old["model.layers.1"], rel=1e-3)


def test_more_prompt_tokens_than_one_vllm_step_takes(real: Case) -> None:
    """A seeded request whose prompt is cut into chunks crashes vLLM on CPU; 200 x 90 tokens would be cut."""
    asked = [
        Request(id=str(i), prompt_ids=tuple((i + 5 * j) % 95 + 3 for j in range(90)), max_tokens=2, seed=i)
        for i in range(200)
    ]
    completions = real.engine.generate(asked)
    assert completions[150:153] == [
        replace(completion, logprobs=expected.logprobs)
        for completion, expected in zip(real.engine.generate(asked[150:153]), completions[150:153], strict=True)
    ]
