"""Tiny models and adapters of every family that converts, made where a test asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TEXTS = [
    "Il consiglio di Ravenna ha approvato il piano per il lungofiume: dodici voti a favore, però sei contrari. " * 3,
    "Thành phố Đà Nẵng khởi công tuyến đường ven biển dài mười hai kilômét, dự kiến hoàn thành cuối năm sau. " * 3,
    "The ferry had run aground with 212 passengers aboard; nobody was hurt. " * 3,
]
#: One of each family and trait: grouped queries, one query group, scaled positions, tied heads, windows, norms of q, k.
NAMES = (
    "Llama-3-8B", "Llama-3.2-1B-Instruct", "SmolLM2-360M", "Gemma-2b", "Gemma-2-2b-it", "Gemma-3-1b-it", "Qwen3-0.6B",
)  # fmt: skip
ALL = {f"lora_{part}": True for part in ("query", "key", "value", "projection", "mlp", "head")}


def make_model(name: str, out: Path, **more: Any) -> Path:
    """A tiny model in LitGPT's form."""
    from train.models.architectures import make_tiny

    make_tiny(name, TEXTS, out, **more)
    return out


def make_adapter(
    base: Path, out: Path, *, rank: int = 4, alpha: int = 8, dtype: str = "float32", **parts: bool
) -> Path:
    """An adapter on a tiny model as `litgpt finetune_lora` saves one, of random numbers in both A and B."""
    import shutil

    import torch
    import yaml
    from litgpt import Config
    from litgpt.lora import GPT, lora_filter
    from litgpt.lora import Config as LoraConfig
    from litgpt.utils import copy_config_files

    settings = {"lora_r": rank, "lora_alpha": alpha, "lora_dropout": 0.05} | dict.fromkeys(ALL, False) | parts
    config = Config.from_file(base / "model_config.yaml")
    adapted = LoraConfig(**{name: getattr(config, name) for name in config.__dataclass_fields__} | settings)
    torch.manual_seed(3)
    with torch.no_grad():
        tensors = {
            name: torch.randn_like(weight).mul_(0.1).to(getattr(torch, dtype))
            for name, weight in GPT(adapted).state_dict().items()
            if lora_filter(name, weight)
        }
    out.mkdir(parents=True)
    torch.save({"model": tensors}, out / "lit_model.pth.lora")
    copy_config_files(base, out)
    shutil.copyfile(base / "prompt_style.yaml", out / "prompt_style.yaml")
    said = {"checkpoint_dir": str(base), "precision": "32-true", **settings}
    (out / "hyperparameters.yaml").write_text(yaml.safe_dump(said))
    return out
