"""The drift alarm on real articles: how often it sounds where nothing changed, how often it notices what did.

Crawls are drawn at random from the articles of one newspaper: one to judge, and five before it. Without a change every
alarm is false. Then one thing at a time is broken in the crawl to judge. At last the articles come in order of time, 40
a crawl, each judged by the one, three or five before it: there the news itself varies, and every alarm is false as
well. Rows that hold no article count as refused where nothing is broken.

Run: python benchmarks/crawl/bench_drift.py [--repeats 1000] [--data ../shared/data/it_news_2024/articles.jsonl]
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from crawler.extensions.drift.comparison import compare
from crawler.extensions.drift.coverage import FieldCoverage
from crawler.items import Article, RecordError, article_from_record

ROOT = Path(__file__).resolve().parents[2]
EARLIER = 5
#: An article, or the reason why a page is none.
Outcome = Article | str
Change = Callable[[Outcome, random.Random], Outcome]


def populations(paths: list[Path]) -> dict[str, list[Outcome]]:
    """Newspaper and file -> its articles and refusals."""
    groups: dict[str, list[Outcome]] = {}
    for path in paths:
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            site = row.get("source_site") or site_in(str(row.get("link")))
            try:
                outcome: Outcome = article_from_record(row)
            except RecordError as error:
                outcome = error.reason
            groups.setdefault(f"{site}, {path.parent.name}", []).append(outcome)
    return {name: rows for name, rows in groups.items() if len(rows) >= 20}


def site_in(link: str) -> str:
    names = {"ansa.it": "Ansa", "ilpost.it": "IlPost", "open.online": "Open"}
    return next((name for host, name in names.items() if host in link), "other")


def note(outcomes: list[Outcome]) -> dict[str, Any]:
    """The note of a crawl that met these."""
    coverage, refusals = FieldCoverage("ansa", sample=0), Counter[str]()
    for outcome in outcomes:
        if isinstance(outcome, str):
            refusals[outcome] += 1
        else:
            coverage.add(outcome)
    return coverage.note({}, len(outcomes), refusals)


def draw(outcomes: list[Outcome], sizes: list[int], rng: random.Random) -> list[list[Outcome]]:
    """Crawls without a common article; with replacement where there are too few."""
    total = sum(sizes)
    sample = rng.sample(outcomes, total) if len(outcomes) >= total else rng.choices(outcomes, k=total)
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    return [sample[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def alarms(
    outcomes: list[Outcome], size: int, before: int, repeats: int, change: Change | None, setup: Change | None = None
) -> float:
    """Share of crawls that end with an alarm; `setup` changes every crawl, `change` the one to judge."""
    rng, alarm_count = random.Random(7), 0
    for _ in range(repeats):
        crawls = draw(outcomes, [size] + [before // EARLIER] * EARLIER, rng)
        if setup:
            crawls = [[setup(outcome, rng) for outcome in crawl] for crawl in crawls]
        if change:
            crawls[0] = [change(outcome, rng) for outcome in crawls[0]]
        alarm_count += bool(compare(note(crawls[0]), [note(crawl) for crawl in crawls[1:]]))
    return alarm_count / repeats


def in_order(outcomes: list[Outcome], size: int, before: int) -> tuple[int, int]:
    """(alarms, crawls) where each crawl holds the next articles in order of time, judged by those before it."""
    articles = sorted(
        (outcome for outcome in outcomes if isinstance(outcome, Article)), key=lambda outcome: str(outcome.date)
    )
    notes = [note(list(articles[start : start + size])) for start in range(0, len(articles) - size + 1, size)]
    verdicts = [compare(notes[at], notes[at - before : at]) for at in range(before, len(notes))]
    return sum(map(bool, verdicts)), len(verdicts)


def empty_field(field: str, keep: float) -> Change:
    """A field that is left in a share of the articles."""

    def change(outcome: Outcome, rng: random.Random) -> Outcome:
        if isinstance(outcome, str) or rng.random() < keep:
            return outcome
        return replace(outcome, **{field: type(getattr(outcome, field))()})

    return change


def fill_field(field: str, share: float, value: Any) -> Change:
    """A field that is filled in a share of the articles of every crawl."""

    def change(outcome: Outcome, rng: random.Random) -> Outcome:
        if isinstance(outcome, str):
            return outcome
        return replace(outcome, **{field: value if rng.random() < share else type(value)()})

    return change


def keep_first_paragraph(outcome: Outcome, _rng: random.Random) -> Outcome:
    return outcome if isinstance(outcome, str) else replace(outcome, content=outcome.content.split("\n\n")[0][:400])


def halve_body(outcome: Outcome, _rng: random.Random) -> Outcome:
    return (
        outcome if isinstance(outcome, str) else replace(outcome, content=outcome.content[: len(outcome.content) // 2])
    )


def refuse_pages(share: float) -> Change:
    return lambda outcome, rng: "live_blog" if rng.random() < share else outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data/it_news_2024/articles.jsonl")
    options = parser.parse_args()
    files = [path for path in (options.data, ROOT / "demo/articles.jsonl") if path.exists()]
    table = Table(title=f"Crawls that end with an alarm, {options.repeats} each, {EARLIER} crawls before")
    for name in ("what happened", "articles of", "now", "before", "alarms"):
        table.add_column(name, justify="left" if name in ("what happened", "articles of") else "right")
    fields = [fill_field("authors", 0.95, ["Anna Bianchi"])]
    changes: list[tuple[str, Change | None, Change | None]] = [
        ("nothing", None, None),
        ("authors 95 % -> 60 %", empty_field("authors", 0.6 / 0.95), fields[0]),
        ("authors 95 % -> 0 %", empty_field("authors", 0), fields[0]),
        ("tags lost", empty_field("tags", 0), fill_field("tags", 0.55, ["Roma", "Governo"])),
        ("body: first 400 characters", keep_first_paragraph, None),
        ("body: first half", halve_body, None),
        ("0 % -> 30 % live blogs", refuse_pages(0.3), None),
    ]
    for what, change, setup in changes:
        for name, outcomes in populations(files).items():
            for size, before in ((40, 200), (200, 1000)) if change is None else ((40, 200),):
                population = [outcome for outcome in outcomes if isinstance(outcome, Article)] if change else outcomes
                share = alarms(list(population), size, before, options.repeats, change, setup)
                table.add_row(what, name, str(size), str(before), f"{share:.1%}")
    for name, outcomes in populations(files).items():
        for before in (1, 3, 5):
            alarm_count, crawls = in_order(outcomes, 40, before)
            if crawls:
                table.add_row("nothing, in order of time", name, "40", str(40 * before), f"{alarm_count} of {crawls}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
