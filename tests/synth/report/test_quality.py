"""What the scores say: every figure against the same figure counted by hand, and nothing measured is not zero.

Covers synth.report.sample_statistics.
"""

from __future__ import annotations

import random
import statistics
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from synth.report.quality import TOXICITIES, accuracy, checks, faithfulness, toxicity
from synth.report.sample_statistics import collect_samples

KINDS = ("number", "name", "quote")


def sample(number: int, **fields: Any) -> dict[str, Any]:
    return {"key": f"{number:064x}", "language": "it", "answer": "Sì.", "sources": [], "superseded": False,
            "status": "new", "provenance": {"model": "m", "prompt": "p/1"}, **fields}  # fmt: skip


def drawn(count: int) -> list[dict[str, Any]]:
    """Samples with scores of every kind; some fields missing, null, or of a type that nobody should store."""
    draw = random.Random(5)
    rows = []
    for number in range(count):
        kinds = draw.choices(KINDS, k=draw.choice((0, 0, 1, 3)))
        score = draw.choice((0, 1.5, 3, 4.25, 5, None, "4", float("nan")))
        row = sample(
            number, language=draw.choice(("it", "vi")), unsupported=["x"] * len(kinds), unsupported_kinds=kinds,
            min_support=draw.choice((0.0, 0.3, 1.0, None)), toxicity_model=draw.choice(("a", "b")),
            toxicity_calibrated=draw.choice((True, False)), accuracy=score, judge={"model": "j", "prompt": "q"},
            **{name: draw.choice((draw.random() ** 3, None)) for name in TOXICITIES},
        )  # fmt: skip
        for name in draw.sample(("unsupported", "toxicity", "accuracy", "judge", "min_support"), k=draw.choice((0, 1))):
            del row[name]
        rows.append(row)
    return rows


@pytest.fixture
def rows(database: Any) -> list[dict[str, Any]]:
    rows = drawn(300)
    database.samples.insert_many([dict(row) for row in rows])
    database.samples.insert_one(sample(1000, unsupported=["y"], superseded=True))
    database.samples.insert_one(sample(1001, accuracy=1, status="rejected"))
    return rows


def test_faithfulness(database: Any, rows: list[dict[str, Any]]) -> None:
    told = faithfulness(collect_samples(database), len(rows))
    assert told
    checked = [row for row in rows if "unsupported" in row]
    clean = [row for row in checked if not row["unsupported"]]
    assert (told["samples"], told["clean"], told["unchecked"]) == (len(checked), len(clean), len(rows) - len(checked))
    assert told["clean_share"] == pytest.approx(len(clean) / len(checked), abs=1e-6)
    facts = Counter(kind for row in checked for kind in row["unsupported_kinds"])
    held = Counter(kind for row in checked for kind in set(row["unsupported_kinds"]))
    assert {row["kind"]: (row["samples"], row["facts"]) for row in told["kinds"]} == {
        kind: (held[kind], facts[kind]) for kind in facts
    }
    assert sum(row["samples"] for row in told["by_language"]) == len(checked)
    supports = [row["min_support"] for row in rows if row.get("min_support") is not None]
    assert told["mean_min_support"] == pytest.approx(statistics.fmean(supports), abs=1e-6)
    assert (told["support_bins"][0], told["support_bins"][6], told["support_bins"][-1]) == tuple(
        supports.count(value) for value in (0.0, 0.3, 1.0)
    )


def test_extractive_answers_are_not_praised(database: Any) -> None:
    """They are their sources' own sentences: no share and no mean counts them."""
    copied = {"provenance": {"model": "extractive/7", "prompt": "p/1"}, "unsupported": [], "faithfulness": 1.0}
    database.samples.insert_many([
        sample(1, **copied), sample(2, **copied), sample(3, unsupported=["x"], unsupported_kinds=["opposite"],
                                                         faithfulness=0.4),
    ])  # fmt: skip
    numbers = faithfulness(collect_samples(database), 3)
    assert numbers
    assert (numbers["samples"], numbers["clean_share"], numbers["mean"]) == (1, 0.0, 0.4)
    assert numbers["extractive"]["samples"] == 2
    assert numbers["unchecked"] == 0
    assert {row["model"]: row["clean_share"] for row in numbers["by_model"]} == {"extractive/7": 1.0, "m": 0.0}


