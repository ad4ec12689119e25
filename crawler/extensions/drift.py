"""Drift alarm: does a crawl still read what the crawls before it read?

A newspaper that changes its markup makes no error: a byline is simply empty from one day to the next, or is taken from
a poorer source. So each crawl counts, per field, how often it is filled, how long it is, whether the page class's
selector still finds its element and whether trafilatura reads the same body, and why pages are refused; it keeps the
counts in its row of `runs` and is compared with the crawls before it. Only counts are held: memory does not grow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from scrapy import signals

from crawler.extensions.drift_statistics import (
    Blocks,
    bin_of,
    clustering,
    is_beyond,
    length_of,
    mann_whitney,
    middle,
    odds,
    overdispersion,
    quantile,
    quantiles,
    similarity,
    tail,
    variance_of,
)
from crawler.items import Article, NewsmillError
from crawler.mongo.articles import database_of
from crawler.page import versions_of
from crawler.page.text import decode, first, guess, parse

if TYPE_CHECKING:
    from pymongo.database import Database
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.spiders.newspaper import NewspaperSpider

FIELDS = ("title", "description", "content", "authors", "date", "date_modified", "location", "section", "tags")
#: field -> how often an article of now must be the longer (or shorter) of two for a shift to count. Names of places
#: and sections are a handful of words whose mixture changes with the news.
LENGTHS = {"title": 0.7, "description": 0.7, "content": 0.7, "authors": 0.8, "tags": 0.8, "location": 0.9,
           "section": 0.9}  # fmt: skip
#: field -> the attribute of the page class that says where it is
SELECTORS = {"title": "TITLE", "description": "LEAD", "content": "BODY", "authors": "BYLINE", "location": "LOCATION",
             "section": "SECTION", "tags": "TAGS"}  # fmt: skip
#: Fewer articles on either side prove nothing.
ENOUGH = 20
#: How many of the comparable crawls before are pooled.
RUNS = 20
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
#: Crawls are comparable whose articles are at most so many months apart: archives have the templates of their years.
MONTHS = 12
#: Sampled are the first pages, then one in ten until there are enough, then one in a hundred.
FIRST_PAGES = 20
ENOUGH_PAGES = 50
#: Below this similarity (Dice, on the words) two readings of a page differ.
SAME = 0.8
_PAGE_MAX = 2_000_000
_WAITING_MAX = 16
_LINKS = 3
#: Outcomes that say nothing of what a page is.
_NO_VERDICT = frozenset(
    "fetched stored updated unchanged also_at outside_dates opted_out store_lost unreachable banned endless_redirects"
    " moved robots_forbidden robots_unreachable".split()
)
_ALL = "any reason"


@dataclass(slots=True)
class Finding:
    """One thing that got worse."""

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


# --- what a crawl sees -----------------------------------------------------------------------------------------------


class Coverage:
    """Counts over the articles of one crawl, whatever their number."""

    def __init__(self, newspaper: str, sample: float = 0.1) -> None:
        """Args: sample: share of pages looked at closely; 0 = none, 1 = all."""
        self.newspaper = newspaper
        self.sample = sample
        self.articles = 0
        self.filled: Counter[str] = Counter()
        self.lengths: dict[str, Counter[int]] = {name: Counter() for name in LENGTHS}
        self.blocks = {key: Blocks() for key in (*(f"filled {name}" for name in FIELDS), *LENGTHS)}
        self.months: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self._ends: dict[str, tuple[list[tuple[int, str]], list[tuple[int, str]]]] = {}
        # Written by the thread alone.
        self.found: dict[str, list[int]] = {}
        self.compared = self.differ = 0
        self._sampled = 0
        self._waiting: list[Future[None]] = []
        self._thread = ThreadPoolExecutor(1, "drift")

    def add(self, article: Article, page: bytes | None = None) -> None:
        """Count an article, and look closely at its page where the sample wants it."""
        self.articles += 1
        if article.date:
            self.months[article.date.strftime("%Y-%m")] += 1
        for name in FIELDS:
            value = getattr(article, name)
            self.blocks[f"filled {name}"].add(not value)
            if not value:
                self._example(f"filled {name}", article.link)
                continue
            self.filled[name] += 1
            if name in LENGTHS:
                self._measure(name, len(value if isinstance(value, str) else ", ".join(value)), article.link)
        if page is not None and len(page) <= _PAGE_MAX and self._wanted():
            self._sampled += 1
            self._waiting.append(self._thread.submit(self._look, article.link, article.content, page))

    def _measure(self, name: str, length: int, link: str) -> None:
        self.lengths[name][bin_of(length)] += 1
        self.blocks[name].add(bin_of(length))
        short, long = self._ends.setdefault(name, ([], []))
        for ends, key in ((short, length), (long, -length)):
            if len(ends) < _LINKS or key < ends[-1][0]:
                ends.append((key, link))
                ends.sort()
                del ends[_LINKS:]

    def _example(self, key: str, link: str) -> None:
        links = self.examples.setdefault(key, [])
        if len(links) < _LINKS:
            links.append(link)

    def _wanted(self) -> bool:
        if self.sample <= 0:
            return False
        self._waiting = [task for task in self._waiting if not task.done()]
        busy = len(self._waiting) >= _WAITING_MAX
        if self.sample >= 1:
            if busy:
                # All were asked for: the crawl waits, pages do not pile up.
                wait(self._waiting[:1])
            return True
        if self._sampled < FIRST_PAGES:
            return True
        # A crawl faster than the thread leaves pages out.
        thinned = self.sample / (10 if self._sampled >= ENOUGH_PAGES else 1)
        return not busy and self.articles % max(1, round(1 / thinned)) == 0

    def _look(self, link: str, content: str, page: bytes) -> None:
        """In the thread: do the selectors still find their elements, does trafilatura read the same text?"""
        tree = parse(decode(page))
        versions = versions_of(self.newspaper)
        version = next((each for each in versions if first(tree, each.TEMPLATE) is not None), versions[0])
        for name, attribute in SELECTORS.items():
            if selector := getattr(version, attribute, ""):
                hit = first(tree, selector) is not None
                seen = self.found.setdefault(name, [0, 0])
                seen[0] += hit
                seen[1] += 1
                if not hit:
                    self._example(f"found {name}", link)
        self.compared += 1
        if similarity(content, " ".join(guess(tree))) < SAME:
            self.differ += 1
            self._example("differs content", link)

    def close(self) -> None:
        """Wait for the pages still looked at."""
        self._thread.shutdown(wait=True)

    def links(self, what: str, name: str, longer: bool = False) -> list[str]:
        """Up to three articles that show a finding."""
        if what == "length":
            return [link for _, link in self._ends.get(name, ([], []))[longer]]
        return self.examples.get(f"{what} {name}", [])

    def note(self, like: Mapping[str, Any], pages: int, refused: Mapping[str, int]) -> dict[str, Any]:
        """What the row in `runs` keeps.

        Args:
            like: the settings that a crawl must share to be compared.
            pages: pages that were judged for the first time.
            refused: reason -> how many of them.
        """
        return {
            "like": dict(like),
            "articles": self.articles,
            "filled": {name: self.filled[name] for name in FIELDS},
            "lengths": {name: {"quantiles": quantiles(bins), "histogram": {str(key): bins[key] for key in sorted(bins)}}
                        for name, bins in self.lengths.items()},
            "blocks": {name: blocks.note() for name, blocks in self.blocks.items() if blocks.count},
            "found": {name: list(seen) for name, seen in sorted(self.found.items())},
            "compared": self.compared,
            "differ": self.differ,
            "pages": pages,
            "refused": dict(refused),
            "month": middle(self.months),
        }  # fmt: skip


# --- comparing -------------------------------------------------------------------------------------------------------


def compare(now: Mapping[str, Any], before: list[dict[str, Any]]) -> list[Finding]:
    """What got worse, the surest first.

    Args:
        now: a crawl's note.
        before: notes of good crawls that it can be compared with.
    """
    tried = [*_shares(now, before), *_shifts(now, before)]
    # Bonferroni: one chance for the whole crawl, shared by all that was tried.
    crawls = sum(note["articles"] >= ENOUGH for note in before)
    few = crawls < FEW and sum(note["articles"] for note in before) < FEW_ARTICLES
    sure = [finding for finding in tried if finding.p * len(tried) < FALSE_ALARMS and _is_large(finding, few)]
    single = [finding for finding in sure if finding.what == "refused" and finding.field != _ALL]
    return sorted((finding for finding in sure if finding.field != _ALL or not single), key=lambda finding: finding.p)


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
    yield from (("refused", reason) for reason in (*sorted(reasons), *([_ALL] if reasons else [])))


def _bad(note: Mapping[str, Any], what: str, name: str) -> tuple[int, int]:
    """(bad ones, all) of a share in a note."""
    if what == "filled":
        return note["articles"] - note["filled"].get(name, 0), note["articles"]
    if what == "found":
        hits, seen = note["found"].get(name, (0, 0))
        return seen - hits, seen
    if what == "differs":
        return note["differ"], note["compared"]
    refused = note["refused"]
    return sum(refused.values()) if name == _ALL else refused.get(name, 0), note["pages"]


def _shifts(now: Mapping[str, Any], before: list[dict[str, Any]]) -> Iterable[Finding]:
    """Every length that could have shifted; p = 1 where the shift is within the spread of the crawls before."""
    for name in LENGTHS:
        bins, each = _histogram(now, name), [_histogram(note, name) for note in before]
        pooled: Counter[int] = sum(each, Counter())
        if bins.total() < ENOUGH or pooled.total() < ENOUGH:
            continue
        chance, superiority = mann_whitney(bins, pooled, clustering(_blocks(before, name), variance_of(pooled)))
        median, usual = quantile(bins, 0.5), quantile(pooled, 0.5)
        medians = [quantile(one, 0.5) for one in each if one.total() >= ENOUGH]
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


# --- the crawls before -----------------------------------------------------------------------------------------------


def earlier(database: Database[dict[str, Any]], newspaper: str, like: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the comparable crawls, newest first: back to the last one that was accepted as a new beginning."""
    wanted = {
        "stage": f"crawl:{newspaper}", "outcome": {"$in": ["done", "interrupted"]}, "fields.pages": {"$gt": 0},
        **{f"fields.like.{name}": value for name, value in like.items()},
    }  # fmt: skip
    columns = {"fields": 1, "drift": 1, "accepted": 1, "started_at": 1}
    rows = []
    for row in database.runs.find(wanted, columns).sort("started_at", -1).limit(10 * RUNS):
        rows.append(row)
        if row.get("accepted"):
            break
    return rows


