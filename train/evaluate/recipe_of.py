"""Which recipe a model was trained with: its short name where it is one of the package's, and what stands for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

#: Where a run's settings are saved, from the model's folder or the run's: LitGPT's, and those of `train finetune`.
_SAVED = ("hyperparameters.yaml", "final/hyperparameters.yaml", "run.json", "../run.json")
#: Settings that say where things lie and how much is logged, not what is learned.
_PLACES = (
    "checkpoint_dir", "out_dir", "data.init_args.path", "data.init_args.cache", "data.init_args.num_workers", "devices",
    "num_nodes", "logger_name", "access_token", "train.save_interval", "train.log_interval", "train.micro_batch_size",
    "eval.", "start_from",
)  # fmt: skip
#: Places by which recipes are told apart that differ in nothing else.
_NAMED = ("checkpoint_dir", "out_dir", "data.init_args.path")
#: More settings than these changed make it a recipe of one's own.
_CHANGED = 6
#: What a reader asks first: (setting, words around its value).
_FACTS = (
    ("lora_r", "LoRA of rank {}"), ("train.max_steps", "at most {} steps"), ("train.epochs", "{} epochs"),
    ("train.global_batch_size", "{} rows a step"), ("optimizer.init_args.lr", "learning rate {}"), ("seed", "seed {}"),
)  # fmt: skip


def trained_by(folder: Path) -> dict[str, Any] | None:
    """{recipe, changed, facts} of the run that made a model; None where its folder does not say.

    recipe: short name, "" for one of the user's own. changed: its settings that were others, at most six. facts: words.
    """
    settings = saved(folder)
    if not settings:
        return None
    recipe, changed = nearest(settings)
    facts = [words.format(f"{settings[key]}") for key, words in _FACTS if settings.get(key) is not None]
    return {"recipe": recipe, "changed": changed, "facts": facts}


def saved(folder: Path) -> dict[str, Any]:
    """Settings by dotted key, as the run that made the model saved them; {} where it did not, or they are torn."""
    import yaml

    for name in _SAVED:
        try:
            text = (folder / name).read_text(encoding="utf-8")
            settings = json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
        except (OSError, ValueError, yaml.YAMLError):
            continue
        if isinstance(settings, dict):
            return dict(_flat(settings))
    return {}


def nearest(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(short name, {setting: value that differs}) of the most similar recipe of the package; ("", {}): none is."""
    from train.recipes import short_names

    candidates = []
    for name, path in short_names().items():
        known = _read(path)
        shared = [key for key in known if key in settings and not key.startswith(_PLACES)]
        changed = {key: settings[key] for key in shared if not _same(settings[key], known[key])}
        if "seed" in shared and len(changed) <= _CHANGED:
            elsewhere = sum(not _same(settings.get(key), known.get(key)) for key in _NAMED)
            candidates.append((len(changed), elsewhere, name, changed))
    return min(candidates, key=lambda each: each[:3])[2:] if candidates else ("", {})


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        # Plans of several merges are files of several documents, and no recipe.
        return {}
    return dict(_flat(settings)) if isinstance(settings, dict) else {}


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _same(value: Any, other: Any) -> bool:
    """Whether two settings are one: YAML reads 2e-4 as a word."""
    try:
        return value == other or float(value) == float(other)
    except (TypeError, ValueError):
        return str(value) == str(other)
