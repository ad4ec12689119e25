"""`synth report`: its numbers are the store's, its page is whole, safe, offline, and fits a phone.

Covers synth.report.agreement, synth.report.charts, synth.report.collect, synth.report.funnel, synth.report.page,
synth.report.training.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.report.collect import KEYS
from synth.report.page import TEMPLATES
from synth.report.quality import TOXICITIES
from synth.samples.sample import CURRENT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
EVIL = '$x_{$</style></svg><script>document.title="ran"</script><img src=x onerror="document.title=\'ran\'">&amp;"\''
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


class Page(HTMLParser):
    """Elements of a page, and whether each end tag ends the element that was opened last."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.faults.append(f"</{tag}> at {self.getpos()} within {self.open[-3:]}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]


def assert_sound(page: Page) -> None:
    """Well-formed, self-contained, every anchor there once, every chart with a name."""
    assert not page.faults
    ids = page.values("id")
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    targets = [link.removeprefix("#") for link in page.values("href") if link.startswith("#")]
    assert {*targets, *page.values("xlink:href")} - {"", *ids} <= {f"#{name}" for name in ids}
    assert all(set(name.split()) <= set(ids) for name in page.values("aria-labelledby"))
    assert not {"script", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in page.elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.values("src") == page.values("srcset") == []
    outside = [(tag, link) for tag, attributes in page.elements if (link := attributes.get("href")) and link[0] != "#"]
    assert {tag for tag, link in outside if link != "data:,"} <= {"a"}
    assert all(re.match(r"https?://", link) for tag, link in outside if tag == "a")
    styles = "".join(page.texts) + "".join(page.values("style"))
    assert not re.search(r"@import|url\((?!#)", styles)


def heading_levels(page: Page) -> list[int]:
    return [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]


def fill(database: Any, records: list[dict[str, Any]], folder: Path) -> None:
    """A store as the chain leaves it, but for the samples' texts: each is the first lines of its sources."""
    file = folder / "articles.jsonl"
    file.write_text("\n".join([*(json.dumps(row, ensure_ascii=False) for row in records), "{broken"]), encoding="utf-8")
    assert main(["import", str(file)]) == 0
    assert main(["cluster"]) == 0
    for cluster in database.clusters.find({"current": True}):
        rows = list(database.articles.find({"_id": {"$in": cluster["articles"]}}).sort("date", 1))
        sources = [
            {name: row[name] for name in ("title", "link", "date", "content", "tags", "source_site")} for row in rows
        ]
        answer = " ".join(row["content"].partition("\n")[0] for row in rows)
        database.samples.insert_one(
            {"key": cluster["event"], "event": cluster["event"], "task": "news_summary", "question": "?\n\n…",
             "instruction": "Riassumi.", "answer": answer, "language": cluster["language"], "sources": sources,
             "date": rows[-1]["date"], "status": "new", "superseded": False, "created_at": datetime.now(UTC),
             "provenance": {"model": "extractive", "prompt": "news_summary/1"}}
        )  # fmt: skip
    newest = [row["_id"] for row in database.samples.find().sort("key", -1).limit(3)]
    database.samples.update_one({"_id": newest[0]}, {"$set": {"status": "rejected"}})
    database.samples.update_one({"_id": newest[1]}, {"$set": {"superseded": True}})
    assert main(["score"]) == 0
    measure(database)
    assert main(["export", "--out", str(folder / "export"), "--filter", '{"language": "it"}']) == 0


def measure(database: Any) -> None:
    """Scores of every kind, so that each is there, absent, and null somewhere; the first sample by key is the worst."""
    rows = list(database.samples.find(CURRENT).sort("key", 1))
    for number, row in enumerate(rows):
        vi = row["language"] == "vi"
        facts = [("73", "number"), ("Zorro", "name")] if number == 0 else [("73", "number")] if number % 5 == 1 else []
        scores = {
            "answer": row["answer"] + "".join(f" Ne contano {text}." for text, _ in facts),
            "unsupported": [text for text, _ in facts], "unsupported_kinds": [kind for _, kind in facts],
            "min_support": 0.5 + number / 100, "accuracy": None if number == 2 else 0 if number == 0 else 4.5,
            "acc_explanation": f"So {EVIL}", "helpfulness": 3,
            "judge": {"model": "openai:m", "prompt": "judge/1", "repeats": 2, "accuracy": [4, 5 if number == 3 else 4],
                      "calls": [f"{number:064x}"]},
            "contaminated": [{"set": "mmlu", "row": 3, "overlap": 0.5}] if number == 4 else [],
            "personal_data": [{"kind": "email", "field": "answer", "start": 0, "end": 3}] if number == 5 else [],
            **({"duplicate_of": "k", "duplicate_kind": "near"} if number == 6 else {}),
        }  # fmt: skip
        if number != 7:
            scores |= {**dict.fromkeys(TOXICITIES, 0.001), "toxicity": 0.9 if number == 0 else 0.002,
                       "sexual_explicit": None if vi else 0.001, "toxicity_model": "vi-model" if vi else "multilingual",
                       "toxicity_calibrated": not vi}  # fmt: skip
        database.samples.update_one({"_id": row["_id"]}, {"$set": scores})
    call = {"llm": "openai:m", "prompt_tokens": 1000, "completion_tokens": 50, "cost": 0.01}
    database.llm_calls.insert_many([{**call, "hash": f"{number:064x}"} for number in range(len(rows))])
    database.llm_calls.insert_one({**call, "hash": "f" * 64, "cost": None, "llm": "openai:dear"})


@pytest.fixture(scope="module")
def workplace(
    server_uri: str, sample_records: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Path]]:
    """(a filled database, the folder in which commands run); nobody changes it."""
    from crawler.mongo import connect, with_database

    folder = tmp_path_factory.mktemp("report")
    uri = with_database(server_uri, f"test_report_{os.getpid()}")
    database = connect(uri)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MONGODB_URI", uri)
        patch.chdir(folder)
        fill(database, sample_records, folder)
        training(folder / "run")
        yield database, folder
    database.client.drop_database(database.name)
    database.client.close()


