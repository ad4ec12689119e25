"""What a crawl comes to: its counts, the closing table, the warnings and the exit status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crawler.extensions.drift.messages import warnings
from crawler.pipelines import counts_of

if TYPE_CHECKING:
    from crawler.spiders.newspaper import NewspaperSpider

#: Reasons of Scrapy for which a crawl is complete, and for which it was cut short.
COMPLETE = ("finished", "limit")
INTERRUPTED = ("shutdown",)


def closing_of(spider: NewspaperSpider, reason: str, stats: dict[str, Any], seconds: float) -> dict[str, Any]:
    """What a crawl comes to: counts by outcome, and what a user must know before trusting them."""
    skipped = {key.removeprefix("newsmill/skipped/"): int(value)
               for key, value in stats.items() if key.startswith("newsmill/skipped/")}  # fmt: skip
    return {
        "newspaper": spider.name,
        "origin": spider.origin,
        "files": len(spider.warc),
        "reason": reason,
        "counts": counts_of(stats),
        "known": int(stats.get("newsmill/known", 0)),
        "listed": len(spider.listed_links),
        "skipped": skipped,
        "skipped_examples": {name: list(stats.get(f"newsmill/skipped_examples/{name}", [])) for name in skipped},
        "opted_out": int(stats.get("newsmill/opted_out", 0)),
        "lists": {"failed": int(stats.get("newsmill/lists/failed", 0)),
                  "missing": int(stats.get("newsmill/lists/missing", 0)),
                  "forbidden": int(stats.get("newsmill/lists/robots_forbidden", 0)),
                  "read": int(stats.get("newsmill/lists/read", 0)),
                  "empty": int(stats.get("newsmill/lists/empty", 0))},
        "requests": int(stats.get("downloader/request_count", 0)),
        "retries": int(stats.get("retry/count", 0)),
        "bytes": int(stats.get("downloader/response_bytes", 0)),
        "incomplete": int(stats.get("newsmill/incomplete", 0)),
        "missed": list(stats.get("newsmill/missed", [])),
        "closed": str(stats.get("newsmill/closed", "")),
        "errors": int(stats.get("log_count/ERROR", 0)),
        "seconds": round(seconds, 2),
    }  # fmt: skip


def exit_status(closing: dict[str, Any]) -> int:
    """0: everything there is was fetched. 1: something is missing, or cannot be had. 3: the quality fell.

    3 goes before 1: what is missing is fetched by the next run, what was read wrongly stays wrong.
    """
    if closing.get("drift") and not closing.get("drift_accepted"):
        return 3
    problems = closing["closed"] or closing["incomplete"] or closing["errors"] or _discovery(closing) or _lost(closing)
    return 0 if closing["reason"] in COMPLETE and not problems else 1


def show(closing: dict[str, Any], as_json: bool = False) -> None:
    """The closing table and its last line; JSON instead where asked for."""
    if as_json:
        print(json.dumps(closing, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.text import Text

    rows = _rows(closing)
    console = Console(soft_wrap=True)
    label_width = max((len(label) for label, _, _ in rows), default=0)
    number_width = max((len(number) for _, number, _ in rows), default=0)
    for label, number, example in rows:
        console.print(Text.assemble(f"  {label:<{label_width}}    ", (f"{number:>{number_width}}", "bold")))
        if example:
            # On a line of its own, whole: a column would push the numbers out of a narrow terminal.
            console.print(Text(f"      {example}", "dim"))
    print(last_line(closing))


def _rows(closing: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, how many, an example or "") of the closing table: what was stored first, then by count."""
    labels = LABELS | ({"fetched": "articles read"} if closing["files"] else {})
    counts = sorted(closing["counts"].items(), key=lambda row: (row[0] not in _STORED, -row[1], row[0]))
    rows = [(labels.get(name, name.replace("_", " ")), f"{value:,}", "") for name, value in counts if name != "also_at"]
    where = "in the files, left out" if closing["files"] else "by its link, not fetched"
    for name, value in closing["skipped"].items():
        example = next(iter(closing.get("skipped_examples", {}).get(name, [])), "")
        rows.append((f"{name.replace('_', ' ')} ({where})", f"{value:,}", example))
    return rows


_STORED = ("fetched", "stored", "updated", "unchanged")
#: What the closing table calls an outcome, where that is not its name.
LABELS = {
    "fetched": "articles fetched",
    "stored": "new articles stored",
    "updated": "articles changed",
    "dropped_by_pipeline": "dropped by a pipeline of yours",
    "pipeline_failed": "lost in a pipeline that failed",
}
#: What is no refusal: another link for an article, an article of another day than its list said.
_NO_REFUSAL = ("also_at", "outside_dates", "dropped_by_pipeline", "pipeline_failed")


