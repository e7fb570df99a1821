"""Judges of one answer: math, code, Lean. No torch, ray, vllm or fastapi is imported here."""
