"""The drift alarm on real articles: how often it cries where nothing changed, how often it notices what did.

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
    found: dict[str, list[Outcome]] = {}
    for path in paths:
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            site = row.get("source_site") or site_in(str(row.get("link")))
            try:
                outcome: Outcome = article_from_record(row)
            except RecordError as error:
                outcome = error.reason
            found.setdefault(f"{site}, {path.parent.name}", []).append(outcome)
    return {name: rows for name, rows in found.items() if len(rows) >= 20}


def site_in(link: str) -> str:
    names = {"ansa.it": "Ansa", "ilpost.it": "IlPost", "open.online": "Open"}
    return next((name for host, name in names.items() if host in link), "other")


def note(outcomes: list[Outcome]) -> dict[str, Any]:
    """The note of a crawl that met these."""
    coverage, refused = FieldCoverage("ansa", sample=0), Counter[str]()
    for outcome in outcomes:
        if isinstance(outcome, str):
            refused[outcome] += 1
        else:
            coverage.add(outcome)
    return coverage.note({}, len(outcomes), refused)


def draw(outcomes: list[Outcome], sizes: list[int], dice: random.Random) -> list[list[Outcome]]:
    """Crawls without a common article; with replacement where there are too few."""
    total = sum(sizes)
    drawn = dice.sample(outcomes, total) if len(outcomes) >= total else dice.choices(outcomes, k=total)
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    return [drawn[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def alarms(
    outcomes: list[Outcome], size: int, before: int, repeats: int, change: Change | None, setup: Change | None = None
) -> float:
    """Share of crawls that end with an alarm; `setup` changes every crawl, `change` the one to judge."""
    dice, cried = random.Random(7), 0
    for _ in range(repeats):
        drawn = draw(outcomes, [size] + [before // EARLIER] * EARLIER, dice)
        if setup:
            drawn = [[setup(one, dice) for one in crawl] for crawl in drawn]
        if change:
            drawn[0] = [change(one, dice) for one in drawn[0]]
        cried += bool(compare(note(drawn[0]), [note(crawl) for crawl in drawn[1:]]))
    return cried / repeats


def in_order(outcomes: list[Outcome], size: int, before: int) -> tuple[int, int]:
    """(alarms, crawls) where each crawl holds the next articles in order of time, judged by those before it."""
    articles = sorted((one for one in outcomes if isinstance(one, Article)), key=lambda one: str(one.date))
    notes = [note(list(articles[start : start + size])) for start in range(0, len(articles) - size + 1, size)]
    judged = [compare(notes[at], notes[at - before : at]) for at in range(before, len(notes))]
    return sum(map(bool, judged)), len(judged)


def emptied(field: str, keep: float) -> Change:
    """A field that is left in a share of the articles."""

    def change(one: Outcome, dice: random.Random) -> Outcome:
        if isinstance(one, str) or dice.random() < keep:
            return one
        return replace(one, **{field: type(getattr(one, field))()})

    return change


def full(field: str, share: float, value: Any) -> Change:
    """A field that is filled in a share of the articles of every crawl."""

    def change(one: Outcome, dice: random.Random) -> Outcome:
        if isinstance(one, str):
            return one
        return replace(one, **{field: value if dice.random() < share else type(value)()})

    return change


def first_paragraph(one: Outcome, _dice: random.Random) -> Outcome:
    return one if isinstance(one, str) else replace(one, content=one.content.split("\n\n")[0][:400])


def halved(one: Outcome, _dice: random.Random) -> Outcome:
    return one if isinstance(one, str) else replace(one, content=one.content[: len(one.content) // 2])


def refused(share: float) -> Change:
    return lambda one, dice: "live_blog" if dice.random() < share else one


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data/it_news_2024/articles.jsonl")
    options = parser.parse_args()
    files = [path for path in (options.data, ROOT / "demo/articles.jsonl") if path.exists()]
    table = Table(title=f"Crawls that end with an alarm, {options.repeats} each, {EARLIER} crawls before")
    for name in ("what happened", "articles of", "now", "before", "alarms"):
        table.add_column(name, justify="left" if name in ("what happened", "articles of") else "right")
    fields = [full("authors", 0.95, ["Anna Bianchi"])]
    changes: list[tuple[str, Change | None, Change | None]] = [
        ("nothing", None, None),
        ("authors 95 % -> 60 %", emptied("authors", 0.6 / 0.95), fields[0]),
        ("authors 95 % -> 0 %", emptied("authors", 0), fields[0]),
        ("tags lost", emptied("tags", 0), full("tags", 0.55, ["Roma", "Governo"])),
        ("body: first 400 characters", first_paragraph, None),
        ("body: first half", halved, None),
        ("0 % -> 30 % live blogs", refused(0.3), None),
    ]
    for what, change, setup in changes:
        for name, outcomes in populations(files).items():
            for size, before in ((40, 200), (200, 1000)) if change is None else ((40, 200),):
                drawn = [one for one in outcomes if isinstance(one, Article)] if change else outcomes
                share = alarms(list(drawn), size, before, options.repeats, change, setup)
                table.add_row(what, name, str(size), str(before), f"{share:.1%}")
    for name, outcomes in populations(files).items():
        for before in (1, 3, 5):
            cried, judged = in_order(outcomes, 40, before)
            if judged:
                table.add_row("nothing, in order of time", name, "40", str(40 * before), f"{cried} of {judged}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
