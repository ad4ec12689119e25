"""What the store has of an article: its texts, samples and fragments, the ledger's calls, its vectors, its events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.batched import batched
from synth.embed import DEFAULT_SENTENCES, article_text
from synth.samples.schema import dotted, fields_of
from synth.takedown.exports import Export, Training, add_exports

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

_CHUNK = 1000
#: Steps of a fragment that ask a model.
_STEPS = tuple(inner.name for name, inner in dotted(fields_of("fragments")) if name.startswith("calls."))


@dataclass
class Lineage:
    """What there is of one article, and of what was made from it."""

    #: as asked for first, canonical.
    link: str
    #: all its addresses.
    links: list[str]
    articles: list[Any] = field(default_factory=list)
    #: content hashes of its texts, of which the store keeps nothing else.
    hashes: list[str] = field(default_factory=list)
    revisions: int = 0
    #: keys of samples made from it, and of those among them that a newer one replaced.
    samples: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    #: keys of its parts for which instructions were written, or shall be.
    fragments: list[str] = field(default_factory=list)
    #: keys of samples of its events that left it out.
    left_out_of: list[str] = field(default_factory=list)
    #: "LANGUAGE/NUMBER" of current events, and how many older versions of events name it.
    events: list[str] = field(default_factory=list)
    older_events: int = 0
    #: hashes of ledger rows whose prompt held it.
    calls: list[str] = field(default_factory=list)
    ratings: int = 0
    #: marks that raters made in `synth review`.
    marks: int = 0
    embeddings: int = 0
    exports: list[Export] = field(default_factory=list)
    trainings: list[Training] = field(default_factory=list)
    taken_down_at: datetime | None = None

    def counts(self) -> dict[str, int]:
        """What --yes removes, by collection."""
        return {
            "articles": len(self.articles), "revisions": self.revisions, "samples": len(self.samples),
            "fragments": len(self.fragments),
            "llm_calls": len(self.calls), "ratings": self.ratings, "marks": self.marks,
            "embeddings": self.embeddings,
            "events": len(self.events) + self.older_events, "left_out_of": len(self.left_out_of),
        }  # fmt: skip


def lineages_of(database: Store, links: Sequence[str], training: Sequence[Path] | None = None) -> list[Lineage]:
    """All that the store, exports and trainings have of the articles at these links; one for each article."""
    by_first_link: dict[str, Lineage] = {}
    for link in links:
        lineage = _stored_article(database, link)
        by_first_link.setdefault(lineage.links[0], lineage)
    lineages = list(by_first_link.values())
    by_link = {link: lineage for lineage in lineages for link in lineage.links}
    _add_samples(database, lineages, by_link)
    _add_fragments(database, by_link)
    _keep_own_calls(database, lineages)
    _add_events(database, by_link)
    for lineage in lineages:
        lineage.revisions = database.revisions.count_documents({"link": {"$in": lineage.links}})
        lineage.marks = database.marks.count_documents({"item": {"$in": lineage.samples}})
        lineage.ratings = database.ratings.count_documents({"item": {"$in": lineage.samples}})
        lineage.embeddings = database.embeddings.count_documents(vectors_filter(database, lineage))
    add_exports(database, by_link, training)
    return lineages


def _stored_article(database: Store, link: str) -> Lineage:
    """The article at a link and its addresses, those of an earlier takedown included."""
    rows = list(database.articles.find({"$or": [{"link": link}, {"also_at": link}]}, {"link": 1, "also_at": 1}))
    earlier = list(database.takedowns.find({"links": link}))
    links = {link}.union(*(row["links"] for row in earlier))
    links.update(address for row in rows for address in (row["link"], *(row.get("also_at") or [])))
    condition = {"link": {"$in": sorted(links)}}
    rows = list(database.articles.find(condition, {"content_hash": 1}))
    texts = [*rows, *database.revisions.find(condition, {"content_hash": 1})]
    hashes = {row["content_hash"] for row in texts if row.get("content_hash")}
    hashes.update(text_hash for row in earlier for text_hash in row.get("hashes") or [])
    return Lineage(
        link=earlier[0]["link"] if earlier else link,
        links=sorted(links),
        articles=[row["_id"] for row in rows],
        hashes=sorted(hashes),
        taken_down_at=min((row["requested_at"] for row in earlier), default=None),
    )


def _add_samples(database: Store, lineages: Sequence[Lineage], by_link: Mapping[str, Lineage]) -> None:
    fields = {"key": 1, "superseded": 1, "sources.link": 1, "sources.id": 1, "provenance.calls": 1, "judge.calls": 1,
              "provenance.left_out.link": 1}  # fmt: skip
    by_id = {str(article): lineage for lineage in lineages for article in lineage.articles}
    condition = {
        "$or": [
            {"sources.link": {"$in": list(by_link)}}, {"sources.id": {"$in": list(by_id)}},
            {"provenance.left_out.link": {"$in": list(by_link)}},
        ]
    }  # fmt: skip
    # Sorted here: the server would read a million samples in the order of their keys, all over the disk.
    for row in sorted(database.samples.find(condition, fields), key=lambda row: str(row["key"])):
        sources, omitted = row.get("sources") or [], (row.get("provenance") or {}).get("left_out") or []
        using = [by_link.get(source.get("link", "")) or by_id.get(source.get("id", "")) for source in sources]
        omitting = [by_link.get(source.get("link", "")) for source in omitted]
        for lineage in _distinct(using):
            lineage.samples.append(row["key"])
            lineage.superseded += [row["key"]] if row.get("superseded") else []
            lineage.calls += calls_of(row)
        for lineage in _distinct(omitting):
            if row["key"] not in lineage.samples:
                lineage.left_out_of.append(row["key"])


def _add_fragments(database: Store, by_link: Mapping[str, Lineage]) -> None:
    rows = database.fragments.find({"link": {"$in": list(by_link)}}, {"key": 1, "link": 1, "calls": 1})
    for row in sorted(rows, key=lambda row: str(row["key"])):
        lineage = by_link[row["link"]]
        lineage.fragments.append(row["key"])
        lineage.calls += calls_of_fragment(row)


def _keep_own_calls(database: Store, lineages: Sequence[Lineage]) -> None:
    """Of the calls only those that are in the ledger, and that nothing that stays was made with."""
    removed_keys = {key for lineage in lineages for key in (*lineage.samples, *lineage.fragments)}
    remaining_calls = _remaining_calls(database, {call for lineage in lineages for call in lineage.calls}, removed_keys)
    ledger = {call for lineage in lineages for call in lineage.calls} - remaining_calls
    stored_calls = {
        row["hash"]
        for part in chunks(sorted(ledger))
        for row in database.llm_calls.find({"hash": {"$in": part}}, {"hash": 1})
    }
    for lineage in lineages:
        lineage.calls = sorted(set(lineage.calls) & stored_calls)


def _distinct(lineages: Iterable[Lineage | None]) -> list[Lineage]:
    return list({id(lineage): lineage for lineage in lineages if lineage is not None}.values())


def calls_of(sample: Mapping[str, Any]) -> list[str]:
    """Keys of the ledger's rows that a sample and its judgement come from."""
    return [
        call for part in ("provenance", "judge") for call in (sample.get(part) or {}).get("calls") or [] if call
    ]  # fmt: skip


