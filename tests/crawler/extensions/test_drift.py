"""The drift alarm: its arithmetic, and crawls of a newsstand whose newspaper changes its markup overnight."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from crawler.extensions import drift
from crawler.extensions.drift import Coverage, accept, compare, earlier, good, is_verdict, judge, warnings
from crawler.extensions.drift_statistics import (
    Blocks,
    bin_of,
    clustering,
    is_beyond,
    length_of,
    mann_whitney,
    overdispersion,
    quantiles,
    similarity,
    tail,
)
from crawler.extensions.run_log import exit_status
from crawler.items import Article
from demo.newsstand.server import Newsstand
from tests.crawler.loopback import serving

SCRAPY = Path(sys.executable).parent / "scrapy"
pytestmark = pytest.mark.timeout(240)
NOW = datetime(2026, 5, 7, tzinfo=UTC)

# --- arithmetic ------------------------------------------------------------------------------------------------------


def test_tail_is_fishers_exact_test() -> None:
    from scipy.stats import fisher_exact

    for bad, total, all_bad, all_total in ((3, 20, 1, 40), (16, 40, 10, 200), (0, 20, 5, 50), (20, 20, 0, 20)):
        table = [[bad, total - bad], [all_bad, all_total - all_bad]]
        assert tail(bad, total, all_bad, all_total) == pytest.approx(fisher_exact(table, "greater")[1], rel=1e-6)


def test_mann_whitney_of_histograms_is_that_of_their_values() -> None:
    from scipy.stats import mannwhitneyu

    dice = random.Random(1)
    one, other = ([dice.randint(low, low + 30) for _ in range(50)] for low in (10, 20))
    chance, larger = mann_whitney(Counter(one), Counter(other))
    expected = mannwhitneyu(one, other, method="asymptotic", use_continuity=False)
    assert chance == pytest.approx(expected.pvalue, rel=1e-6)
    assert larger == pytest.approx(expected.statistic / 2500)
    assert mann_whitney(Counter([5] * 30), Counter([5] * 30)) == (1.0, 0.5)


def test_bins_keep_lengths_to_a_few_per_cent() -> None:
    for length in (1, 7, 60, 1_000, 250_000):
        assert length_of(bin_of(length)) == pytest.approx(length, rel=0.03)
    assert quantiles(Counter(map(bin_of, range(1, 1001))))[2] == pytest.approx(500, rel=0.05)
    assert quantiles(Counter()) == []


def test_what_varied_before_counts_for_less() -> None:
    assert overdispersion([(5, 50), (5, 50), (6, 50)]) == 1.0
    assert overdispersion([(0, 50), (30, 50), (5, 50), (45, 50)]) > 10
    assert overdispersion([(5, 50), (25, 50)]) == 1.0, "two crawls show no variation"
    apart, mixed = Blocks(), Blocks()
    for index in range(400):
        apart.add(index % 200 < 100)
        mixed.add(index % 2)
    assert clustering([apart.note()], 0.25) > 10
    assert clustering([mixed.note()], 0.25) == 1.0
    assert clustering([], 0.25) == 1.0
    assert is_beyond(90, [100, 101, 99])
    assert not is_beyond(90, [100, 80, 99])


def test_similarity_is_that_of_words() -> None:
    assert similarity("Il gatto, il cane", "il cane il gatto") == 1
    assert similarity("a b c d", "a b x y") == 0.5
    assert similarity("", "") == 1
    assert similarity("a", "") == 0


# --- comparing -------------------------------------------------------------------------------------------------------


def article(number: int, **values: Any) -> Article:
    given = {"title": f"Titolo numero {number}", "description": "Sommario dell’articolo", "content": "Parola " * 100,
             "authors": ["Anna Bianchi"], "date": NOW, "section": "Cronaca", "tags": ["Roma"]}  # fmt: skip
    return Article(f"https://www.open.online/2026/05/07/n{number}/", **(given | values))


def note(count: int, refused: dict[str, int] | None = None, **values: Callable[[int], Any]) -> dict[str, Any]:
    coverage = Coverage("open", sample=0)
    for number in range(count):
        coverage.add(article(number, **{name: value(number) for name, value in values.items()}))
    refused = refused or {}
    return coverage.note({}, count + sum(refused.values()), refused)


def kinds(now: dict[str, Any], *before: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding.what, finding.field) for finding in compare(now, list(before))]


def test_a_field_that_empties_is_named_with_its_shares() -> None:
    (found,) = compare(note(40, authors=lambda number: ["Anna"] if number < 10 else []), [note(60)] * 3)
    assert (found.what, found.field, found.was, found.now, found.before, found.count) == (
        "filled", "authors", 1.0, 0.25, 180, 40)  # fmt: skip
    assert found.p < 1e-6


def test_few_articles_never_alarm() -> None:
    lost = {"authors": lambda number: [], "content": lambda number: "kurz"}
    assert kinds(note(19, **lost), note(500)) == []
    assert kinds(note(500, **lost), note(19)) == []
    assert kinds(note(20, **lost), note(10), note(10)) != [], "earlier crawls are pooled"
    assert kinds(note(500, **lost)) == []


def test_a_big_archive_does_not_alarm_over_a_little() -> None:
    fewer: dict[str, Any] = {"authors": lambda number: [] if number % 100 < 7 else ["Anna Bianchi"]}
    assert kinds(note(20_000, **fewer), note(20_000), note(20_000)) == []


def test_a_field_that_comes_and_goes_does_not_alarm() -> None:
    def share(percent: int) -> dict[str, Any]:
        return note(60, location=lambda number: "ROMA" if number * 37 % 100 < percent else "")

    assert kinds(share(10), share(90), share(20), share(85), share(35)) == []
    assert kinds(share(10), *[share(88)] * 4) == [("filled", "location")]


def test_lengths_alarm_both_ways_beyond_their_spread() -> None:
    def bodies(scale: float) -> dict[str, Any]:
        return note(60, content=lambda number: "x" * int(scale * (400 + 37 * (number * 17 % 60))))

    usual = [bodies(1), bodies(1.1), bodies(0.95)]
    assert kinds(bodies(1.2), *usual) == []
    assert kinds(bodies(0.3), *usual) == [("length", "content")]
    assert kinds(bodies(3), *usual) == [("length", "content")]
    assert kinds(bodies(0.3), bodies(1), bodies(0.25), bodies(1.1), bodies(0.9)) == [], "that short it was before"


def test_refusals_that_jump_alarm_by_reason_or_together() -> None:
    assert kinds(note(28, {"empty_body": 12}), note(60, {"gallery": 2})) == [("refused", "empty_body")]
    assert kinds(note(60, {"gallery": 3}), note(60, {"gallery": 2})) == []
    many = dict.fromkeys(("gallery", "podcast", "too_short", "no_title"), 9)
    assert kinds(note(64, many), note(200), note(200), note(200)) == [("refused", "any reason")]
    assert kinds(note(0, {"no_title": 40}), note(60)) == [("refused", "no_title")]


def test_outcomes_that_say_nothing_of_the_page_are_no_refusals() -> None:
    assert is_verdict("gallery")
    assert is_verdict("http_404")
    assert not any(map(is_verdict, ("http_503", "outside_dates", "also_at", "unreachable", "banned", "opted_out")))


def test_memory_is_flat_and_the_row_is_small() -> None:
    coverage = Coverage("open", sample=0)
    for number in range(5_000):
        coverage.add(article(number, authors=[], content="x" * (number + 1)), b"<html></html>")
    row = coverage.note({}, 5_000, {})
    assert len(json.dumps(row)) < 10_000
    assert coverage.links("filled", "authors") == [f"https://www.open.online/2026/05/07/n{n}/" for n in range(3)]
    assert coverage.links("length", "content") == [f"https://www.open.online/2026/05/07/n{n}/" for n in range(3)]
    assert coverage.links("length", "content", longer=True)[0].endswith("/n4999/")
    assert row["lengths"]["content"]["quantiles"][2] == pytest.approx(2_500, rel=0.05)


@pytest.mark.parametrize(("sample", "looked"), [(0, 0), (0.1, 20 + 18), (1, 200)])
def test_the_sample_is_as_large_as_asked_for(sample: float, looked: int) -> None:
    coverage = Coverage("open", sample)
    seen: list[str] = []
    coverage._look = lambda link, content, page: seen.append(link)  # type: ignore[method-assign]
    for number in range(200):
        coverage.add(article(number), b"<html></html>")
        for task in coverage._waiting:
            task.result()
    coverage.close()
    assert len(seen) == looked


def test_a_page_that_breaks_the_reader_is_left_out() -> None:
    coverage = Coverage("open", 1)
    coverage.add(article(1), b"\x00\x01\x02" * 500)
    coverage.add(article(2), b"")
    coverage.close()
    assert coverage.note({}, 2, {})["compared"] == 0


# --- which crawls before ---------------------------------------------------------------------------------------------


def row(index: int, size: int, drifted: bool = False, accepted: bool = False, month: str = "2026-05") -> dict[str, Any]:
    fields = {"pages": size, "articles": size, "month": month}
    return {"_id": index, "fields": fields, "started_at": NOW + timedelta(days=index),
            "drift": [{}] if drifted else [], "accepted": accepted}  # fmt: skip


def ids(rows: list[dict[str, Any]], month: str = "2026-05") -> list[int]:
    return [each["_id"] for each in good(rows, month)]


def test_degraded_crawls_and_the_small_ones_after_them_are_no_measure() -> None:
    rows = [row(6, 5), row(5, 50, drifted=True), row(4, 50), row(3, 5), row(2, 50, drifted=True), row(1, 50)]
    assert ids(rows) == [4, 1]
    rows[1]["accepted"] = True
    assert ids(rows) == [6, 5, 4, 1]
    assert ids([row(2, 50), row(1, 50, month="2019-03")]) == [2], "another year has another template"
    assert ids([row(1, 50, month="2019-03")], month="") == [1]


def test_accepting_begins_anew_with_the_last_degraded_crawl(database: Any) -> None:
    like = {"section": None}
    for index, drifted in enumerate([False, True, False]):
        one = row(index, 50 if index < 2 else 5, drifted)
        one["fields"]["like"] = like
        database.runs.insert_one(one | {"stage": "crawl:open", "outcome": "done"})
    assert [each["_id"] for each in earlier(database, "open", like)] == [2, 1, 0]
    assert earlier(database, "open", {"section": "sport"}) == []
    assert accept(database, earlier(database, "open", like))
    assert ids(earlier(database, "open", like)) == [2, 1]
    assert not accept(database, earlier(database, "open", like))


def test_the_warning_says_what_since_when_where_and_what_to_do() -> None:
    coverage = Coverage("open", 0)
    for number in range(40):
        coverage.add(article(number, authors=[], content="x" * 50))
    last = {"_id": 1, "fields": note(60), "started_at": NOW, "drift": []}
    found = judge(coverage, coverage.note({}, 40, {}), [last])
    rows = [drift.asdict(finding) for finding in found]
    lines = warnings("open", rows, accepted=False)
    assert lines[0].startswith("open: DRIFT: authors: filled in 0% of 40 articles, 100% of 60 before; last good crawl "
                               "2026-05-07 00:00 UTC; https://www.open.online/2026/05/07/n0/; ")  # fmt: skip
    assert lines[0].count("https://") == 3
    assert "content: about 49 characters (median of 40 articles), 693 before" in lines[1]
    assert "OpenPage's in crawler/spiders/open.py" in lines[-1]
    assert "scrapy crawl open --accept-drift" in lines[-1]
    assert "accepted" in warnings("open", rows, accepted=True)[-1]
    assert warnings("open", [], accepted=True) == []


@pytest.mark.parametrize(
    ("drifted", "accepted", "incomplete", "status"),
    [(True, False, 0, 3), (True, False, 2, 3), (True, True, 0, 0), (False, False, 2, 1)],
)
def test_worse_articles_go_before_missing_ones(drifted: bool, accepted: bool, incomplete: int, status: int) -> None:
    closing = {"reason": "finished", "closed": "", "incomplete": incomplete, "errors": 0,
               "drift": [{}] if drifted else [], "drift_accepted": accepted}  # fmt: skip
    assert exit_status(closing) == status


# --- crawls ----------------------------------------------------------------------------------------------------------

Redesign = Callable[[str, bytes], bytes]


@contextmanager
def redesigned(origin: str, change: Redesign) -> Iterator[str]:
    """The newspaper at `origin`, with its pages changed on the way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                with urllib.request.urlopen(origin + self.path) as answer:
                    status, kind, body = answer.status, answer.headers["Content-Type"], answer.read()
            except urllib.error.HTTPError as error:
                status, kind, body = error.code, error.headers["Content-Type"], error.read()
            body = change(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as address:
        yield address


@pytest.fixture(scope="module")
def papers(sample_records: list[dict[str, Any]]) -> Iterator[str]:
    """Open on three days, 30 articles each: sample articles again under other links, days and words."""
    kept = [record for record in sample_records if record["source_site"] == "Open"]
    days = []
    for day in ("01", "02", "03"):
        for number in range(30):
            record = dict(kept[number % len(kept)])
            record["link"] = f"https://www.open.online/2026/05/{day}/articolo-{number}/"
            record["content"] = f"Edizione {number} del giorno {day}, aggiornata.\n\n{record['content']}"
            record["date"] = f"2026-05-{day}T{8 + number // 6:02}:{number % 6}0:00+02:00"
            record.pop("date_modified", None)
            days.append(record)
    with Newsstand(days) as stand:
        yield stand.origins["open"]


Crawl = Callable[..., dict[str, Any]]


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    def run(origin: str, day: int, expect: int = 0, *more: str) -> dict[str, Any]:
        words = ["crawl", "open", "--json", f"-aorigin={origin}", f"-asince=2026-05-0{day}", f"-auntil=2026-05-0{day}"]
        environment = os.environ | {"MONGODB_URI": database_uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
        done = subprocess.run(
            [str(SCRAPY), *words, *more], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert done.returncode == expect, done.stderr[-3000:]
        assert "Traceback" not in done.stderr
        closing: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return closing | {"stderr": done.stderr}

    return run


def no_authors(path: str, page: bytes) -> bytes:
    return page.replace(b"container-meta-info", b"meta-info-2027") if "/articolo-" in path else page


def no_lead(path: str, page: bytes) -> bytes:
    return page.replace(b"post-excerpt", b"occhiello") if "/articolo-" in path else page


def no_body(path: str, page: bytes) -> bytes:
    """Two thirds of the pages lose their text to an application."""
    if "/articolo-" not in path or int(path.rstrip("/").rpartition("-")[2]) % 3 == 0:
        return page
    start, end = page.index(b'<div class="container-main-content">'), page.index(b'<div id="taboola')
    return page[:start] + b'<div class="container-main-content">' + page[end:]


def another_text(path: str, page: bytes) -> bytes:
    """Two thirds of the pages gain a longer text than their own, which our selectors know nothing of."""
    if "/articolo-" not in path or int(path.rstrip("/").rpartition("-")[2]) % 3 == 0:
        return page
    letters = (
        "<p>La redazione risponde ogni giorno alle lettere dei lettori, che chiedono dei treni e del tempo.</p>" * 20
    )
    start = page.index(b'<div class="container-main-content">')
    return page[:start] + f'<div class="entry-content">{letters}</div>'.encode() + page[start:]


def test_a_lost_byline_ends_with_status_3_until_it_is_accepted(crawl: Crawl, papers: str, database: Any) -> None:
    first = crawl(papers, 1)
    assert (first["drift"], first["counts"]["stored"]) == ([], 30)
    with redesigned(papers, no_authors) as origin:
        worse = crawl(origin, 2, 3)
        (found, *_) = [each for each in worse["drift"] if each["what"] == "filled"]
        assert (found["field"], found["was"], found["now"], found["count"]) == ("authors", 1.0, 0.0, 30)
        assert "open: DRIFT: authors: filled in 0% of 30 articles, 100% of 30 before" in worse["stderr"]
        assert worse["stderr"].count("https://www.open.online/2026/05/02/articolo-") >= 3
        assert "crawler/spiders/open.py" in worse["stderr"]
        assert database.runs.find_one({"drift.field": "authors"})["fields"]["filled"]["authors"] == 0
        # The degraded crawl is no measure for the next one, unless it is said to be right.
        assert crawl(origin, 3, 3)["drift"]
        assert crawl(origin, 3, 0, "--accept-drift")["counts"] == {}
        assert crawl(origin, 1, 0, "-arefresh=1")["drift"] == []


def test_a_healthy_second_crawl_and_a_small_one_say_nothing(crawl: Crawl, papers: str, database: Any) -> None:
    crawl(papers, 1)
    healthy = crawl(papers, 2)
    assert (healthy["drift"], "DRIFT" in healthy["stderr"]) == ([], False)
    run = database.runs.find_one({"fields.articles": 30, "configuration.since": "2026-05-02"})
    assert run["fields"]["filled"]["title"] == run["fields"]["articles"] == 30
    assert run["fields"]["found"]["content"] == [run["fields"]["compared"]] * 2
    with redesigned(papers, no_authors) as origin:
        assert crawl(origin, 3, 0, "-alimit=19")["drift"] == []


def test_an_element_that_moves_alarms_though_metas_fill_in_for_it(crawl: Crawl, papers: str) -> None:
    crawl(papers, 1)
    with redesigned(papers, no_lead) as origin:
        worse = crawl(origin, 2, 3)
        assert ("found", "description") in [(each["what"], each["field"]) for each in worse["drift"]]
        assert "description: its element (by LEAD of the page class) is on 0% of" in worse["stderr"]
        accepted = crawl(origin, 3, 0, "--accept-drift")
    assert accepted["drift"] == [], "the crawl before was accepted, and this one is like it"


def test_pages_refused_all_at_once_alarm_with_their_links(crawl: Crawl, papers: str) -> None:
    crawl(papers, 1)
    with redesigned(papers, no_body) as origin:
        worse = crawl(origin, 2, 3)
    found = next(each for each in worse["drift"] if each["what"] == "refused")
    # Lists of a day name articles of the days beside it, which are read as well.
    assert (found["field"], found["was"], found["count"], len(found["links"])) == ("empty_body", 0.0, 60, 3)
    assert worse["counts"]["empty_body"] == round(found["now"] * 60) > 20
    assert "DRIFT: refused (" in worse["stderr"]


def test_bodies_that_trafilatura_reads_otherwise_end_with_status_3(crawl: Crawl, papers: str, database: Any) -> None:
    crawl(papers, 1)
    assert crawl(papers, 2)["drift"] == []
    with redesigned(papers, another_text) as origin:
        worse = crawl(origin, 3, 3)
    # Nothing else tells: each field is as full and as long as it was.
    (found,) = worse["drift"]
    assert (found["what"], found["field"], found["was"], len(found["links"])) == ("differs", "content", 0.0, 3)
    assert 0.3 < found["now"] < 0.9
    share = f"{found['now']:.0%} of {found['count']} pages, 0% of {found['before']} before"
    assert f"open: DRIFT: content: trafilatura reads another body on {share}" in worse["stderr"]
    fields = database.runs.find_one({"drift.what": "differs"})["fields"]
    assert (fields["compared"], fields["differ"]) == (found["count"], round(found["now"] * found["count"]))


def test_without_a_sample_no_page_is_read_twice(crawl: Crawl, papers: str, database: Any) -> None:
    crawl(papers, 1, 0, "-sDRIFT_SAMPLE=0")
    fields = database.runs.find_one({})["fields"]
    assert (fields["compared"], fields["found"], fields["articles"]) == (0, {}, 30)