def good(rows: list[dict[str, Any]], month: str) -> list[dict[str, Any]]:
    """Those of `earlier` to compare with, newest first.

    A degraded crawl is none, and neither are the small ones after it, which were too small to be judged.
    """
    kept, healthy = [], True
    for row in reversed(rows):
        if not _near(row["fields"]["month"], month):
            continue
        if row.get("drift"):
            healthy = bool(row.get("accepted"))
        elif row["fields"]["articles"] >= ENOUGH:
            healthy = True
        if healthy:
            kept.append(row)
    return kept[::-1][:RUNS]


def _near(one: str, other: str) -> bool:
    if not one or not other:
        return True
    first_day, second = (date.fromisoformat(f"{month}-01") for month in (one, other))
    return abs((first_day.year - second.year) * 12 + first_day.month - second.month) <= MONTHS


def accept(database: Database[dict[str, Any]], rows: list[dict[str, Any]]) -> bool:
    """Make the last degraded crawl a new beginning, unless a good one came after it.

    Its articles are stored: a crawl that comes to accept them may find none of its own.
    """
    for row in rows:
        if row.get("drift") and not row.get("accepted"):
            database.runs.update_one({"_id": row["_id"]}, {"$set": {"accepted": True}})
            return True
        if row["fields"]["articles"] >= ENOUGH:
            return False
    return False


