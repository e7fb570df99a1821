"""Unpack a GGUF file into a folder that `model.path` takes: `python deploy/gguf_to_hf.py FILE.gguf FOLDER`.

transformers reads the weights (de-quantised to fp32) and the tokenizer from the GGUF; they are copied into a fresh
model before saving, because the loaded one remembers that it came from a GGUF.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def convert(gguf: Path, folder: Path) -> None:
    """Write config, weights (fp32 safetensors) and tokenizer to `folder`."""
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    loaded = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    config = loaded.config
    for left_over in ("quantization_config", "gguf_file"):
        if hasattr(config, left_over):
            delattr(config, left_over)
    fresh = type(loaded)(config)
    fresh.load_state_dict(loaded.state_dict())
    fresh.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)


if __name__ == "__main__":
    if len(sys.argv) != 3 or not Path(sys.argv[1]).is_file():
        sys.exit(f"usage: {sys.argv[0]} FILE.gguf FOLDER (FILE.gguf must exist)")
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"wrote {sys.argv[2]}")
