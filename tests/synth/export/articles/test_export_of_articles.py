"""`synth export --format text`: texts of articles, what is left out and why, and what stands beside them.

Covers synth.export.articles.article_selection, synth.export.articles.article_writer, synth.export.formats.text.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.export.articles import article_writer
from synth.pipeline import read_pipeline

DAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
WORDS = (
    "consiglio bilancio strada scuola treno ponte lavoro salute voto legge acqua casa mare monte pane vino sale".split()
)


def body(number: int) -> str:
    """Forty words that no other number has in this order."""
    return " ".join(WORDS[(number * 7 + place * (number + 3)) % len(WORDS)] + str(number) for place in range(40)) + "."


def article(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "link": f"https://www.ansa.it/{number}.html", "title": f"Titolo {number}", "content": body(number),
        "date": DAY + timedelta(days=number), "source_site": "Ansa", "language": "it", "kind": "article",
        "access": "free", "permission": {"robots": True, "opt_out": False}, "content_hash": f"hash{number}",
    } | fields  # fmt: skip


@pytest.fixture
def store(database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.chdir(tmp_path)
    database.articles.insert_many([article(number) for number in range(20)])
    return database


def export(*words: str) -> int:
    return main(["export", "--format", "text", *words])


def manifest() -> dict[str, Any]:
    return dict(json.loads(Path("export/manifest.json").read_text(encoding="utf-8")))


def texts(split: str) -> list[str]:
    lines = Path(f"export/text/{split}.jsonl").read_text("utf-8").split("\n")[:-1]
    assert all(json.loads(line).keys() == {"text"} for line in lines)
    return [json.loads(line)["text"] for line in lines]


def test_rows_of_title_and_body_the_last_days_held_out(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert export() == 0
    said = capsys.readouterr().out
    assert "20 articles in export (17 to train, 3 to validate; it 20)" in said
    assert 'litgpt finetune_lora --config "$(train recipe smollm2-360m/cpt --path)"' in said
    assert sorted(texts("validation")) == sorted(f"Titolo {number}\n\n{body(number)}" for number in (17, 18, 19))
    assert set(manifest()["files"]) == {"text/train.jsonl", "text/validation.jsonl", "text/README.md", "sources.jsonl"}
    card = Path("export/text/README.md").read_text("utf-8")
    assert "20 newspaper articles as plain texts" in card
    assert "path: validation.jsonl" in card
    links = [json.loads(line)["links"] for line in Path("export/sources.jsonl").read_text("utf-8").splitlines()]
    assert sorted(links) == sorted([row["link"]] for row in store.articles.find())


def test_the_datasets_library_reads_it(store: Any, tmp_path: Path) -> None:
    from datasets import load_dataset

    export()
    sets = load_dataset("json", data_files={"train": "export/text/train.jsonl"}, cache_dir=str(tmp_path / "cache"))
    assert sets["train"].column_names == ["text"]
    assert sorted(sets["train"]["text"]) == sorted(texts("train"))


def test_what_is_left_out_has_a_name(store: Any) -> None:
    def change(number: int, **fields: Any) -> None:
        store.articles.update_one({"link": f"https://www.ansa.it/{number}.html"}, {"$set": fields})

    store.takedowns.insert_many([
        {"link": "a", "links": ["https://www.ansa.it/0.html"], "hashes": []},
        {"link": "b", "links": ["b"], "hashes": ["hash1"]},
    ])  # fmt: skip
    change(2, permission={"opt_out": True})
    change(3, access="teaser")
    change(4, content="Foto: Ansa\n\n***")
    change(5, content=body(6).upper(), title="Un altro titolo")
    change(7, content=body(8).replace("7", "seven") + " " + " ".join(body(8).split()[:6]))
    store.clusters.insert_one({"current": True, "event": "e", "articles": [
        row["_id"] for row in store.articles.find({"title": {"$in": ["Titolo 9", "Titolo 19"]}})
    ]})  # fmt: skip
    assert export() == 0
    left = {"taken_down": 2, "opted_out": 1, "teaser": 1, "empty": 1, "duplicate": 1, "near_duplicate": 1,
            "event_in_training": 1}  # fmt: skip
    assert manifest()["left_out"] == dict(sorted(left.items()))
    assert manifest()["counts"]["rows"] == 20 - sum(left.values())
    assert store.runs.find_one({"stage": "export"})["counts"] == {"exported": 12, **left}
    assert all(f"| {article_writer.REASONS[reason]} |" in Path("export/text/README.md").read_text() for reason in left)
    assert export("--include-opted-out", "--include-duplicates") == 0
    assert manifest()["left_out"].keys() == left.keys() - {"opted_out", "duplicate", "near_duplicate"}


def test_copies_that_are_kept_never_stand_on_two_sides(store: Any) -> None:
    store.articles.update_one({"link": "https://www.ansa.it/19.html"}, {"$set": {"content": body(3)}})
    assert export("--include-duplicates") == 0
    assert manifest()["left_out"] == {"copy_in_training": 1}


def test_filter_limit_and_dry_run(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = '{"date": {"$lt": {"$date": "2026-05-11T00:00:00Z"}}}'
    assert export("--dry-run", "--filter", wanted) == 0
    assert "dry run, export: 10 articles" in capsys.readouterr().out
    assert not Path("export").exists()
    assert store.runs.count_documents({}) == 0
    assert export("--where", wanted, "--limit", "4") == 0
    assert manifest()["counts"]["rows"] == 4
    assert manifest()["left_out"] == {"over_limit": 6}


def test_the_same_articles_give_the_same_bytes(store: Any) -> None:
    export()
    first = {path: path.read_bytes() for path in Path("export").rglob("*") if path.is_file()}
    rows = list(store.articles.find({}, {"_id": 0}))
    store.articles.delete_many({})
    store.articles.insert_many(rows[::-1])
    export()
    assert {path: path.read_bytes() for path in Path("export").rglob("*") if path.is_file()} == first


def test_an_export_of_samples_in_its_place_leaves_nothing_of_it(store: Any) -> None:
    export()
    store.samples.insert_one({"key": "a", "question": "q", "answer": "a", "language": "it", "sources": []})
    assert main(["export", "--format", "alpaca"]) == 0
    assert not Path("export/text").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "alpaca"], "--format text is of articles, alpaca of samples"),
        (["--filter", '{"min_similarity": {"$gt": 0.3}}'], "no field 'min_similarity' in articles"),
        (["--filter", '{"language": "vi"}'], "no article matches"),
        (["--filter", '{"date": {"$gtt": 1}}'], "no operator '$gtt'"),
        (["--limit", "0"], "no whole number from 1 up"),
    ],
)
def test_a_users_mistake_is_one_line(
    store: Any, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    try:
        status = export(*words)
    except SystemExit as stop:
        status = int(str(stop.code))
    error = capsys.readouterr().err
    assert status == 2
    assert message in error
    assert error.count("\n") == 1


def test_an_article_taken_down_meanwhile_ends_the_export(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    export()
    before = Path("export/text/train.jsonl").read_bytes()
    select = article_writer.select_articles

    def then_take_down(*words: Any) -> Any:
        selection = select(*words)
        store.takedowns.insert_one({"links": ["https://www.ansa.it/4.html"], "hashes": []})
        return selection

    monkeypatch.setattr(article_writer, "select_articles", then_take_down)
    assert export() == 2
    assert Path("export/text/train.jsonl").read_bytes() == before


def test_takedown_finds_it_and_says_how_to_write_it_again(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    export()
    capsys.readouterr()
    assert main(["takedown", "https://www.ansa.it/4.html"]) == 0
    assert "synth export --format text --out" in capsys.readouterr().out


def test_a_pipeline_checks_its_filter_against_articles(store: Any) -> None:
    path = Path("pipeline.yaml")
    path.write_text("steps:\n  - export: {format: [text], filter: {section: Politica}, out: texts}\n")
    (step,) = read_pipeline(path).steps
    step.check_filters(store)