def training(folder: Path) -> Path:
    """What LitGPT and `train generate` leave."""
    logs = folder / "logs/csv/version_0"
    logs.mkdir(parents=True)
    lines = ["epoch,iter,iter_time,loss,step,val_loss"]
    lines += [f"1,{step},0.5,{4 - step / 20},{step}," for step in range(1, 41)]
    lines.insert(21, ",,,,,3.5")
    lines += [",,,,,2.75", ",,,,,2.75"]
    (logs / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "final").mkdir()
    (folder / "final/hyperparameters.yaml").write_text(
        "checkpoint_dir: checkpoints/tiny\nlora_r: 16\ntrain: {global_batch_size: 4, micro_batch_size: 2, epochs: 9}\n",
        encoding="utf-8",
    )
    rows = [
        {"id": number, "prompt": f"Riassumi {EVIL}", "text": f"{stage} {number} {EVIL}", "stage": stage}
        for stage in ("before", "after")
        for number in range(2)
    ]
    (folder / "generations.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def report(workplace: tuple[Any, Path]) -> tuple[str, dict[str, Any]]:
    """(page, numbers) of the filled store."""
    from synth.report.collect import collect
    from synth.report.page import render

    numbers = collect(workplace[0], training=workplace[1] / "run")
    return render(numbers), json.loads(json.dumps(numbers))


def test_the_page_is_sound(report: tuple[str, dict[str, Any]]) -> None:
    page = Page(report[0])
    assert_sound(page)
    assert page.elements[0] == ("html", {"lang": "en"})
    levels = heading_levels(page)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    charts = [svg for svg in page.all("svg") if svg.get("class") == "chart"]
    named = {str(chart["aria-labelledby"]).split()[0] for chart in charts}
    assert named == {
        f"{name}-title" for name in ("days", "sample-days", "events", "sources", "similarity", "variability", "kinds",
                                     "support", "toxicity", "accuracy", "loss")
    }  # fmt: skip
    assert all(chart["role"] == "img" and chart["aria-labelledby"] for chart in charts)


def test_the_numbers_are_the_stores(report: tuple[str, dict[str, Any]], workplace: tuple[Any, Path]) -> None:
    database, numbers = workplace[0], report[1]
    events = {"current": True, "size": {"$gte": 2}}
    current = {"superseded": {"$ne": True}, "status": {"$ne": "rejected"}}
    assert numbers["headline"]["articles"] == database.articles.count_documents({})
    assert numbers["headline"]["events"] == database.clusters.count_documents(events)
    assert numbers["headline"]["samples"] == database.samples.count_documents(current)
    assert {row["source_site"]: row["articles"] for row in numbers["newspapers"]} == Counter(
        row["source_site"] for row in database.articles.find()
    )
    assert sum(map(sum, numbers["days"]["series"].values())) == numbers["headline"]["articles"]
    sizes = Counter(min(row["size"], 8) for row in database.clusters.find(events))
    assert {row["size"]: row["events"] for row in numbers["events"]["sizes"]} == sizes
    means = sorted(row["mean_similarity"] for row in database.samples.find(current))
    assert numbers["similarity"]["mean"] == pytest.approx(sum(means) / len(means), abs=1e-6)
    assert numbers["similarity"]["p50"] == pytest.approx(means[(len(means) - 1) // 2], abs=1e-4)
    bins = Counter(min(19, int(mean * 20 + 1e-9)) for mean in means)
    assert numbers["similarity"]["mean_bins"] == [bins[place] for place in range(20)]
    for row in numbers["languages"]:
        assert row["articles"] == database.articles.count_documents({"language": row["language"]})
        assert row["samples"] == database.samples.count_documents({**current, "language": row["language"]})
    assert [row["stage"] for row in numbers["runs"]] == ["import", "cluster", "score", "export"]


def test_the_funnel_adds_up(report: tuple[str, dict[str, Any]], workplace: tuple[Any, Path]) -> None:
    database = workplace[0]
    steps = {step["name"]: step for step in report[1]["funnel"]["steps"]}
    lost = {name: {row["reason"]: row["count"] for row in step["losses"]} for name, step in steps.items()}
    assert lost["Rows read"] == {"no_json": 1}
    assert steps["Rows read"]["count"] - 1 == steps["Articles stored"]["count"] == database.articles.count_documents({})
    members = {link for row in database.clusters.find({"current": True}) for link in row["links"]}
    assert steps["Articles in events"]["count"] == len(members)
    assert lost["Articles stored"] == {"in_no_event": steps["Articles stored"]["count"] - len(members)}
    # The sample that was superseded without another in its place leaves its event without one.
    assert lost["Events"] == {"no_sample_yet": 1}
    assert steps["Events"]["count"] - 1 == steps["Samples"]["count"]
    assert lost["Samples"]["rejected"] == 1
    assert steps["Samples"]["count"] - sum(lost["Samples"].values()) == steps["Exported"]["count"]
    assert lost["Samples"]["not_named_by_the_filter"] > 0


def test_what_a_crawl_left_behind_has_its_name(database: Any) -> None:
    from crawler.mongo import run_of
    from synth.report.funnel import collect_funnel

    database.articles.insert_many([{"link": f"https://www.ansa.it/{number}.html"} for number in range(5)])
    counts = {"fetched": 12, "stored": 5, "unchanged": 2, "also_at": 1, "gallery": 3, "newsmill/dropped/no_date": 1}
    for name in ("ansa", "open"):
        with run_of(database, f"crawl:{name}", {}) as run:
            run.counts.update(counts if name == "ansa" else {"dropped": {"gallery": 1}})  # type: ignore[dict-item]
    first = collect_funnel(database, dict.fromkeys(("count", "scored", "judged", "unread"), 0))["steps"][0]
    assert (first["name"], first["count"]) == ("Pages read", 13)
    assert first["losses"] == [
        {"reason": "gallery", "count": 4}, {"reason": "in_the_store_already", "count": 3},
        {"reason": "no_date", "count": 1},
    ]  # fmt: skip


def test_training(report: tuple[str, dict[str, Any]]) -> None:
    told = report[1]["training"]
    assert told["summary"]["steps"] == 20
    assert told["summary"]["first_loss"] == 3.95
    assert told["summary"]["last_loss"] == 2.0
    assert (told["summary"]["first_val_loss"], told["summary"]["last_val_loss"]) == (3.5, 2.75)
    assert [row for row in told["curve"] if "val_loss" in row] == [
        {"step": 10, "val_loss": 3.5}, {"step": 20, "val_loss": 2.75}
    ]  # fmt: skip
    assert [(row["before"][:8], row["after"][:7]) for row in told["texts"]] == [
        ("before 0", "after 0"), ("before 1", "after 1")
    ]  # fmt: skip
    assert {"name": "LoRA rank", "value": "16"} in told["settings"]


def test_answers_are_traced_to_their_sources(report: tuple[str, dict[str, Any]]) -> None:
    cards = [card for kind in report[1]["cards"].values() for card in kind]
    assert len({card["key"] for card in cards}) == len(cards) == 20
    assert all(card["traced"]["verbatim"] > 0 for card in cards)
    page = Page(report[0])
    named = [link for link in page.all("a") if str(link.get("aria-label")).startswith("word for word in source")]
    assert len(named) == sum(part["how"] == "verbatim" for card in cards for row in card["paragraphs"] for part in row)
    links = {link["href"] for link in page.all("a")}
    assert all(source["link"] in links for card in cards for source in card["sources"])


def test_the_same_store_gives_the_same_page(workplace: tuple[Any, Path]) -> None:
    from synth.report.collect import collect
    from synth.report.page import render

    now = datetime(2026, 5, 12, tzinfo=UTC)
    pages = {render(collect(workplace[0], seed=3, now=now)) for _ in range(2)}
    assert len(pages) == 1
    assert render(collect(workplace[0], seed=4, now=now)) not in pages


def test_command_and_json(workplace: tuple[Any, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--out", "reports/page.html", "--training", "run", "--json"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert list(numbers) == list(KEYS)
    assert numbers["headline"]["articles"] == workplace[0].articles.count_documents({})
    assert numbers["next"] == []
    assert Page(Path("reports/page.html").read_text(encoding="utf-8")).faults == []
    assert main(["report", "--out", "page.html"]) == 0
    assert re.fullmatch(
        r"report: page\.html \(\d+ kB\): .*; next: synth report --training .*\n", capsys.readouterr().out
    )


@pytest.mark.parametrize("training_too", [False, True])
def test_an_empty_store_says_what_to_run(
    database: Any, database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], training_too: bool,
) -> None:  # fmt: skip
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main(["report", *(["--training", "empty"] if training_too else [])]) == 0
    assert capsys.readouterr().out.endswith("; next: scrapy crawl ansa -a limit=200\n")
    text = Path("report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert_sound(page)
    assert "The store is empty" in text
    assert "<code>synth cluster</code>" in text


def test_every_stage_of_filling_has_a_page(database: Any, database_uri: str) -> None:
    """Rows as poor as they may come: fields missing, of another type, unscored, without sources."""
    from synth.report.collect import collect
    from synth.report.page import render

    day = datetime(2026, 5, 1, tzinfo=UTC)
    database.articles.insert_one({"link": "https://a.it/1"})
    assert_sound(Page(render(collect(database))))
    database.articles.insert_many(
        [{"link": f"https://a.it/{n}", "date": day + timedelta(days=400 * n)} for n in (2, 3)]
    )
    database.clusters.insert_one({"current": True, "size": 2, "articles": [1, 2], "event": "e"})
    assert_sound(Page(render(collect(database))))
    database.samples.insert_one({"key": "1", "answer": None})
    database.samples.insert_one({"key": "2", "answer": "Sì.", "mean_similarity": None, "similarity": [], "sources": []})
    numbers = collect(database)
    assert (numbers["samples"]["count"], numbers["samples"]["unscored"]) == (2, 2)
    assert_sound(Page(render(numbers)))
    database.samples.insert_one({"key": "3", "answer": "Sì.", "mean_similarity": 0.5, "min_similarity": 0.5,
                                 "similarity": [0.5], "sources": [{"content": "Sì."}]})  # fmt: skip
    # One field of a stage without the others that it writes.
    for number, name in enumerate(("accuracy", "toxicity", "unsupported", "min_support", "judge", "personal_data")):
        value = {"unsupported": ["7"], "judge": {}, "personal_data": [{}]}.get(name, 0.5)
        database.samples.insert_one({"key": f"4{number}", name: value, "sources": "none"})
        assert_sound(Page(render(collect(database))))
    database.llm_calls.insert_one({"hash": "none", "model": "m"})
    database.runs.insert_one({"stage": "other", "started_at": day, "outcome": "running"})
    assert_sound(Page(render(collect(database))))


def test_nothing_from_a_newspaper_runs(database: Any) -> None:
    from crawler.mongo import run_of
    from synth.report.collect import collect
    from synth.report.page import render

    source = {"title": EVIL, "link": "javascript:alert(1)", "content": f"{EVIL}. Altro.", "source_site": EVIL}
    database.articles.insert_one(
        {"link": "https://a.it/1", "source_site": EVIL, "language": EVIL, "date": datetime(2026, 5, 1, tzinfo=UTC)}
    )
    database.samples.insert_one(
        {"key": f"k{EVIL}", "task": EVIL, "question": EVIL, "instruction": EVIL, "answer": f"{EVIL}.\n\nAltro.",
         "language": f'it" onload="x{EVIL}', "detected_language": EVIL, "status": EVIL, "sources": [source],
         "similarity": [0.5], "mean_similarity": 0.5, "min_similarity": 0.5, "similarity_embedder": EVIL,
         "provenance": {"model": EVIL, "prompt": EVIL, "calls": ["f" * 64]}, "unsupported": [EVIL, "Altro"],
         "unsupported_kinds": [EVIL, EVIL], "min_support": 0.5, "toxicity": 0.5, "toxicity_model": EVIL,
         "accuracy": 1, "acc_explanation": EVIL, "judge": {"model": EVIL, "prompt": EVIL, "accuracy": [1, 2]},
         "contaminated": [{"set": EVIL}], "personal_data": [{"kind": EVIL}], "duplicate_of": EVIL,
         "duplicate_kind": EVIL, "sentence_sources": [0], "sentence_support": [0.5],
         "date": datetime(2026, 5, 1, tzinfo=UTC)}
    )  # fmt: skip
    database.llm_calls.insert_one({"hash": "f" * 64, "llm": EVIL, "cost": None})
    database.ratings.insert_one({"item": f"k{EVIL}", "rater": EVIL, "accuracy": 3, "comment": EVIL})
    with run_of(database, f"crawl:{EVIL}", {EVIL: EVIL}) as run:
        run.counts.update({EVIL: 3})
    text = render(collect(database))
    page = Page(text)
    assert_sound(page)
    assert "<script" not in text
    assert "<img" not in text
    assert 'document.title="ran"' in "".join(page.texts)


def test_a_users_mistake_is_one_line(workplace: tuple[Any, Path], capsys: pytest.CaptureFixture[str]) -> None:
    bad = Path("bad/logs")
    bad.mkdir(parents=True)
    (bad / "metrics.csv").write_text("loss,step\nfour,1\n", encoding="utf-8")
    for words, said in (
        (["--training", "nowhere"], "no such folder"),
        (["--training", "bad"], "cannot read bad/logs/metrics.csv"),
        (["--out", "run"], "it is a folder"),
        (["--out", "articles.jsonl/report.html"], "cannot write articles.jsonl"),
    ):
        assert main(["report", *words]) == 2
        error = capsys.readouterr().err
        assert error.startswith("report: ")
        assert said in error
        assert error.count("\n") == 1


def test_a_full_disk_leaves_the_old_report(
    workplace: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("old.html").write_text("old", encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert main(["report", "--out", "old.html"]) == 2
    assert "No space left on device: make room, then run it again" in capsys.readouterr().err
    assert Path("old.html").read_text(encoding="utf-8") == "old"


def test_losses_that_are_no_numbers_are_told(workplace: tuple[Any, Path], tmp_path: Path) -> None:
    from synth.report.training import collect_training

    folder = training(tmp_path / "run")
    log = folder / "logs/csv/version_0/metrics.csv"
    log.write_text("iter,loss,step,val_loss\n1,nan,1,\n2,3.0,2,\n,,,nan\n", encoding="utf-8")
    told = collect_training(folder)
    assert told["summary"]["not_a_number"] == 2
    assert told["summary"]["last_val_loss"] is None
    json.dumps(told, allow_nan=False)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read_in_light_dark_and_print() -> None:
    """WCAG 2.2: 4.5 for text, 3 for what charts are made of."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    themes = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6}|#[0-9a-f]{3});", block))
              for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)]  # fmt: skip
    assert len(themes) == 3
    for theme in themes:
        full = {
            name: code if len(code) == 7 else "#" + "".join(2 * c for c in code[1:]) for name, code in theme.items()
        }
        for text in ("ink", "muted", "accent"):
            for ground in ("paper", "panel"):
                assert _contrast(full[text], full[ground]) >= 4.5, (text, ground)
        assert _contrast(full["ink"], full["mark"]) >= 4.5
        assert _contrast(full["ink"], full["flaw"]) >= 4.5
        for number in range(1, 5):
            assert _contrast(full[f"series-{number}"], full["paper"]) >= 3, number


#: Whether what a link of an answer points at is within its source's box, and that within the window.
IN_SIGHT = """() => {
  const inside = (one, other) => one.top >= other.top - 2 && one.top < other.bottom;
  const mark = document.querySelector("mark:target"), place = mark.getBoundingClientRect();
  const box = mark.closest(".text").getBoundingClientRect();
  return inside(place, box) && inside(place, {top: 0, bottom: innerHeight});
}"""
#: Elements that stick out of the page, words of charts included, but for what stands in a box that scrolls.
WIDER = """() => [...document.querySelectorAll("main *, .masthead *, nav *, footer *")]
  .filter(part => !part.closest(".scroll, .skip") && (part.tagName == "text" || !part.closest("svg")))
  .filter(part => part.getBoundingClientRect().right > innerWidth || part.getBoundingClientRect().left < 0)
  .map(part => part.outerHTML.slice(0, 120))"""


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (360, "dark"), (320, "light"), (1280, "light"), (1280, "dark")]
)
def test_in_a_browser_without_network(
    report: tuple[str, dict[str, Any]], tmp_path: Path, width: int, scheme: str
) -> None:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    file = tmp_path / "report.html"
    file.write_text(report[0], encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True, reduced_motion="reduce"
        ).new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        assert page.title().startswith("Newsmill: ")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.locator(".answer sup a").first.click()
        assert page.evaluate(IN_SIGHT)
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        wider = page.evaluate(WIDER)
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert said == []
    assert asked == [file.as_uri()]
    assert wide <= width
    assert wider == []
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 384) == (scheme == "light")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
def test_on_paper(report: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    """Addresses are printed, whole sources are shown, no card that fits a page is broken over two."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    file = tmp_path / "report.html"
    file.write_text(report[0], encoding="utf-8")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # A4 within margins of 16 mm, at 96 dots an inch.
        page = browser.new_context(viewport={"width": 673, "height": 1001}, offline=True).new_page()
        page.emulate_media(media="print", color_scheme="dark")
        page.goto(file.as_uri())
        ground = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')")
        address = page.evaluate("getComputedStyle(document.querySelector('.source h5 a'), '::after').content")
        hidden = page.evaluate("getComputedStyle(document.querySelector('nav')).display")
        kept = page.evaluate("[...document.querySelectorAll('.card')].map(c => getComputedStyle(c).breakInside)")
        tall = page.evaluate("[...document.querySelectorAll('.card')].map(c => c.getBoundingClientRect().height)")
        wide = page.evaluate("document.documentElement.scrollWidth")
        pdf = page.pdf(format="A4", prefer_css_page_size=True)
        browser.close()
    assert ground.strip() == "#fff"
    assert "attr(href)" in address or "https://" in address
    assert hidden == "none"
    assert set(kept) == {"avoid"}
    assert max(tall) <= 1001
    assert wide <= 673
    assert pdf.startswith(b"%PDF")
