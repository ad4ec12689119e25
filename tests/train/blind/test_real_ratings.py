"""PandaLM's comparisons by three people, through the contract of sheets and key: what two packages compute, too."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.train.blind.sheet_files import PAIRS, shown, write_pair_key, write_sheet
from train.blind.results import read_sheets

#: evalica 0.4.2, bradley_terry, ties as half a win of both: logarithms around their mean.
EVALICA = {
    "llama-7b": 0.585291, "bloom-7b": -0.032501, "pythia-6.9b": -0.048892, "opt-7b": -0.104256,
    "cerebras-gpt-6.7B": -0.399643,
}  # fmt: skip


@pytest.fixture(scope="module")
def found(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("pandalm")
    rows = json.loads((shared / "data/pairs/pandalm/first500.json").read_text(encoding="utf-8"))
    prompts = [hashlib.sha256((row["instruction"] + row["input"]).encode()).hexdigest()[:12] for row in rows]
    pairs = [(prompt, *row["cmp_key"].split("_")) for prompt, row in zip(prompts, rows, strict=True)]
    key = write_pair_key(folder, pairs)
    content = json.loads(key.read_text())
    for item, row in zip(content["items"].values(), rows, strict=True):
        item["words"] = [len(str(row[name]).split()) for name in ("response1", "response2")]
    key.write_text(json.dumps(content))
    for rater in (1, 2, 3):
        sheet = []
        for number, row in enumerate(rows):
            name, outcome = f"P{number:03d}", {0: "tie", 1: "x", 2: "y"}[row[f"annotator{rater}"]]
            turned = 1 if content["sides"][str(rater)][name] == "xy" else -1
            texts = [str(row["response1"]), str(row["response2"])][::turned]
            sheet.append({
                "rater": f"rater-{rater}", "item": name, "request": row["instruction"], "text_a": texts[0],
                "text_b": texts[1], "choice": shown(key, rater, name, outcome),
            })  # fmt: skip
        write_sheet(folder / f"rater-{rater}.csv", sheet, PAIRS, separator=",;\t"[rater - 1],
                    encoding="utf-16" if rater == 3 else "utf-8-sig")  # fmt: skip
    return read_sheets([folder], key)


def test_every_choice_is_read(found: dict[str, Any]) -> None:
    assert (found["comparisons"], found["ties"], found["prompts"]) == (1500, 265, 86)
    assert found["filled"] == {"listed": 1500, "marked": 1500, "partial": 0}
    assert found["notes"] == []
    assert len(found["shares"]) == 10


def test_alpha_is_that_of_the_package_krippendorff(found: dict[str, Any]) -> None:
    assert found["agreement"]["nominal"]["alpha"] == pytest.approx(0.8370281783409272, abs=1e-9)
    assert found["agreement"]["ordinal"]["alpha"] == pytest.approx(0.8456708769917488, abs=1e-9)


def test_strengths_are_those_of_evalica(found: dict[str, Any]) -> None:
    assert found["strengths"]["half_ties"] == pytest.approx(EVALICA, abs=1e-6)


def test_what_it_says(found: dict[str, Any]) -> None:
    assert found["sentence"].startswith("People preferred llama-7b to bloom-7b in 57 % of 174 comparisons")
    assert found["strengths"]["differences"]["llama-7b"]["verdict"] == "better"
    assert found["strengths"]["differences"]["opt-7b"]["verdict"] == "undecided"
    assert found["longer"]["low"] > 0.5
    assert found["sides"]["low"] < 0.5 < found["sides"]["high"]
