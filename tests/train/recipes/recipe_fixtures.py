"""Where the recipes lie, which backend runs each, and which published model it tunes."""

from __future__ import annotations

from pathlib import Path

import pytest

from train.recipes import load

FOLDER = Path(__file__).resolve().parents[3] / "train/recipes"
OVERRIDE = FOLDER / "cpu.yaml"
RECIPES = sorted(FOLDER.glob("*/*.yaml"))
HUGGINGFACE = [path for path in RECIPES if load(path).get("backend") == "huggingface"]
LITGPT = [path for path in RECIPES if path not in HUGGINGFACE]
#: Folder of recipes -> the published model that they tune.
LIKE = {
    "llama-3-8b": "Llama-3-8B-Instruct",
    "gemma-2b": "Gemma-2b-it",
    "smollm2-360m": "SmolLM2-360M",
    "bloom-7b1": "bloom-7b1",
    "qwen3-1.7b": "Qwen3-1.7B",
    "gemma-3-1b": "Gemma-3-1b-it",
    "gemma-3-270m": "Gemma-3-1b-it",
    "llama-3.2-1b": "Llama-3.2-1B-Instruct",
}
#: What issue 6 and the families of today ask for.
NEEDED = {
    **{name: {"news", "multilingual", "orpo", "qdora"} for name in ("llama-3-8b", "gemma-2b")},
    "smollm2-360m": {"vi_alpaca", "vi_multi_turn_alpaca", "lima", "muri_vi", "smol_smoltalk", "orpo", "qdora", "cpt"},
    "bloom-7b1": {"alpaca_vi", "news_vi", "orpo", "qdora"},
    **{name: {"news", "orpo", "qdora"} for name in ("qwen3-1.7b", "gemma-3-1b", "llama-3.2-1b")},
    "gemma-3-270m": {"news", "multilingual", "alpaca_vi", "orpo", "qdora", "cpt"},
    "tiny": {"news"},
}


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


each_of_litgpt = pytest.mark.parametrize("recipe", LITGPT, ids=name_of)
each_of_huggingface = pytest.mark.parametrize("recipe", HUGGINGFACE, ids=name_of)
