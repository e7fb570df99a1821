"""The sections of a run file and their fields; `rlcore.config` puts them together and reads the file.

The docstrings are the help. Every field has a default that works.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Amount = Annotated[float, Field(ge=0.0)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ModelConfig(Section):
    """The policy: a folder or hub name, or the sizes of a model made from scratch."""

    path: str = ""
    """Folder or hub name of a released model; empty: the pretrain stage makes one from the sizes below."""
    tokenizer: str = "char"
    """`char` (printable ASCII and Lean's symbols, built in), or a folder or hub name. Ignored where `path` is set."""
    architecture: Literal["qwen3_moe", "qwen3", "llama"] = "qwen3_moe"
    """A transformers architecture that vLLM serves."""
    hidden_size: Positive = 128
    """Width of the residual stream."""
    layers: Positive = 4
    """Number of decoder layers."""
    heads: Positive = 4
    """Query heads."""
    kv_heads: Positive = 2
    """Key/value heads."""
    head_dim: Positive = 32
    """Width of a head."""
    intermediate_size: Positive = 256
    """Width of the dense feed-forward layers (dense architectures)."""
    experts: Positive = 8
    """Experts per layer (MoE)."""
    experts_per_token: Positive = 2
    """Experts that see a token (MoE)."""
    expert_intermediate_size: Positive = 128
    """Width of one expert (MoE)."""
    context: Positive = 256
    """Longest prompt + completion in tokens."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """float32 on CPU; bfloat16 with fp32 master weights on GPU."""


class OptimConfig(Section):
    """The optimiser and its schedule, counted in optimiser steps."""

    kind: Literal["adamw", "muon"] = "muon"
    """`muon` for hidden matrices with AdamW for the rest, or `adamw` for all."""
    lr: Amount = 1e-2
    """Peak learning rate (of Muon's matrices where kind is muon)."""
    adam_lr: Amount = 5e-3
    """Peak learning rate of what Muon leaves to AdamW (embeddings, head, norms, router)."""
    betas: tuple[float, float] = (0.9, 0.95)
    """AdamW's betas."""
    momentum: float = 0.95
    """Muon's Nesterov momentum."""
    weight_decay: Amount = 0.1
    """Decoupled weight decay, on matrices only."""
    clip_norm: Amount = 1.0
    """Global gradient norm clip for AdamW; 0 is off. Muon is scale-invariant and is not clipped."""
    schedule: Literal["wsd", "linear", "cosine", "constant"] = "wsd"
    """wsd: warm-up, stable, then 1-sqrt decay."""
    warmup_steps: Count = 30
    """Linear warm-up steps."""
    decay_share: Share = 0.3
    """Share of the steps that the wsd decay takes."""
    min_lr_ratio: Share = 0.0
    """The learning rate at the end as a share of the peak."""


class LearnerConfig(Section):
    """Processes and memory of pretraining and of the RL learner."""

    ranks: Positive = 2
    """Data-parallel processes (Ray actors)."""
    threads: Positive = 1
    """CPU threads per rank."""
    gpus_per_rank: Amount = 0.0
    """GPUs per rank; 0 trains on CPU."""
    zero_stage: Literal[0, 1, 2, 3] = 1
    """DeepSpeed ZeRO stage."""
    offload: bool = False
    """Keep the optimiser state in CPU memory (ZeRO 1-3 on GPU)."""
    row_tokens: Positive = 256
    """Tokens of a packed row; at least the longest sequence."""
    micro_batch_rows: Positive = 16
    """Packed rows per forward/backward of one rank."""
    logprob_chunk: Positive = 4096
    """Tokens whose logits exist at once."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass."""


class TextPart(Section):
    """One corpus of a mixture to pretrain on: `[[pretrain.mixture]]`."""

    corpus: str
    """As `pretrain.corpus`."""
    share: float = Field(default=1.0, gt=0.0)
    """Share of the characters; shares are divided by their sum."""
    levels: tuple[Positive, ...] = ()
    """Levels of a generated corpus of programs or theorems; empty: all."""


class PretrainConfig(Section):
    """The bootstrap stage: next-token training on packed documents."""

    corpus: str = "arithmetic"
    """`arithmetic`, `programs`, `theorems` (generated), or a text or JSONL file with a `text` field per line."""
    mixture: tuple[TextPart, ...] = ()
    """Several corpora with shares, in place of `corpus`."""
    steps: Positive = 400
    """Optimiser steps."""
    batch_tokens: Positive = 8192
    """Tokens per optimiser step over all ranks."""
    row_tokens: Positive = 128
    """Tokens of a packed row."""
    balance_coef: Amount = 1e-2
    """Load-balance loss per layer (Switch, arXiv 2101.03961)."""
    held_out_documents: Count = 256
    """Documents kept for the validation loss."""
    checkpoint_every: Positive = 100
    """Steps between checkpoints."""
    optim: OptimConfig = OptimConfig()
    """Optimiser of this stage."""


class ProblemPart(Section):
    """One source of a mixture of problems: `[[data.mixture]]`."""

    source: str
    """As `data.source`."""
    share: float = Field(default=1.0, gt=0.0)
    """Share of the prompts of a step and of the filter; shares are divided by their sum."""
    size: Count = 0
    """As `data.size`; 0: that."""
    levels: tuple[Positive, ...] = ()
    """Levels of a family that has them; empty: all."""
    shown: Annotated[int, Field(ge=0, le=2)] = 2
    """Examples in the prompt of `programs`."""
    held_out: Count = 0
    """At most so many held-out problems are measured; 0: `eval.problems`."""


class DataConfig(Section):
    """The problems."""

    source: str = "arithmetic"
    """`arithmetic`, `theorems`, `word_problems:en+zh`, `programs:en+zh`, `reasoning_gym:FAMILY`, `leandojo:FILE.json`,
    `hf:NAME_OR_FOLDER[@SUBSET][:SPLIT]`, or a path ending in .jsonl, .jsonl.gz, .json, .csv or .parquet."""
    mixture: tuple[ProblemPart, ...] = ()
    """Several sources with shares, in place of `source`."""
    format: str = "auto"
    """Layout of the rows of a file (docs/DATA.md lists them); auto looks at the keys of each."""
    held_out: str = ""
    """A source for the held-out problems; empty: split off `source`."""
    held_out_share: Share = 0.1
    """Share of problems held out, by hash of the problem's text."""
    size: Positive = 6000
    """How many problems a generated family makes (before the split)."""
    limit: Count = 0
    """Use at most so many training problems; 0 is all."""
    verifier: str = ""
    """Judge of every problem, overriding the loader's: `math`, `code`, `lean`, `gym` or
    `path/to/file.py:function`."""
    screen: bool = True
    """Ask the built-in judges before the run whether they can judge against each reference, and drop the rows where
    they cannot or where an answer that solves nothing passes. What was found out is kept for the next run."""
    max_dropped_share: Share = 0.05
    """More dropped rows of one source than this share stop the run (GSM8K and CMATH lose none; a few in a hundred are
    answers that no parser reads, one in twenty is a wrong format, key or judge)."""
    prompt_template: str = ""
    """A text with `{prompt}` put around every string prompt; empty leaves it as it is."""
    chat: bool = False
    """Send the prompt as a user message through the tokenizer's chat template."""


class RolloutConfig(Section):
    """The rollout workers."""

    engine: Literal["vllm", "transformers", "scripted"] = "vllm"
    """vllm (CPU or GPU); transformers for what vLLM cannot serve; scripted for tests."""
    workers: Positive = 2
    """Ray actors, each with one engine."""
    threads: Positive = 1
    """CPU threads per worker."""
    gpus_per_worker: Amount = 0.0
    """GPUs per worker; 0 runs on CPU."""
    max_new_tokens: Positive = 72
    """Longest completion in tokens."""
    max_sequences: Positive = 256
    """Sequences one engine runs at once."""
    kv_cache_gib: Amount = 0.125
    """CPU memory for the KV cache of one vLLM engine."""
    gpu_memory_share: Share = 0.45
    """GPU memory one vLLM engine takes."""
    script: str = ""
    """JSON file of the scripted engine."""


class RewardConfig(Section):
    """The reward service."""

    urls: tuple[str, ...] = ()
    """Services to score with (their key: RLCORE_REWARD_KEY in the environment); empty: the run starts one on loopback
    and restarts it if it dies."""
    keep_verdicts: bool = True
    """The run's own service keeps every verdict with its inputs in `reward.db` of the run folder, for its page."""
    workers: Positive = 2
    """Judge processes of the service the run starts."""
    deadline_seconds: Amount = 5.0
    """Hard limit on judging one answer."""
    max_masked_share: Share = 0.01
    """More judge failures than this stop the run."""
    max_wait_seconds: Amount = 0.0
    """Give up waiting for a service that is away; 0 waits for ever."""


class FilterConfig(Section):
    """The difficulty filter, with the current policy."""

    samples: Positive = 8
    """Rollouts per problem."""
    problems: Count = 512
    """Problems to measure; 0 is all."""
    keep_unmeasured: bool = True
    """Train on the problems that were not measured too (dynamic sampling drops what teaches nothing)."""
    min_pass_rate: Share = 0.05
    """Keep problems at or above."""
    max_pass_rate: Share = 0.95
    """Keep problems at or below."""
    min_kept: Positive = 32
    """Fewer kept problems stop the run."""


class TrainConfig(Section):
    """RL."""

    algorithm: Literal["gspo", "dapo"] = "gspo"
    """Loss: GSPO (arXiv 2507.18071) or DAPO (arXiv 2503.14476)."""
    steps: Positive = 100
    """Rollout batches."""
    prompts_per_step: Positive = 32
    """Groups with variance per step."""
    group_size: Positive = 16
    """Completions per prompt (G)."""
    minibatches: Positive = 1
    """Optimiser steps per rollout batch; 1 is on-policy, where every ratio is 1."""
    clip_low: Amount = 3e-4
    """Lower clip; GSPO 3e-4, DAPO 0.2."""
    clip_high: Amount = 4e-4
    """Upper clip; GSPO 4e-4, DAPO 0.28."""
    std_normalise: bool = True
    """Divide advantages by the group's standard deviation."""
    step_weight: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Step-level advantages, for judges that say which step failed (Lean): by up to this share the blame of a failed
    attempt moves from the steps before the failing one to that one. 0: the outcome alone."""
    max_refills: Count = 2
    """Dynamic sampling (DAPO): rounds at most that refill what groups without variance left; 0 only drops them."""
    balance_coef: Amount = 0.0
    """Load-balance loss per layer during RL."""
    temperature: float = Field(default=1.0, gt=0.0)
    """Sampling temperature; the learner divides its logits by it."""
    canary_tolerance: Amount = 0.0
    """Largest allowed difference of log-probs on the canary prompts; 0 is 1e-4 in fp32 and 0.1 in bf16."""
    canary_sequences: Positive = 8
    """Canary prompts; more are added until every expert is routed to."""
    checkpoint_every: Positive = 10
    """Steps between checkpoints."""
    samples_every: Count = 1
    """Steps between records of all completions in samples/."""
    shuffle_rewards: bool = False
    """A control: rewards are permuted over the batch; the policy must not learn."""
    rejection_sampling: bool = False
    """For comparison: cross-entropy on correct completions instead of policy gradient (RFT)."""
    optim: OptimConfig = OptimConfig(lr=1e-3, adam_lr=5e-4, schedule="linear", warmup_steps=0)
    """Optimiser of this stage."""


class EvalConfig(Section):
    """Measuring on held-out problems."""

    problems: Count = 500
    """Held-out problems of each family; 0 is all."""
    samples: Positive = 8
    """Completions per problem at temperature 1 (pass@k needs k <= samples)."""
    sweep_samples: Positive = 2
    """Completions per problem at the other temperatures."""
    temperatures: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    """Temperatures; 0 is greedy."""
    ks: tuple[int, ...] = (1, 8)
    """The k of pass@k at temperature 1."""


class RayConfig(Section):
    """Where the actors run."""

    address: str = ""
    """Cluster address; empty: RAY_ADDRESS if set, else a local cluster on loopback."""
    startup_seconds: Amount = 300.0
    """Give up when an actor has not come up by then."""
