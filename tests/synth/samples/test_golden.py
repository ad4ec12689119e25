"""What the table of fields makes is byte for byte what it was: filters, Parquet, card, query, report.

`python -m tests.synth.samples.test_golden` writes the files anew where an output changes on purpose.

Covers synth.samples.data_model, synth.samples.score_fields.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.synth.samples.rows import ARTICLE, CLUSTER, LATER, samples

GOLDEN = Path(__file__).parent / "golden"


def filter_kinds() -> str:
    """The kind and the values that filters know of each field, and what a wrong value of each type is answered."""
    from synth.filters import check

    rows: dict[str, Any] = {}
    wrong = ("x", 1, True, LATER)
    for collection in check.COLLECTIONS:
        for name in sorted(check.known_fields(collection)):
            answers = [check.warnings({name: value}) for value in wrong]
            document = list(check.wrong_operators(collection, {name: {"gte": 1}}))
            rows[f"{collection}.{name}"] = [answers, document]
    return "\n".join(f"{name}: {json.dumps(row, ensure_ascii=False)}" for name, row in rows.items())


def arrow_schema() -> str:
    pytest.importorskip("pyarrow")
    from synth.export.arrow_schema import COLUMNS, schema

    return schema(COLUMNS).to_string(show_schema_metadata=False)


def arrow_rows() -> str:
    from synth.export.arrow_schema import column_row

    rows = [column_row(sample, [{"role": "user", "content": "?"}]) for sample in samples()]
    return "\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in rows)


def dataset_card() -> str:
    from synth.export.dataset_card import Tally, write_card

    tally = Tally()
    for sample in samples():
        tally.add(sample)
    side = {"rows": 2, "events": 1, "first_day": "2026-05-01", "last_day": "2026-05-03"}
    manifest = {
        "counts": {"rows": 4, "train": side, "validation": side}, "filter": {"language": "it"},
        "left_out": {"empty": 1},
        "permission": {"articles": 4, "robots_allowed": {"yes": 3}, "rights_reserved": {"no": 2}}, "seed": 0,
        "val_fraction": 0.15, "test_fraction": 0.0, "include_opted_out": False, "days_overlap": True,
        "made_by": [{"task": "news_summary", "prompt": "summary:1", "model": "m", "rows": 4}], "code_version": "1",
    }  # fmt: skip
    return write_card(tally, manifest, title="News", license_id="other", shards={"train": 1, "validation": 1})


def query_cards() -> str:
    from synth.query.display import card

    rows = [(sample, "samples") for sample in samples()] + [(ARTICLE, "articles"), (CLUSTER, "clusters")]
    bare = [({name: row[name] for name in row if name != "_id"}, collection) for row, collection in rows]
    with_id = [({"_id": 1, **row}, collection) for row, collection in rows]
    return "\n\n".join(card(row, collection, full) for row, collection in with_id + bare for full in (False, True))


def query_tables() -> str:
    from synth.query.display import table

    fields = ["key", "sources.link", "provenance.model", "similarity", "date", "judge"]
    lines = [line for width in (40, 60, 80, 100, 160, 240) for line in table(samples(), "samples", width=width)]
    lines += table(samples(), "samples", fields, width=140)
    lines += [*table([ARTICLE], "articles", width=100), *table([CLUSTER], "clusters", width=100)]
    return "\n".join(lines)


OUTPUTS = (filter_kinds, arrow_schema, arrow_rows, dataset_card, query_cards, query_tables)


def report_numbers(database: Any) -> str:
    """The report's numbers on a store of the fixed rows."""
    from synth.report.collect import collect

    database.samples.insert_many(samples())
    database.articles.insert_one(dict(ARTICLE))
    database.clusters.insert_one(CLUSTER | {"size": 2})
    database.runs.insert_many(
        [
            {"stage": stage, "started_at": LATER, "outcome": "done", "counts": {"exported": 1}, "timings": {"total": 1}}
            for stage in (
                "judge",
                "crawl:ansa",
                "export",
                "unheard_of",
                "dedupe",
                "translate",
                "score",
                "import",
                "run",
            )
        ]
    )
    numbers = collect(database, now=LATER)
    numbers = {name: value for name, value in numbers.items() if name not in ("database", "code_version")}
    return "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in numbers.items())


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.__name__)
def test_the_output_is_what_it_was(output: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert output() + "\n" == golden(output.__name__)


def test_the_report_is_what_it_was(database: Any) -> None:
    assert report_numbers(database) + "\n" == golden("report_numbers")


if __name__ == "__main__":
    import os

    from crawler.mongo import connect

    os.environ["COLUMNS"] = "100"
    for output in OUTPUTS:
        (GOLDEN / f"{output.__name__}.txt").write_text(output() + "\n", encoding="utf-8")
    scratch = connect().client.get_database("golden_outputs")
    scratch.client.drop_database(scratch)
    (GOLDEN / "report_numbers.txt").write_text(report_numbers(scratch) + "\n", encoding="utf-8")
    scratch.client.drop_database(scratch)
