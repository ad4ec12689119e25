"""The card of a tuned model carries what the manifests of its sets say of permission."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from train.data.sets import sets_of
from train.model_card import card, manifest_of_set

OUTCOME: dict[str, Any] = {
    "steps": 40, "weights_of_step": 30, "val_loss": 2.0, "best": {"step": 30, "val_loss": 2.1},
    "val_loss_of_sets": {"news": 1.5},
}  # fmt: skip


def write_export(folder: Path) -> None:
    (folder / "litgpt").mkdir(parents=True)
    (folder / "litgpt/train.json").write_text("[]", encoding="utf-8")
    manifest = {"files": {}, "left_out": {"opted_out": 3}, "permission": {"robots": {"allowed": 5}}, "filter": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_the_card_says_what_each_manifest_says(tmp_path: Path) -> None:
    write_export(tmp_path / "news")
    (tmp_path / "own.jsonl").write_text("{}\n", encoding="utf-8")
    sets = sets_of([{"path": str(tmp_path / "news"), "weight": 2, "system": "Sii breve."}, str(tmp_path / "own.jsonl")])
    text = card("checkpoints/gemma", OUTCOME, sets)
    assert "Weights after step 30 of 40, validation loss 2.0000; the best of 40 steps was 30 (2.1000)" in text
    assert '- permission: `{"robots": {"allowed": 5}}`' in text
    assert '- left out: `{"opted_out": 3}`' in text
    assert "weight 2, system 'Sii breve.'; validation loss 1.5000." in text
    assert text.count("No manifest of an export beside it") == 1


def test_a_set_that_is_not_there_has_no_manifest(tmp_path: Path) -> None:
    assert manifest_of_set(tmp_path / "nothing") == (None, {})