def calls_of_fragment(fragment: Mapping[str, Any]) -> list[str]:
    """Keys of the ledger's rows that an instruction, its score and its translations come from."""
    return [call for keys in (fragment.get("calls") or {}).values() for call in keys]


def _remaining_calls(database: Store, calls: set[str], removed_keys: set[str]) -> set[str]:
    """Those of the calls that a sample or fragment that stays was made with: what it did not read, they did not."""
    remaining: set[str] = set()
    for part in chunks(sorted(calls)):
        condition = {"$or": [{"provenance.calls": {"$in": part}}, {"judge.calls": {"$in": part}}]}
        for row in database.samples.find(condition, {"key": 1, "provenance.calls": 1, "judge.calls": 1}):
            remaining.update(calls_of(row) if row["key"] not in removed_keys else ())
        condition = {"$or": [{f"calls.{step}": {"$in": part}} for step in _STEPS]}
        for row in database.fragments.find(condition, {"key": 1, "calls": 1}):
            remaining.update(calls_of_fragment(row) if row["key"] not in removed_keys else ())
    return remaining


def _add_events(database: Store, by_link: Mapping[str, Lineage]) -> None:
    fields = {"links": 1, "current": 1, "language": 1, "number": 1}
    for row in database.clusters.find({"links": {"$in": list(by_link)}}, fields).sort([("language", 1), ("number", 1)]):
        for lineage in _distinct(by_link.get(link) for link in row["links"]):
            if row.get("current"):
                lineage.events.append(f"{row.get('language')}/{row.get('number')}")
            else:
                lineage.older_events += 1


def vectors_filter(database: Store, lineage: Lineage) -> dict[str, Any]:
    """A filter of the article's rows in `embeddings`: they are known by the sha256 of exactly what was embedded."""
    from bson import Binary

    models = database.embeddings.distinct("embedder")
    texts = set(_embedded_texts(database, lineage)) if models else set()
    hashes = [Binary(hashlib.sha256(text.encode(errors="surrogatepass")).digest()) for text in sorted(texts)]
    return {"embedder": {"$in": models}, "text": {"$in": hashes}}


def _embedded_texts(database: Store, lineage: Lineage) -> Iterator[str]:
    """Every text of the article that a model may have been given, and what was made from it."""
    configured = [row.get("configuration") or {} for row in database.placements.find({"settings": {"$exists": True}})]
    lengths = {None, DEFAULT_SENTENCES, *(row.get("sentences") for row in configured)}
    fields = {"title": 1, "description": 1, "content": 1}
    condition = {"link": {"$in": lineage.links}}
    rows = [*database.articles.find(condition, fields), *database.revisions.find(condition, fields)]
    names = ("question", "answer", "original_question", "original_answer")
    for sample in database.samples.find({"key": {"$in": lineage.samples}}, dict.fromkeys(("sources", *names), 1)):
        rows += [source for source in sample.get("sources") or [] if source.get("link") in lineage.links]
        yield from (str(sample[name]) for name in names if sample.get(name))
    for row in rows:
        yield from (article_text(row, length) for length in lengths)
        yield from (str(row[name]) for name in fields if row.get(name))


def chunks(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The keys, as many at a time as one filter takes."""
    return batched(keys, _CHUNK)
