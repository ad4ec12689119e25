"""`synth report`: its numbers are the store's, its page is whole, safe, offline, and fits a phone.

Covers synth.report.agreement, synth.report.charts, synth.report.collect, synth.report.funnel, synth.report.training.

Covers synth.dedupe, synth.score (the line that comes next).
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.report.collect import KEYS
from tests.chromium import CHROMIUM
from tests.synth.report.filled_store import fill, training
from tests.synth.report.html_page import Page, assert_sound, heading_levels


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


def test_what_crawls_refused_and_left_out_is_counted_as_the_terminal_counts_it(database: Any) -> None:
    """Pages from the store, where each stands once; links from each newspaper's newest crawl."""
    from crawler.mongo import run_of
    from synth.report.funnel import collect_funnel, refused

    database.articles.insert_many([{"link": f"https://www.ansa.it/{number}.html"} for number in range(5)])
    rows = [(1, "gallery"), (2, "gallery"), (3, "no_date")]
    database.refusals.insert_many([{"link": f"https://www.ansa.it/r{n}.html", "reason": why} for n, why in rows])
    for name, skipped in (
        ("ansa", {"video": 9}),
        ("ansa", {"video": 4, "liveblog": 1}),
        ("open", {"video": 2, "listing_page": 52, "outside_dates": 7}),
    ):
        with run_of(database, f"crawl:{name}", {}) as run:
            run.notes["skipped"] = skipped
            run.counts.update({"stored": 5, "gallery": 2} if skipped == {"video": 9} else {"empty_body": 1})
    assert refused(database) == {"gallery": 2, "no_date": 1, "video": 6, "liveblog": 1}
    first = collect_funnel(database, dict.fromkeys(("count", "scored", "judged", "unread"), 0))["steps"][0]
    losses = {loss["reason"]: loss["count"] for loss in first["losses"]}
    # What was refused and is not remembered, to be tried again, is in the counts of the runs alone.
    assert losses == {"gallery": 2, "no_date": 1, "video": 6, "liveblog": 1, "empty_body": 2}
    assert first["count"] == 5 + sum(losses.values())


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
    # A training that is not there cannot be shown.
    assert re.fullmatch(r"report: page\.html \(\d+ kB\): .*; open page\.html\n", capsys.readouterr().out)
    Path("out/tiny-news").mkdir(parents=True)
    assert main(["report", "--out", "page.html"]) == 0
    assert capsys.readouterr().out.endswith("; next: synth report --training out/tiny-news\n")


def test_an_empty_store_names_the_chain_as_its_steps_do(
    database: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from synth.commands import commands
    from synth.report.collect import collect

    monkeypatch.chdir(tmp_path)
    lines = [step["command"] for step in collect(database)["next"]]
    assert lines[0].startswith("scrapy crawl ")
    assert lines[1:] == [
        commands()[name].following for name in ("import", "cluster", "summarize", "score", "dedupe")
        if name != "summarize"
    ]  # fmt: skip
    database.samples.insert_one({"key": "1", "answer": "Sì."})
    lines = [step["command"] for step in collect(database)["next"]]
    assert lines[2:] == [commands()[name].following for name in ("summarize", "score", "dedupe")]


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
