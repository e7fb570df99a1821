"""Every metric that a run logs, and what it means."""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from rlcore.data.origin import SPELLING


class Metric(NamedTuple):
    """What a metric means and its unit (empty for a plain number, `share` for one in [0, 1])."""

    meaning: str
    unit: str


# {L} layer, {K} the k of pass@k, {T} temperature, {F} family (`rlcore.data.origin`).
METRICS: dict[str, Metric] = {
    "pretrain/loss": Metric("Next-token cross-entropy of the step's batch; ln(vocabulary) at the start.", "nats/token"),
    "pretrain/held_out_loss": Metric(
        "The same on documents kept out of training; rises when it memorises.", "nats/token"
    ),
    "pretrain/balance_loss": Metric(
        "Load-balance loss, mean over layers, before its coefficient; experts per token when even.", ""
    ),
    "pretrain/lr": Metric("Learning rate of this step (of Muon's matrices where Muon is on).", ""),
    "pretrain/grad_norm": Metric(
        "Global norm of the raw gradient, before clip and momentum; absent where it is not finite.", ""
    ),
    "pretrain/steps_skipped": Metric(
        "1 where the step was left out: its gradient was not finite, or longer than optim.skip_norm.", "steps"
    ),
    "pretrain/steps_nonfinite": Metric("1 where the gradient was not finite.", "steps"),
    "pretrain/tokens": Metric("Real tokens of the step's batch, all ranks.", "tokens"),
    "pretrain/tokens_per_second": Metric("Training speed over all ranks.", "tokens/s"),
    "pretrain/row_fill": Metric("Real tokens over slots of the packed rows; the rest is padding.", "share"),
    "pretrain/load_max_over_mean": Metric("Busiest expert over the mean, worst layer; 1 is even.", ""),
    "pretrain/load/layer_{L}": Metric("Share of routed slots that each expert of the layer got.", "share"),
    "filter/problems": Metric("Problems measured by the difficulty filter.", "problems"),
    "filter/pass_rate_mean": Metric("Mean pass rate of the measured problems.", "share"),
    "filter/kept": Metric("Problems whose pass rate lies in the kept band.", "problems"),
    "filter/dropped_easy": Metric("Problems above the band.", "problems"),
    "filter/dropped_hard": Metric("Problems below the band.", "problems"),
    "filter/pass_rate/{F}": Metric("As filter/pass_rate_mean, of one family where the run has several.", "share"),
    "filter/kept/{F}": Metric("As filter/kept, of one family where the run has several.", "problems"),
    "filter/no_verdict": Metric("Problems for which the judge failed on every completion.", "problems"),
    "train/loss": Metric("Policy loss of the step; on-policy its value says little, its gradient is what counts.", ""),
    "train/balance_loss": Metric(
        "Load-balance loss, mean over layers, before its coefficient; experts per token when even.", ""
    ),
    "train/reward_mean": Metric("Mean reward of all judged completions of the step, dropped groups included.", ""),
    "train/reward/{F}": Metric("As train/reward_mean, of one family where the run has several.", ""),
    "train/zero_variance/{F}": Metric("As train/zero_variance_share, of one family.", "share"),
    "train/pass_rate": Metric("Share of judged completions with verdict correct, dropped groups included.", "share"),
    "train/entropy": Metric("Mean entropy of the policy's next-token distribution on sampled tokens.", "nats/token"),
    "train/completion_tokens_mean": Metric("Mean completion length.", "tokens"),
    "train/completion_tokens_max": Metric("Longest completion.", "tokens"),
    "train/truncated_share": Metric("Share of completions cut off by the length limit.", "share"),
    "train/masked_share": Metric(
        "Share of completions whose judge failed; they leave the loss. Above 1 % the run stops.", "share"
    ),
    "train/zero_variance_share": Metric(
        "Share of sampled groups in which all rewards are equal: no gradient.", "share"
    ),
    "train/groups_dropped_easy": Metric("Groups dropped because every completion was right.", "groups"),
    "train/groups_dropped_hard": Metric("Groups dropped because every completion was wrong.", "groups"),
    "train/groups": Metric("Groups trained on.", "groups"),
    "train/advantage_abs_mean": Metric("Mean absolute advantage of the sequences learnt from.", ""),
    "train/algorithm/{F}": Metric("A metric of the algorithm's own, mean or largest over the minibatches.", ""),
    "train/process_share": Metric("Share of completions whose tokens had advantages by the judge's steps.", "share"),
    "train/refills": Metric("Extra rollout rounds to replace dropped groups (dynamic sampling).", "rounds"),
    "train/tokens": Metric("Completion tokens of the step, dropped groups included.", "tokens"),
    "train/clip_share": Metric("Share of tokens whose gradient the clip removed; 0 on-policy.", "share"),
    "train/clip_share_low": Metric("The part of it below the lower clip (negative advantage).", "share"),
    "train/clip_share_high": Metric("The part of it above the upper clip (positive advantage).", "share"),
    "train/ratio_max": Metric("Largest importance ratio.", ""),
    "train/kl_rollout_learner": Metric(
        "Mismatch: KL(rollout || learner) on the sampled tokens at equal weights, k3 estimate.", "nats/token"
    ),
    "train/logprob_abs_diff_max": Metric("Largest |log-prob of rollout - of learner| on sampled tokens.", "nats"),
    "train/grad_norm": Metric("As pretrain/grad_norm, mean over the step's minibatches.", ""),
    "train/steps_skipped": Metric("Minibatches that were left out, as pretrain/steps_skipped.", "steps"),
    "train/steps_nonfinite": Metric("Minibatches whose gradient was not finite.", "steps"),
    "train/merged_share": Metric(
        "Share of the learner's tokens that need no computing, as equal completions are learnt as one.", "share"
    ),
    "train/lr": Metric("Learning rate of this step (of Muon's matrices where Muon is on).", ""),
    "train/load_max_over_mean": Metric("Busiest expert over the mean, worst layer; 1 is even.", ""),
    "train/load/layer_{L}": Metric("Share of routed slots that each expert of the layer got.", "share"),
    "canary/max_abs_diff": Metric(
        "Largest |log-prob of learner - of rollout| on the canary prompts after the update.", "nats"
    ),
    "canary/mean_abs_diff": Metric("Mean of the same; in bf16 it may be twice canary/noise.", "nats"),
    "canary/k3": Metric("KL of rollout to learner on the same tokens (k3, cut off at 1 nat a token).", "nats"),
    "canary/noise": Metric("Mean |difference| that bf16 rounding makes to the learner's own log-probs.", "nats"),
    "canary/expert_coverage": Metric(
        "Share of all experts that the canary prompts route to; 1 means all are checked.", "share"
    ),
    "canary/sequences": Metric("Canary prompts used.", "prompts"),
    "canary/tensors_checked": Metric("Tensors whose checksum was compared between learner and rollout.", "tensors"),
    "eval/pass_at_{K}": Metric(
        "Unbiased pass@k at temperature 1 on held-out problems (arXiv 2107.03374, eq. 1).", "share"
    ),
    "eval/pass_at_1/temperature_{T}": Metric("pass@1 at this temperature; 0 is greedy.", "share"),
    "eval/{F}/pass_at_{K}": Metric("As eval/pass_at_{K}, of one family where the run has several.", "share"),
    "eval/truncated_share": Metric("Share of the evaluation's completions cut off by length.", "share"),
    "eval/masked_share": Metric("Share of the evaluation's completions whose judge failed.", "share"),
    "eval/held_out": Metric("Held-out problems measured.", "problems"),
    "time/step": Metric("The whole step.", "s"),
    "time/generate": Metric("Sampling completions, first round.", "s"),
    "time/refill": Metric("Sampling and scoring of extra rounds (dynamic sampling).", "s"),
    "time/score": Metric("Waiting for verdicts, first round.", "s"),
    "time/learn": Metric("Log-probs, forward, backward and optimiser.", "s"),
    "time/sync": Metric("Writing the weights and loading them into every rollout worker.", "s"),
    "time/canary": Metric("The canary's check after the update.", "s"),
}

_PLACEHOLDERS = {"{F}": SPELLING, "{L}": r"\d+", "{K}": r"\d+", "{T}": r"\d+(\.\d+)?"}


def _pattern(name: str) -> re.Pattern[str]:
    pattern = re.escape(name)
    for placeholder, expression in _PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(placeholder), expression)
    return re.compile(pattern)


_PATTERNS = {name: _pattern(name) for name in METRICS if "{" in name}


def lookup(name: str) -> Metric:
    """The entry of METRICS for a logged name (`train/load/layer_3` finds `train/load/layer_{L}`).

    Raises:
        ValueError: no such metric; the message names the nearest.
    """
    if name in METRICS and name not in _PATTERNS:
        return METRICS[name]
    for known, pattern in _PATTERNS.items():
        if pattern.fullmatch(name):
            return METRICS[known]
    near = difflib.get_close_matches(name, METRICS, n=1, cutoff=0.0)[0]
    raise ValueError(f"unknown metric {name!r}; did you mean {near!r}? New ones are described in {__name__}")
