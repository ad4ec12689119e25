"""Which samples an export takes, on which side each stands, and what the manifest says of them.

Covers synth.export.selection, synth.export.manifest.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.export import writer
from synth.export.selection import select
from tests.synth.export.test_command import bytes_of, manifest, sample
from tests.synth.export.test_command import store as store_fixture

store = store_fixture


def test_sources_name_the_articles_of_each_row(store: Any) -> None:
    store.samples.update_one({"event": "event3"}, {"$set": {"sources": []}})
    assert main(["export", "--format", "openai"]) == 0
    lines = Path("export/sources.jsonl").read_text(encoding="utf-8").splitlines()
    assert {row["key"]: row["links"] for row in map(json.loads, lines)} == {
        row["key"]: [source["link"] for source in row["sources"]] for row in store.samples.find()
    }


def test_of_duplicates_one_goes_out(store: Any) -> None:
    key = {number: sample(number)["key"] for number in range(20)}
    # 1 and 2 repeat 0; 4 and 5 repeat 3, which was rejected; 6 repeats one that is not there; 7 and 8 each other.
    for number, original in {1: key[0], 2: key[1], 4: key[3], 5: key[3], 6: "f" * 64, 7: key[8], 8: key[7]}.items():
        store.samples.update_one({"event": f"event{number}"}, {"$set": {"duplicate_of": original}})
    store.samples.update_one({"event": "event3"}, {"$set": {"status": "rejected"}})
    assert main(["export", "--format", "openai"]) == 0
    assert manifest()["left_out"] == {"duplicate": 4, "rejected": 1}
    out = {json.loads(line)["key"] for line in Path("export/sources.jsonl").read_text("utf-8").splitlines()}
    assert key[0] in out
    assert not {key[1], key[2], key[3]} & out
    assert len({key[4], key[5]} & out) == len({key[7], key[8]} & out) == 1
    assert key[6] in out
    assert main(["export", "--include-duplicates", "--format", "openai"]) == 0
    assert manifest()["left_out"] == {"rejected": 1}


def test_duplicates_of_another_wording_stay_on_one_side(store: Any) -> None:
    store.samples.update_one({"event": "event0"}, {"$set": {"duplicate_of": sample(19)["key"]}})
    assert main(["export", "--include-duplicates"]) == 0
    val = Path("export/litgpt/val.json").read_text(encoding="utf-8")
    assert ("«0»" in val) == ("«19»" in val)


def test_all_languages_of_a_sample_stay_on_one_side(store: Any) -> None:
    """Its source may be another sample here, one that the filter leaves out, or itself a translation."""
    origin = sample(0)["key"]
    chain = {1: origin, 19: sample(1)["key"], 18: "f" * 64, 2: "f" * 64}
    for number, source in chain.items():
        change = {"task": "translation", "language": ("vi", "fr")[number % 2], "provenance.translated_from": source}
        store.samples.update_one({"event": f"event{number}"}, {"$set": change})
    assert main(["export", "--format", "litgpt", "--test-fraction", "0.1"]) == 0
    texts = {name: Path(f"export/litgpt/{name}.json").read_text("utf-8") for name in ("train", "val", "test")}

    def side(number: int) -> list[str]:
        return [name for name, text in texts.items() if f"«{number}»" in text]

    assert side(0) == side(1) == side(19)
    assert side(2) == side(18)
    assert len(side(0)) == len(side(2)) == 1


def test_samples_that_share_an_article_stay_on_one_side(store: Any) -> None:
    """The same text under two links as well: a model must not be asked in validation what it has learnt."""
    article = {
        "link": "https://www.ansa.it/9/9.html",
        "title": "Lo stesso",
        "content": " ".join(f"parola{number}" for number in range(80)),
    }
    for number, link in ((0, article["link"]), (19, "https://www.ansa.it/9/copia.html")):
        store.samples.update_one({"event": f"event{number}"}, {"$push": {"sources": article | {"link": link}}})
    assert main(["export"]) == 0
    sides = Counter(
        (side, mark)
        for side in ("train", "val")
        for mark in ("«0»", "«19»")
        if mark in Path(f"export/litgpt/{side}.json").read_text(encoding="utf-8")
    )
    assert len({side for side, _ in sides}) == 1


def test_what_was_taken_down_never_goes_out(store: Any) -> None:
    link = "https://www.ansa.it/1/0.html"
    other = {"link": "https://www.ansa.it/x", "links": ["https://www.ansa.it/x", "https://www.ansa.it/2/1.html"]}
    store.takedowns.insert_many([{"link": link, "links": [link]}, other])
    assert main(["export", "--include-opted-out", "--include-duplicates"]) == 0
    assert manifest()["left_out"] == {"taken_down": 2}


def test_samples_removed_while_they_are_exported(
    store: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export"]) == 0
    before = bytes_of(Path("export"))
    real = writer.splits_of

    def then_removed(*words: Any) -> Any:
        found = real(*words)
        store.samples.delete_one({"event": "event3"})
        return found

    monkeypatch.setattr(writer, "splits_of", then_removed)
    assert main(["export"]) == 2
    assert "samples removed from the store meanwhile: 1: run it again" in capsys.readouterr().err
    assert bytes_of(Path("export")) == before


def test_contaminated_rows_and_personal_data_are_kept_and_told(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    store.samples.update_one({"event": "event1"}, {"$set": {"contaminated": [{"set": "vmlu"}]}})
    store.samples.update_one({"event": "event2"}, {"$set": {"personal_data": [{"kind": "email"}], "contaminated": []}})
    assert main(["export"]) == 0
    assert manifest()["counts"]["rows"] == 20
    assert manifest()["marked"] == {"contaminated": 1, "personal_data": 1}
    error = capsys.readouterr().err
    assert error.startswith("export: warning: samples that repeat rows of evaluation sets: 1; a filter that")
    assert error.count("\n") == 2
    for line in error.splitlines():
        wanted = line.partition("leaves them out: ")[2]
        assert main(["export", "--filter", wanted]) == 0
        assert manifest()["counts"]["rows"] == 19


def test_permission_is_summed_up(store: Any) -> None:
    rows = [
        {"link": "https://www.ansa.it/1/0.html", "permission": {"robots": True, "opt_out": False}},
        {"link": "https://www.ansa.it/1/1.html", "permission": {"robots": None, "opt_out": None}},
        {"link": "https://www.ansa.it/2/0.html", "permission": {"robots": True, "opt_out": True}},
    ]
    store.articles.insert_many(rows)
    assert main(["export"]) == 0
    assert manifest()["permission"] == {
        "articles": 38, "robots_allowed": {"unknown": 37, "yes": 1}, "rights_reserved": {"no": 1, "unknown": 37}
    }  # fmt: skip
    assert main(["export", "--include-opted-out"]) == 0
    assert manifest()["permission"]["rights_reserved"] == {"no": 1, "unknown": 38, "yes": 1}


def test_a_test_set_is_later_than_validation_and_that_than_training(store: Any) -> None:
    assert main(["export", "--test-fraction", "0.2"]) == 0
    counts = manifest()["counts"]
    assert [counts[name]["rows"] for name in ("train", "validation", "test")] == [13, 3, 4]
    assert counts["train"]["last_day"] < counts["validation"]["first_day"]
    assert counts["validation"]["last_day"] < counts["test"]["first_day"]
    assert manifest()["days_overlap"] is False
    assert len(json.loads(Path("export/litgpt/test.json").read_text(encoding="utf-8"))) == 4
    assert main(["export"]) == 0
    assert not Path("export/litgpt/test.json").exists()


def test_a_long_event_that_reaches_over_the_others_is_told(store: Any) -> None:
    store.samples.update_many({"event": {"$in": ["event0", "event19"]}}, {"$set": {"event": "long"}})
    assert main(["export", "--format", "huggingface"]) == 0
    assert manifest()["days_overlap"] is True
    assert "the splits overlap in time" in Path("export/huggingface/README.md").read_text(encoding="utf-8")


def test_what_is_left_out_unless_it_is_asked_for(store: Any) -> None:
    """Earlier turns that no chat has; a right that is reserved; a duplicate."""
    history = [{"role": "assistant", "content": "Sì."}]
    store.samples.update_many({"event": {"$in": ["event1", "event2", "event3"]}}, {"$set": {"history": history}})
    store.samples.update_one({"event": "event4"}, {"$set": {"duplicate_of": sample(5)["key"]}})
    store.articles.insert_one({"link": "https://www.ansa.it/6/0.html", "permission": {"opt_out": True}})
    assert select(store, {}).left_out == {"broken_history": 3, "duplicate": 1, "opted_out": 1}
    everything = select(store, {}, include_opted_out=True, include_duplicates=True)
    assert everything.left_out == {"broken_history": 3}
    assert len(everything.rows) == 17