def test_toxicity(database: Any, rows: list[dict[str, Any]]) -> None:
    told = toxicity(collect_samples(database), len(rows))
    assert told
    measured = [row for row in rows if any(row.get(name) is not None for name in TOXICITIES)]
    assert (told["samples"], told["unmeasured"]) == (len(measured), len(rows) - len(measured))
    assert [group["calibrated"] for group in told["groups"]] == [True, True, False, False]
    for group in told["groups"]:
        who = (group["model"], group["calibrated"])
        own = [row for row in measured if (row["toxicity_model"], row["toxicity_calibrated"]) == who]
        assert group["languages"] == Counter(row["language"] for row in own)
        for field in group["fields"]:
            values = sorted(row[field["field"]] for row in own if row.get(field["field"]) is not None)
            assert field["samples"] == len(values)
            assert field["mean"] == pytest.approx(statistics.fmean(values), abs=1e-6)
            assert field["max"] == pytest.approx(values[-1], abs=0.00051)
            assert field["p95"] == pytest.approx(values[-(-len(values) * 95 // 100) - 1], abs=0.00051)
            assert field["high"] == sum(round(value, 3) >= 0.5 for value in values)


def test_a_score_that_the_model_lacks_is_not_zero(database: Any) -> None:
    database.samples.insert_one(sample(1, toxicity=0.1, sexual_explicit=None, toxicity_model="m"))
    told = toxicity(collect_samples(database), 1)
    assert told
    fields = {row["field"]: row for row in told["groups"][0]["fields"]}
    assert fields["toxicity"]["samples"] == 1
    assert fields["sexual_explicit"] == {
        "field": "sexual_explicit", "samples": 0, "mean": None, "p50": None, "p95": None, "max": None, "high": None
    }  # fmt: skip


def test_accuracy(database: Any, rows: list[dict[str, Any]]) -> None:
    told = accuracy(collect_samples(database), len(rows))
    assert told
    scores = [row["accuracy"] for row in rows if isinstance(row.get("accuracy"), int | float)]
    scores = [score for score in scores if score == score]
    asked = [row for row in rows if "judge" in row or row.get("accuracy") in scores]
    assert told["samples"] == len(scores) == sum(told["bins"])
    assert told["unread"] == len(asked) - len(scores)
    assert told["unjudged"] == len(rows) - len(asked)
    assert told["mean"] == pytest.approx(statistics.fmean(scores), abs=1e-6)
    assert (told["bins"][0], told["bins"][3], told["bins"][10]) == tuple(scores.count(value) for value in (0, 1.5, 5))
    for row in told["by_language"]:
        own = [one["accuracy"] for one in rows if one["language"] == row["language"] and one.get("accuracy") in scores]
        assert (row["samples"], row["mean"]) == (len(own), pytest.approx(statistics.fmean(own), abs=1e-6))
    assert told["helpfulness"] is None


def test_repeats(database: Any) -> None:
    for number, replies in enumerate(([4, 4], [3, 5], [2], [None, None])):
        database.samples.insert_one(sample(number, accuracy=4, judge={"model": "j", "accuracy": replies}))
    told = accuracy(collect_samples(database), 4)
    assert told
    assert told["repeats"] == {"samples": 2, "same_share": 0.5, "mean_spread": 0.5}


def test_nothing_measured_is_none_and_not_zero(database: Any) -> None:
    database.samples.insert_one(sample(1))
    found = collect_samples(database)
    assert faithfulness(found, 1) is toxicity(found, 1) is accuracy(found, 1) is None
    assert [(row["samples"], row["found"]) for row in checks(database, found, 1)] == [(None, None)] * 3


def test_checks(database: Any) -> None:
    span = {"field": "answer", "start": 0, "end": 1}
    database.samples.insert_many([
        sample(1, contaminated=[], personal_data=[{"kind": "email", **span}, {"kind": "email", **span}]),
        sample(2, contaminated=[{"set": "mmlu"}, {"set": "arc"}], personal_data=[]),
        sample(3, personal_data=[{"kind": "iban", **span}], duplicate_of="k", duplicate_kind="near"),
        sample(4, duplicate_of=None),
    ])  # fmt: skip
    told = {row["name"]: row for row in checks(database, collect_samples(database), 4)}
    assert (told["duplicates"]["samples"], told["duplicates"]["found"], told["duplicates"]["kinds"]) == (
        4, 1, {"near": 1},
    )  # fmt: skip
    assert (told["contaminated"]["samples"], told["contaminated"]["found"]) == (2, 1)
    assert told["contaminated"]["kinds"] == {"arc": 1, "mmlu": 1}
    assert (told["personal_data"]["samples"], told["personal_data"]["found"]) == (3, 2)
    assert told["personal_data"]["kinds"] == {"email": 1, "iban": 1}


def test_a_run_without_copies_is_a_check(database: Any) -> None:
    database.samples.insert_one(sample(1))
    database.runs.insert_one({"stage": "dedupe", "outcome": "done", "started_at": datetime(2026, 5, 1, tzinfo=UTC)})
    assert checks(database, collect_samples(database), 1)[0]["found"] == 0
