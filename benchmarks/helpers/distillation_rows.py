"""Summaries to distil, with their articles: Mixtral's of it_news_2024, people's of vi_vnmds; split by event and date.

Rows that share an article are one event. The hold-out is whole events that lie later than every training row, so that a
row of an event which began earlier is neither: it is left out, and counted. Articles are cut to their beginnings and
answers to their first sentences, which is what a CPU can train on in minutes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from crawler.items import RecordError, article_from_record
from synth.language import detect
from synth.language.segmentation import sentences, words
from train.evaluate.holdout import joined


class Wording(NamedTuple):
    """How a language asks for a summary. style: the prompt style of `train`; words: of the sources, of the answer."""

    style: str
    system: str
    request: str
    title: str
    text: str
    source_words: int
    answer_words: int


#: An untuned model goes on best with headings that say what comes. Words: about 280 and 130 tokens of Gemma 3.
WORDINGS = {
    "it": Wording("alpaca-it", "Articoli di giornale e il loro riassunto.",
                  "Riassumi questi articoli in un unico testo.", "Titolo", "Testo", 170, 80),
    "vi": Wording("alpaca-vi", "Các bài báo và bản tóm tắt của chúng.",
                  "Hãy tóm tắt các bài báo này thành một văn bản duy nhất.", "Tiêu đề", "Nội dung", 200, 100),
}  # fmt: skip
#: Articles that a request holds.
SOURCES = 3


class Source(NamedTuple):
    """An article. link: what tells it from others."""

    link: str
    title: str
    text: str


@dataclass(frozen=True)
class Summary:
    """A row: articles and what a teacher made of them.

    links: of all articles of the cluster, those without a text too. first, last: days of its articles, ISO. other: a
    second person's summary, where there is one.
    """

    id: str
    language: str
    sources: list[Source]
    answer: str
    links: list[str]
    first: str
    last: str
    other: str = ""
    event: str = ""


@dataclass
class Split:
    """The rows of each part, and reason -> how many are in none."""

    train: list[Summary]
    val: list[Summary]
    test: list[Summary]
    left_out: Counter[str] = field(default_factory=Counter)


# ---- the two sets


def italian_summaries(shared: Path) -> tuple[list[Summary], Counter[str]]:
    """(Mixtral's summaries in Italian with their Italian articles, reason -> rows left out)."""
    folder = shared / "data/it_news_2024"
    articles = [_article(json.loads(line)) for line in (folder / "articles.jsonl").open(encoding="utf-8")]
    left_out: Counter[str] = Counter()
    rows = []
    for number, line in enumerate((folder / "reference_samples.jsonl").open(encoding="utf-8")):
        sample = json.loads(line)
        cluster = [articles[place] for place in sample["sources"]]
        sources = distinct(source for source, _ in cluster)
        days = sorted(day for _, day in cluster if day)
        if not sources or not days:
            left_out["no Italian article with a text"] += 1
        elif detect(beginning(sample["answer"], "it", WORDINGS["it"].answer_words))[0] != "it":
            left_out["the teacher wrote in another language"] += 1
        else:
            links = [source.link for source, _ in cluster]
            rows.append(Summary(f"it-{number}", "it", sources, sample["answer"], links, days[0], days[-1]))
    return rows, left_out


def _article(record: dict[str, Any]) -> tuple[Source, str]:
    """(article, day); without text where it has none or is of ANSA's English edition, whose day counts all the same."""
    try:
        article = article_from_record(record)
    except RecordError:
        return Source(record["link"], record["title"], ""), ""
    text = "" if "/english/" in article.link else article.content
    return Source(article.link, article.title, text), article.date.date().isoformat() if article.date else ""


def vietnamese_summaries(shared: Path) -> tuple[list[Summary], Counter[str]]:
    """(the first person's summary of each event of vi_vnmds, with the second's; nothing is left out)."""
    folder = shared / "data/vi_vnmds"
    people = {row["cluster"]: row for row in map(json.loads, (folder / "refs.jsonl").open(encoding="utf-8"))}
    clusters: dict[str, list[tuple[str, Source]]] = {}
    for line in (folder / "docs.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        day = datetime.strptime(row["time"], "%d/%m/%Y %H:%M").isoformat()
        source = Source(row["url"], row["title"], f"{unsegmented(row['lead_seg'])}\n\n{row['text']}")
        clusters.setdefault(row["cluster"], []).append((day, source))
    rows = []
    for name, dated in sorted(clusters.items()):
        dated.sort()
        sources = distinct(source for _, source in dated)
        links = [source.link for source in sources]
        days = [day[:10] for day, _ in dated]
        person = people[name]
        rows.append(Summary(name, "vi", sources, person["ref1"], links, days[0], days[-1], person["ref2"]))
    return rows, Counter()


def unsegmented(text: str) -> str:
    """A Vietnamese text without the underscores in compound words and the spaces before signs."""
    return re.sub(r"\s+([,.;:!?])", r"\1", text.replace("_", " ")).strip()


def distinct(sources: Iterator[Source]) -> list[Source]:
    """Those that have a text, one of each text: papers print one dispatch under several titles."""
    by_text: dict[str, Source] = {}
    for source in sources:
        if source.text.strip():
            by_text.setdefault(" ".join(words(source.text.lower())), source)
    return list(by_text.values())


# ---- events and the split


def split(rows: Sequence[Summary], test_events: int, val_events: int) -> Split:
    """The latest whole events to test, at least so many; what ended before them to train, its latest to validate."""
    events = joined([row.links for row in rows])
    rows = [Summary(**{**vars(row), "event": event}) for row, event in zip(rows, events, strict=True)]
    begins: dict[str, str] = {}
    for row in rows:
        begins[row.event] = min(row.first, begins.get(row.event, row.first))
    cut = last_days(begins, test_events)
    test = [row for row in rows if begins[row.event] >= cut]
    earlier = sorted((row for row in rows if row.last < cut), key=lambda row: (row.last, row.id))
    validated = list(dict.fromkeys(row.event for row in reversed(earlier)))[:val_events]
    # A chain of overlaps may join half of the archive: it stays where most rows are needed.
    val = [row for row in earlier if row.event in validated and not _is_chain(row.event, earlier)]
    train = [row for row in earlier if row.event not in {row.event for row in val}]
    crossing = len(rows) - len(test) - len(earlier)
    return Split(train, val, test, Counter({"its event lies on both sides of the cut": crossing}))


def _is_chain(event: str, rows: Sequence[Summary]) -> bool:
    return 5 * sum(row.event == event for row in rows) > len(rows)


def last_days(begins: dict[str, str], events: int) -> str:
    """The latest day such that so many events begin on it or later.

    Raises:
        ValueError: there are fewer.
    """
    days = sorted(begins.values(), reverse=True)
    if len(days) < events:
        raise ValueError(f"{events} events to hold out, there are {len(days)}")
    return days[events - 1]


# ---- what the models read


def beginning(text: str, language: str, limit: int) -> str:
    """The first whole sentences within so many words; one at least, however long."""
    chosen: list[str] = []
    total = 0
    for sentence in sentences(text, language):
        total += len(words(sentence))
        if chosen and total > limit:
            break
        chosen.append(sentence)
    return " ".join(" ".join(chosen).split())


def leads(row: Summary) -> list[Source]:
    """The beginnings of the row's first articles, which share the room."""
    wording, sources = WORDINGS[row.language], row.sources[:SOURCES]
    room = wording.source_words // len(sources)
    return [source._replace(text=shortened(source.text, row.language, room)) for source in sources]


def shortened(text: str, language: str, limit: int) -> str:
    """Its beginning; a first sentence that is longer is cut between two words."""
    lead = beginning(text, language, limit)
    parts = lead.split()
    return lead if len(words(lead)) <= 1.5 * limit else " ".join(parts[:limit]) + " …"


def record(row: Summary) -> dict[str, str]:
    """The row as `train` reads it."""
    wording = WORDINGS[row.language]
    items = [f"- {wording.title}: {lead.title}\n  {wording.text}: {lead.text}" for lead in leads(row)]
    return {
        "id": row.id, "system": wording.system, "instruction": wording.request, "input": "\n".join(items),
        "output": beginning(row.answer, row.language, wording.answer_words), "language": row.language,
        "event": row.event, "date": row.last,
    }  # fmt: skip
