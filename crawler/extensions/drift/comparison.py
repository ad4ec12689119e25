"""Is what a crawl read worse than what the crawls before it read?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.extensions.drift.coverage import FIELDS, LENGTHS, SELECTORS
from crawler.extensions.drift.statistics import (
    clustering,
    is_beyond,
    length_of,
    mann_whitney,
    odds,
    overdispersion,
    quantile,
    tail,
    variance_of,
)

#: Fewer articles on either side prove nothing.
ENOUGH = 20
#: Chance of an alarm in a crawl where nothing changed, before the minimal effects below make it smaller still.
FALSE_ALARMS = 0.02
#: A share has to get worse by as many points, and its odds by this factor: the news of a day shifts both a little.
POINTS = {"filled": 0.1, "found": 0.1, "differs": 0.15, "refused": 0.15}
ODDS = 4.0
#: Fewer crawls before (of enough articles) and fewer articles do not show how much such figures vary: then more has to
#: happen.
FEW = 3
FEW_ARTICLES = 100
ODDS_OF_FEW = 8.0
LENGTHS_OF_FEW = 0.1
#: A median length has to move by more than this many bins (14 %).
SHIFT = 3
#: What stands for all reasons of refusal together.
ANY_REASON = "any reason"


@dataclass(slots=True)
class Finding:
    """A share or length that got worse."""

    #: a field; for `refused` the reason
    field: str
    #: `filled`, `found` (by its selector), `length`, `differs` (from trafilatura) or `refused`
    what: str
    #: share before and now (0-1); median length in characters for `length`
    was: float
    now: float
    #: articles (for `refused`: pages) before and now
    before: int
    count: int
    #: chance of a difference as large where nothing changed
    p: float
    #: articles that show it
    links: list[str]
    #: start of the last good crawl, ISO
    last_good: str = ""


def compare(now: Mapping[str, Any], before: list[dict[str, Any]]) -> list[Finding]:
    """What got worse, the surest first.

    Args:
        now: a crawl's note.
        before: notes of good crawls that it can be compared with.
    """
    candidates = [*_shares(now, before), *_shifts(now, before)]
    # Bonferroni: one chance for the whole crawl, shared by all that was compared.
    crawls = sum(note["articles"] >= ENOUGH for note in before)
    few = crawls < FEW and sum(note["articles"] for note in before) < FEW_ARTICLES
    sure = [finding for finding in candidates if finding.p * len(candidates) < FALSE_ALARMS and _is_large(finding, few)]
    single = [finding for finding in sure if finding.what == "refused" and finding.field != ANY_REASON]
    return sorted(
        (finding for finding in sure if finding.field != ANY_REASON or not single), key=lambda finding: finding.p
    )


def _shares(now: Mapping[str, Any], before: list[dict[str, Any]]) -> Iterable[Finding]:
    """Every share that could have got worse, with its chance; counted are the bad ones: empty, missing, refused."""
    for what, name in _kinds(now, before):
        bad, total = _bad(now, what, name)
        counts = [(wrong, of) for note in before for wrong, of in [_bad(note, what, name)] if of]
        all_bad, all_total = sum(wrong for wrong, _ in counts), sum(of for _, of in counts)
        if total < ENOUGH or all_total < ENOUGH or all_total - all_bad < POINTS[what] * all_total:
            continue
        mean = all_bad / all_total
        spread = max(overdispersion(counts), clustering(_blocks(before, f"{what} {name}"), mean * (1 - mean)))
        chance = tail(*(round(number / spread) for number in (bad, total, all_bad, all_total)))
        was, share = all_bad / all_total, bad / total
        if what in ("filled", "found"):
            was, share = 1 - was, 1 - share
        yield Finding(name, what, round(was, 4), round(share, 4), all_total, total, chance, [])


def _kinds(now: Mapping[str, Any], before: list[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    yield from (("filled", name) for name in FIELDS)
    yield from (("found", name) for name in SELECTORS)
    yield "differs", "content"
    reasons = {*now["refused"], *(reason for note in before for reason in note["refused"])}
    yield from (("refused", reason) for reason in (*sorted(reasons), *([ANY_REASON] if reasons else [])))


def _bad(note: Mapping[str, Any], what: str, name: str) -> tuple[int, int]:
    """(bad ones, all) of a share in a note."""
    if what == "filled":
        return note["articles"] - note["filled"].get(name, 0), note["articles"]
    if what == "found":
        hits, pages = note["found"].get(name, (0, 0))
        return pages - hits, pages
    if what == "differs":
        return note["differ"], note["compared"]
    refused = note["refused"]
    return sum(refused.values()) if name == ANY_REASON else refused.get(name, 0), note["pages"]


def _shifts(now: Mapping[str, Any], before: list[dict[str, Any]]) -> Iterable[Finding]:
    """Every length that could have shifted; p = 1 where the shift is within the spread of the crawls before."""
    for name in LENGTHS:
        bins, earlier = _histogram(now, name), [_histogram(note, name) for note in before]
        pooled: Counter[int] = sum(earlier, Counter())
        if bins.total() < ENOUGH or pooled.total() < ENOUGH:
            continue
        chance, superiority = mann_whitney(bins, pooled, clustering(_blocks(before, name), variance_of(pooled)))
        median, usual = quantile(bins, 0.5), quantile(pooled, 0.5)
        medians = [quantile(histogram, 0.5) for histogram in earlier if histogram.total() >= ENOUGH]
        margin = LENGTHS[name] - 0.5 + (LENGTHS_OF_FEW if len(medians) < FEW else 0)
        far = abs(median - usual) > SHIFT and abs(superiority - 0.5) >= min(margin, 0.45)
        if not far or not is_beyond(median, medians):
            chance = 1.0
        yield Finding(name, "length", length_of(usual), length_of(median), pooled.total(), bins.total(), chance, [])


def _blocks(notes: list[dict[str, Any]], key: str) -> list[list[float]]:
    return [note["blocks"][key] for note in notes if key in note["blocks"]]


def _histogram(note: Mapping[str, Any], name: str) -> Counter[int]:
    return Counter({int(key): count for key, count in note["lengths"].get(name, {}).get("histogram", {}).items()})


def _is_large(finding: Finding, few: bool) -> bool:
    """Whether a share got worse by enough for a person to care, however many articles say so."""
    if finding.what == "length":
        return True
    bad, was = finding.now, finding.was
    if finding.what in ("filled", "found"):
        bad, was = 1 - bad, 1 - was
    factor = ODDS_OF_FEW if few else ODDS
    return bad - was >= POINTS[finding.what] and odds(bad, finding.count) >= factor * odds(was, finding.before)