def last_line(closing: dict[str, Any]) -> str:
    """What the crawl came to, in one line."""
    counts = closing["counts"]
    parts = [f"{counts.get('stored', 0):,} new articles"]
    if counts.get("updated"):
        parts.append(f"{counts['updated']:,} changed")
    if counts.get("unchanged"):
        parts.append(f"{counts['unchanged']:,} unchanged")
    if closing["known"]:
        parts.append(f"{closing['known']:,} known already")
    if counts.get("also_at"):
        parts.append(f"{counts['also_at']:,} the same under another link")
    if counts.get("outside_dates"):
        parts.append(f"{counts['outside_dates']:,} of other days")
    refused = sum(value for name, value in counts.items() if name not in (*_STORED, *_NO_REFUSAL))
    if refused:
        parts.append(f"{refused:,} refused")
    for name in ("dropped_by_pipeline", "pipeline_failed"):
        if counts.get(name):
            parts.append(f"{counts[name]:,} {LABELS[name]}")
    if closing["opted_out"]:
        parts.append(f"{closing['opted_out']:,} opted out of text mining")
    files, requests = closing["files"], closing["requests"]
    source = f"{files:,} WARC file{'s' * (files != 1)}" if files else f"{requests:,} requests"
    return f"{closing['newspaper']}: {', '.join(parts)}; {source}, {closing['seconds']:.1f} s"


#: Missed pages that are named.
_NAMED_MAX = 3


def warnings_of(closing: dict[str, Any]) -> list[str]:
    """What went wrong, one line each: for stderr."""
    name, lines = closing["newspaper"], []
    if closing["closed"]:
        # What was lost (the store, the disk of the archive) is ours.
        where = closing["origin"] if not closing["reason"].endswith("_lost") else ""
        lines.append(f"{name}: stopped: {closing['closed']}" + (f" (fetched from {where})" if where else ""))
    elif closing["reason"] in INTERRUPTED:
        lines.append(f"{name}: interrupted; run it again to go on")
    elif closing["reason"] not in COMPLETE:
        lines.append(f"{name}: ended early: {closing['reason']}")
    if closing["incomplete"]:
        # What stopped it says when to come again.
        advice = "" if closing["closed"] else "; run it again to fetch them"
        pages = "1 page" if closing["incomplete"] == 1 else f"{closing['incomplete']:,} pages"
        more = ["…"] if closing["incomplete"] > _NAMED_MAX else []
        missed = "; ".join([*closing["missed"][:_NAMED_MAX], *more])
        lines.append(f"{name}: {pages} could not be fetched{advice}: {missed}")
    lines += [f"{name}: {line}" for line in _discovery(closing)]
    if count := _lost(closing):
        lines.append(f"{name}: {count:,} articles are, after the pipelines, none that can be stored: -L INFO says why")
    if closing["lists"]["missing"]:
        lines.append(f"{name}: {_lists(closing['lists']['missing'])} not there (status 404 or 410)")
    lines += _feed_words(closing)
    lines += warnings(name, closing.get("drift", []), closing.get("drift_accepted", False))
    return lines


def _discovery(closing: dict[str, Any]) -> list[str]:
    """What keeps the crawl from its articles, without a page that failed: one line each."""
    if closing["files"] or closing["closed"] or closing["reason"] not in COMPLETE:
        return []
    lists, lines = closing["lists"], []
    if lists["forbidden"]:
        rest = "" if closing["listed"] else ", and no other names an article: nothing can be crawled"
        lines.append(f"{_lists(lists['forbidden'])} forbidden by robots.txt{rest}")
    elif not closing["listed"] and lists["read"]:
        lines.append(f"none of {lists['read']} lists names an article: has the newspaper changed them?")
    elif not closing["listed"] and not closing["incomplete"]:
        lines.append("no list names an article: has the newspaper changed their addresses?")
    if closing.get("usual") and not closing.get("drift_accepted"):
        count = closing["counts"].get("fetched", 0) + closing["known"]
        lines.append(
            f"{count:,} articles met, {closing['usual']:,.0f} are usual: has the newspaper changed its lists, or does "
            f"it keep us out? If it is right as it is: scrapy crawl {closing['newspaper']} --accept-drift"
        )
    return lines


def _lost(closing: dict[str, Any]) -> int:
    """Articles that were read, and are no more what can be stored."""
    return sum(closing["counts"].get(name, 0) for name in ("no_item", "unstorable"))


def _lists(count: int) -> str:
    return "1 list is" if count == 1 else f"{count:,} lists are"


def _feed_words(closing: dict[str, Any]) -> list[str]:
    """What the files of -o and -O do not hold: the articles that are known already are not read again."""
    feeds = closing.get("feeds") or {}
    if not feeds.get("files") or not closing["known"]:
        return []
    files, items = ", ".join(feeds["files"]), feeds["items"]
    state = f"{items:,} articles written" if items or not feeds["kept"] else "nothing new to write, left as it was"
    pages = "1 page was" if closing["known"] == 1 else f"{closing['known']:,} pages were"
    sentence = f"{pages} known already and not read again: -a refresh=1 does"
    return [f"{closing['newspaper']}: {files}: {state}; {sentence}"]
