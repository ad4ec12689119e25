"""The card of a tuned model, README.md: what it was made of, whether its articles may be used, which weights it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from train.data.conversations import find_files
from train.data.manifest import manifest_of
from train.data.sets import DataSet
from train.errors import TrainError


def card(base: str, outcome: Mapping[str, Any], sets: Sequence[DataSet]) -> str:
    """The text of a card.

    base: folder or name of the model that was tuned. outcome: what its run said of itself.
    """
    step, best = outcome["weights_of_step"], outcome.get("best")
    loss = f", validation loss {outcome['val_loss']:.4f}" if outcome.get("val_loss") is not None else ""
    measured = f"; the best of {outcome['steps']:,} steps was {best['step']:,} ({best['val_loss']:.4f})" if best else ""
    weights = f"Weights after step {step:,} of {outcome['steps']:,}{loss}{measured}."
    terms = "The base's licence and terms of use hold for this model, too."
    lines = ["# Tuned model", "", f"Base: `{base}`. {weights} {terms}", "", "## Data", ""]
    for each in sets:
        lines += [*_set_lines(each, outcome.get("val_loss_of_sets", {}).get(each.name)), ""]
    return "\n".join(lines)


def _set_lines(each: DataSet, loss: float | None) -> list[str]:
    own = "".join(f", {key} {value!r}" for key, value in each.options.items())
    measured = f"; validation loss {loss:.4f}" if loss is not None else ""
    lines = [f"### {each.name}", "", f"`{each.path}`, weight {each.weight:g}{own}{measured}."]
    folder, manifest = manifest_of_set(each.path)
    if folder is None:
        return [
            *lines,
            "",
            "No manifest of an export beside it: whether its texts may be used for training is not known.",
        ]
    facts = {"filter": manifest.get("filter"), "counts": manifest.get("counts"), "left out": manifest.get("left_out"),
             "opted-out rows included": manifest.get("include_opted_out"), "permission": manifest.get("permission"),
             "made by": manifest.get("made_by")}  # fmt: skip
    facts = {name: value for name, value in facts.items() if value is not None}
    return [*lines, "", *(f"- {name}: `{json.dumps(value, ensure_ascii=False)}`" for name, value in facts.items())]


def manifest_of_set(path: Path) -> tuple[Path | None, Mapping[str, Any]]:
    """(folder of the export that a set is from, its manifest); (None, {}) where it is from none."""
    own = path / "preference"
    try:
        files = find_files(own if own.is_dir() and not (path / "manifest.json").is_file() else path)
    except TrainError:
        return None, {}
    folder, _ = manifest_of(files["train"][0])
    if folder is None:
        return None, {}
    return folder, dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
