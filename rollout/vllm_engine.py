"""vLLM in this process, on CPU or one GPU.

vLLM reads its environment while it is imported, so nothing here imports it before `VllmEngine()` has set that.
Only the CPU path has been run; the GPU path is written after vLLM's documentation and differs in four places
(marked `self._cpu`): eager mode, memory, prefix caching and the repair after a weight update.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from rollout.admission import SEED_MASK, admit, admit_sequences, continuations
from rollout.engine import run_to_end
from rollout.types import Completion, FinishReason, Request, completion
from rollout.vocabulary import Vocabulary
from rollout.weights import TIED_HEAD, check_weights, fingerprint, model_shapes, read_weights, tensor_checksum

_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


def vllm_environment(model_path: str | Path, *, threads: int, device: Literal["cpu", "cuda"]) -> dict[str, str]:
    """Environment variables vLLM must find. OpenMP reads its own when torch loads: set these before the process starts.

    Passive waiting: spinning OpenMP threads of two engines on the same cores cost three quarters of the throughput.
    No torch.compile on CPU: eager mode compiles one function only (the rank of a token, which nobody reads), for 4
    to 7 seconds and the need of a C++ compiler at run time.
    """
    environment = {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_LEVEL": os.environ.get("VLLM_LOGGING_LEVEL", "ERROR"),
        # score() reads prompts as long as the context, and vLLM insists on sampling one token after them.
        "VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1",
    }
    if device == "cpu":
        environment |= {
            "OMP_NUM_THREADS": str(threads),
            "OMP_WAIT_POLICY": "PASSIVE",
            # The default pins every engine of the machine to the same cores.
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
            "TORCH_COMPILE_DISABLE": "1",
        }
    if Path(model_path).is_dir():
        environment["HF_HUB_OFFLINE"] = "1"
    return environment


class VllmEngine:
    """`rollout.engine.Engine` over `vllm.LLM`. One per process.

    Args:
        model_path: folder or hub name.
        dtype: `float32` or `bfloat16`.
        max_model_len: longest prompt + completion in tokens.
        max_sequences: sequences that run at once.
        kv_cache_gib: KV cache on CPU, in GiB; fractions are fine.
        threads: CPU threads.
        gpu_memory_share: share of the GPU's memory that vLLM takes.
        device: `cpu` or `cuda`; says which build of vLLM is installed. On `cuda` it is not eager, so `trace` refuses.
    """

    def __init__(
        self,
        model_path: str | Path,
        *,
        dtype: str = "float32",
        max_model_len: int,
        max_sequences: int = 256,
        kv_cache_gib: float = 0.5,
        threads: int = 1,
        gpu_memory_share: float = 0.45,
        device: Literal["cpu", "cuda"] = "cpu",
    ) -> None:
        self.policy_version = 0
        self._given: dict[str, str] = {}
        self._max_model_len = max_model_len
        self._cpu = device == "cpu"
        self._broken = ""
        self._flying: dict[str, str] = {}
        os.environ.update(vllm_environment(model_path, threads=threads, device=device))
        # It would override `kv_cache_memory_bytes`, and knows whole GiB only.
        os.environ.pop("VLLM_CPU_KVCACHE_SPACE", None)
        settings: dict[str, Any] = {
            "dtype": dtype,
            "max_model_len": max_model_len + 1,
            "max_num_seqs": max_sequences,
            # A prompt cut into chunks crashes a seeded request on CPU (its generator cannot be rewound).
            "enable_chunked_prefill": not self._cpu,
            "max_num_batched_tokens": max(16384, max_model_len + 1),
            # On: a group's prompt is computed once. Off on CPU, where one block (128 tokens) holds a whole prompt.
            "enable_prefix_caching": not self._cpu,
            "enforce_eager": self._cpu,
            # The model's own generation config would bring top-k and top-p in.
            "generation_config": "vllm",
            "logprobs_mode": "processed_logprobs",
            "disable_log_stats": True,
            "use_tqdm_on_load": False,
        }
        if self._cpu:
            settings["kv_cache_memory_bytes"] = int(kv_cache_gib * 2**30)
            torch.set_num_threads(threads)
        else:
            settings["gpu_memory_utilization"] = gpu_memory_share
        self._llm: Any = _start_llm(model_path, settings)
        self._vocabulary = Vocabulary(model_path)
        self._runner: Any = self._llm.collective_rpc(lambda worker: worker.model_runner)[0]
        config = self._runner.model_config.hf_config
        self._tied = bool(getattr(config, "tie_word_embeddings", False))
        self._shapes = model_shapes(_meta_model(config))
        self._sample([[0]], [self._params(Request(id="", prompt_ids=(0,), max_tokens=2), 2)])
        self.score([[0, 0]])

    def add(self, requests: Sequence[Request]) -> None:
        """See `Engine.add`. A temperature below 0.01 is raised to that, except 0 itself."""
        self._refuse_if_broken()
        budgets = admit(requests, self._max_model_len)
        params = [self._params(request, budget) for request, budget in zip(requests, budgets, strict=True)]
        inputs = [{"prompt_token_ids": list(request.prompt_ids)} for request in requests]
        numbers = self._llm.enqueue(inputs, params, use_tqdm=False) if inputs else []
        # vLLM numbers requests and puts a suffix behind the number; its outputs carry the number alone.
        self._flying |= {
            number.partition("-")[0]: request.id for number, request in zip(numbers, requests, strict=True)
        }

    def busy(self) -> bool:
        """See `Engine.busy`."""
        return bool(self._flying)

    def step(self) -> list[Completion]:
        """See `Engine.step`: one token for every sequence that runs."""
        self._refuse_if_broken()
        ended = [output for output in self._llm.llm_engine.step() if output.finished]
        return [self._completion(self._flying.pop(output.request_id), output.outputs[0]) for output in ended]

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        """See `Engine.generate`."""
        return run_to_end(self, requests)

    def score(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """See `Engine.score`."""
        from vllm import SamplingParams

        admit_sequences(sequences, self._max_model_len)
        params = SamplingParams(max_tokens=1, temperature=0, prompt_logprobs=0, flat_logprobs=True, detokenize=False)
        # Position 0 has no log-prob and no entry in the flat list.
        return [list(output.prompt_logprobs.logprobs) for output in self._sample(sequences, [params] * len(sequences))]

    def probe(self, sequences: Sequence[Sequence[int]], max_tokens: int) -> tuple[list[list[float]], list[Completion]]:
        """See `Engine.probe`: one prefill gives the scores and begins the continuations."""
        requests = continuations(sequences, max_tokens)
        budgets = admit(requests, self._max_model_len)
        params = [self._params(request, budget) for request, budget in zip(requests, budgets, strict=True)]
        for each in params:
            each.prompt_logprobs = 0
        outputs = self._sample(sequences, params)
        scores = [list(output.prompt_logprobs.logprobs) for output in outputs]
        samples = [self._completion(str(number), output.outputs[0]) for number, output in enumerate(outputs)]
        return scores, samples

    def trace(self, sequences: Sequence[Sequence[int]]) -> list[dict[str, list[float]]]:
        """See `Engine.trace`. On CPU only: a GPU replays captured graphs, in which the hooks do not fire.

        Raises:
            RuntimeError: the engine is on a GPU.
        """
        from vllm import SamplingParams

        if not self._cpu:
            raise RuntimeError(
                "vLLM on a GPU cannot trace: its captured graphs run no hooks. "
                "Trace the same weights with the transformers engine or with vLLM on CPU"
            )
        admit_sequences(sequences, self._max_model_len)
        norms: dict[str, list[float]] = {}

        def hook(name: str) -> Any:
            # The residual stream comes in two parts here; its sum is what a Hugging Face layer returns. The first
            # forward pass is the whole sequence: later layers work in place, so the norm is taken at once.
            def record(_module: Any, _inputs: Any, output: tuple[Tensor, Tensor]) -> None:
                norms.setdefault(name, (output[0] + output[1]).float().norm(dim=-1).tolist())

            return record

        layers = self._runner.get_model().model.layers
        handles = [layer.register_forward_hook(hook(f"model.layers.{n}")) for n, layer in enumerate(layers)]
        traces = []
        try:
            for sequence in sequences:
                norms.clear()
                self._sample([sequence], [SamplingParams(max_tokens=1, temperature=0, detokenize=False)])
                traces.append({name: values[: len(sequence)] for name, values in norms.items()})
        finally:
            for handle in handles:
                handle.remove()
        return traces

    def update_weights(self, path: Path, version: int) -> None:
        """See `Engine.update_weights`; both spellings of experts (`rollout.weights`) load.

        Raises:
            ValueError: the file does not fit the model; the old weights and version stay.
            RuntimeError: vLLM failed half way; the engine refuses all work from then on.
        """
        path = Path(path)
        self._refuse_if_broken()
        given = check_weights(path, self._shapes, tied=self._tied)
        try:
            if self._cpu:
                _unpack_experts(self._runner.get_model())
            self._runner.reload_weights(weights_iterator=read_weights(path, skip={TIED_HEAD} if self._tied else ()))
            if self._cpu:
                _repack_head(self._runner.get_model())
            self._llm.reset_prefix_cache()
        except Exception as error:
            self._broken = f"loading {path} failed half way ({error})"
            raise RuntimeError(f"{self._broken}: start a new engine") from error
        self._given, self.policy_version = given, version

    def fingerprints(self) -> dict[str, str]:
        """See `Engine.fingerprints`. On CPU norms, embedding and head are kept: the other matrices are repacked."""
        return self._given | {name: fingerprint(tensor) for name, tensor in self._kept()}

    def checksums(self) -> dict[str, str]:
        """See `Engine.checksums`."""
        return {name: tensor_checksum(tensor) for name, tensor in self._kept()}

    def _kept(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self._runner.get_model().named_parameters():
            shape = self._shapes.get(name)
            # The vocabulary is padded to a multiple of 64 rows.
            if (
                shape
                and parameter.dim() == len(shape)
                and parameter.shape[1:] == shape[1:]
                and len(parameter) >= shape[0]
            ):
                yield name, parameter[: shape[0]]

    def close(self) -> None:
        """See `Engine.close`."""
        from vllm.distributed import cleanup_dist_env_and_memory

        self._broken = "the engine was closed"
        self._llm.llm_engine.engine_core.shutdown()
        del self._llm, self._runner
        cleanup_dist_env_and_memory()

    def _params(self, request: Request, budget: int) -> Any:
        from vllm import SamplingParams

        return SamplingParams(
            max_tokens=budget,
            temperature=request.temperature,
            seed=request.seed & SEED_MASK,
            stop_token_ids=sorted(self._vocabulary.stop_ids),
            ignore_eos=True,
            logprobs=0,
            flat_logprobs=True,
            detokenize=False,
        )

    def _sample(self, prompts: Sequence[Sequence[int]], params: Sequence[Any]) -> list[Any]:
        self._refuse_if_broken()
        assert not self._flying, "vLLM would take the completions in flight for its own"
        inputs = [{"prompt_token_ids": list(prompt)} for prompt in prompts]
        outputs: list[Any] = self._llm.generate(inputs, params, use_tqdm=False) if inputs else []
        return outputs

    def _completion(self, identity: str, output: Any) -> Completion:
        token_ids = list(output.token_ids)
        return completion(
            identity,
            self._vocabulary.decode(token_ids),
            token_ids,
            output.logprobs.logprobs,
            version=self.policy_version,
            finish_reason=_FINISH.get(output.finish_reason, "abort"),
        )

    def _refuse_if_broken(self) -> None:
        if self._broken:
            raise RuntimeError(f"{self._broken}: start a new engine")


def _start_llm(model_path: str | Path, settings: dict[str, Any]) -> Any:
    set_num_threads = torch.set_num_threads
    # vLLM collects garbage several times while it starts; frozen, what its imports made is not walked each time:
    # a fifth of the start-up.
    gc.disable()
    from vllm import LLM

    gc.freeze()
    gc.enable()
    try:
        return LLM(str(model_path), **settings)
    finally:
        # vLLM on CPU leaves a no-op behind for the whole process.
        torch.set_num_threads = set_num_threads


def _meta_model(config: Any) -> torch.nn.Module:
    from transformers import AutoModelForCausalLM

    factory: Any = AutoModelForCausalLM
    with torch.device("meta"):
        model: torch.nn.Module = factory.from_config(config)
    return model


def _unpack_experts(model: torch.nn.Module) -> None:
    # A fused-MoE method with a kernel takes a reload for a GPU update in place and skips its CPU packing: the
    # layer would then read unpacked weights as packed ones, silently.
    for module in model.modules():
        method: Any = getattr(module, "quant_method", None)
        if getattr(method, "moe_kernel", None) is not None:
            method.moe_kernel = None


def _repack_head(model: torch.nn.Module) -> None:
    # Embedding and head keep the packed copy of their first weights through a reload.
    from vllm.model_executor.layers.utils import dispatch_cpu_unquantized_gemm

    for module in model.modules():
        if hasattr(module, "cpu_linear") and hasattr(module, "org_vocab_size"):
            dispatch_cpu_unquantized_gemm(module, remove_weight=False)
