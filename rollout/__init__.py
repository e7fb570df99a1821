"""Producing completions: engines (vLLM, transformers, scripted), Ray workers, weight hand-over."""