def judge(coverage: Coverage, note: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[Finding]:
    """What got worse since the good ones of these rows, with examples. Links of refused pages are not known here."""
    before = good(rows, note["month"])
    found = compare(note, [row["fields"] for row in before])
    for finding in found:
        when: datetime = before[0]["started_at"]
        finding.last_good = when.isoformat(timespec="seconds")
        finding.p = float(f"{finding.p:.2g}")
        finding.links = coverage.links(finding.what, finding.field, finding.now > finding.was)
    return found


class Watch:
    """One crawl's part in all this: sees its articles, and at its end compares it."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        crawler.signals.connect(self.scraped, signals.item_scraped)
        crawler.signals.connect(self.dropped, signals.item_dropped)

    def open(self, spider: NewspaperSpider) -> None:
        self._began = datetime.now(UTC)
        self._coverage = Coverage(spider.name, self.crawler.settings.getfloat("DRIFT_SAMPLE", 0.1))
        self._refusals = self._remembered(spider)

    def scraped(self, item: Any, response: Response | None) -> None:
        if isinstance(item, Article):
            self._coverage.add(item, response.body if response is not None else None)

    def dropped(self, item: Any, response: Response | None, exception: BaseException) -> None:
        """A text stored under another link was read as well as any."""
        if getattr(exception, "reason", "") == "also_at":
            self.scraped(item, response)

    def close(self, spider: NewspaperSpider, counts: Mapping[str, int]) -> dict[str, Any]:
        """`fields`, `drift` and `accepted` of the crawl: for its row in `runs`.

        Args:
            counts: outcome -> pages.
        Raises:
            PyMongoError: the store does not answer.
        """
        self._coverage.close()
        like = {
            "section": spider.section or None,
            "javascript": bool(getattr(spider, "javascript", False)),
            "warc": bool(getattr(spider, "warc", None)),
            "origin": bool(spider.origin),
        }
        note = self._coverage.note(like, *self._judged(spider, counts))
        database = database_of(self.crawler)
        rows, accepting = earlier(database, spider.name, like), self.crawler.settings.getbool("ACCEPT_DRIFT")
        if accepting and accept(database, rows):
            rows = earlier(database, spider.name, like)
        found = judge(self._coverage, note, rows)
        for finding in found:
            if finding.what == "refused":
                finding.links = self._refused_links(spider, finding.field)
        return {"fields": note, "drift": [asdict(finding) for finding in found], "accepted": accepting and bool(found)}

    def _judged(self, spider: NewspaperSpider, counts: Mapping[str, int]) -> tuple[int, dict[str, int]]:
        """(pages, reason -> how many of them were refused).

        Pages that were refused before do not count: asked for again after a week, they are all that a crawl of the
        same days fetches.
        """
        told = {name: count for name, count in counts.items() if is_verdict(name)}
        refused = dict(told)
        if spider.memory is not None:
            after = self._remembered(spider)
            # What is never remembered (broken transfers) is fetched anew each time.
            new = {reason: after[reason] - self._refusals[reason] if after[reason] else told[reason] for reason in told}
            refused = {reason: min(count, new[reason]) for reason, count in told.items() if new[reason] > 0}
        # Articles of other days, and those that opted out, were read as well.
        unwanted = counts.get("outside_dates", 0) + counts.get("opted_out", 0)
        return self._coverage.articles + unwanted + sum(refused.values()), refused

    def _remembered(self, spider: NewspaperSpider) -> Counter[str]:
        """Reason -> links of this newspaper that are known to be refused for it."""
        groups: list[dict[str, Any]] = [
            {"$match": {"newspaper": spider.name}},
            {"$group": {"_id": "$reason", "count": {"$sum": 1}}},
        ]
        rows = database_of(self.crawler).refusals.aggregate(groups)
        return Counter({row["_id"]: row["count"] for row in rows})

    def _refused_links(self, spider: NewspaperSpider, reason: str) -> list[str]:
        wanted = {"newspaper": spider.name, "checked_at": {"$gte": self._began}}
        if reason != _ALL:
            wanted["reason"] = reason
        rows = database_of(self.crawler).refusals.find(wanted).limit(10 * _LINKS)
        return [row["link"] for row in rows if is_verdict(row["reason"])][:_LINKS]


def is_verdict(outcome: str) -> bool:
    """Whether an outcome of a crawl says what a page is, rather than how its transfer went or what was asked for."""
    return outcome in ("http_404", "http_410") or not (outcome in _NO_VERDICT or outcome.startswith("http_"))


# --- words -----------------------------------------------------------------------------------------------------------


def warnings(newspaper: str, findings: list[dict[str, Any]], accepted: bool) -> list[str]:
    """What a degraded crawl says on stderr: one line for each field, and what to do."""
    if not findings:
        return []
    lines, said = [], set()
    for finding in sorted(findings, key=lambda each: _ORDER.index(each["what"])):
        subject = f"{finding['what'] == 'refused'} {finding['field']}"
        if subject not in said:
            said.add(subject)
            lines.append(_line(newspaper, finding))
    if accepted:
        return [*lines, f"{newspaper}: accepted: later crawls are compared with this one"]
    links = [link for finding in findings for link in finding["links"]]
    advice = (
        f"{newspaper}: DRIFT: the site changed, or our reading of it did. Save such a page and look: "
        f"python -m crawler.page --newspaper {newspaper} --url {links[0] if links else 'LINK'} FILE; the selectors are "
        f"{_class_file(newspaper)}. After mending, -a refresh=1 reads these articles again. If it is right as it is: "
        f"scrapy crawl {newspaper} --accept-drift"
    )
    return [*lines, advice]


_ORDER = ("filled", "found", "length", "differs", "refused")


def _line(newspaper: str, finding: dict[str, Any]) -> str:
    name, was, now = finding["field"], finding["was"], finding["now"]
    unit = "pages" if finding["what"] in ("refused", "found", "differs") else "articles"
    share = f"{now:.0%} of {finding['count']} {unit}, {was:.0%} of {finding['before']} before"
    said = {
        "filled": f"{name}: filled in {share}",
        "found": f"{name}: its element (by {SELECTORS.get(name, '')} of the page class) is on {share}",
        "length": f"{name}: about {now:,.0f} characters (median of {finding['count']} articles), {was:,.0f} before",
        "differs": f"{name}: trafilatura reads another body on {share}",
        "refused": f"refused ({name.replace('_', ' ')}): {share}",
    }[finding["what"]]
    since = f"last good crawl {finding['last_good'][:16].replace('T', ' ')} UTC" if finding["last_good"] else ""
    return f"{newspaper}: DRIFT: {said}; {since}" + "".join(f"; {link}" for link in finding["links"])


def _class_file(newspaper: str) -> str:
    """Where the newspaper's selectors are: the class and its file."""
    try:
        page = versions_of(newspaper)[0]
    except NewsmillError:
        return "the page class's"
    return f"{page.__name__}'s in {page.__module__.replace('.', '/')}.py"
