"""`synth takedown`: all that was made of an article, and its removal from the store.

What the store holds goes with --yes: the article and its earlier texts, every sample made from it, the ledger's rows of
the calls that read it, its vectors, its place in events; the link is remembered, and never crawled or imported again.
Exported folders and trained models are not the store's: they are listed, with what to do about them.

Every step finds anew what is left, and the article itself goes last: killed at any moment, the same command goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError, RecordError, canonical_link
from crawler.mongo import connect, run_of
from synth.takedown import lineage as footprints
from synth.takedown.lineage import Export, Training

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

_CHUNK = 1000
_TRAIN_AGAIN = "delete it and what was made of it, and train again on a clean export"
#: Keys shown in a line before the rest is only counted.
_SHOWN = 3


@dataclass
class Traces:
    """What there is of one article."""

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
    #: keys of samples of its events that left it out.
    left_out_of: list[str] = field(default_factory=list)
    #: "LANGUAGE/NUMBER" of current events, and how many older versions of events name it.
    events: list[str] = field(default_factory=list)
    older_events: int = 0
    #: hashes of ledger rows whose prompt held it.
    calls: list[str] = field(default_factory=list)
    ratings: int = 0
    embeddings: int = 0
    exports: list[Export] = field(default_factory=list)
    trainings: list[Training] = field(default_factory=list)
    taken_down_at: datetime | None = None

    def counts(self) -> dict[str, int]:
        """What --yes removes, by collection."""
        return {
            "articles": len(self.articles), "revisions": self.revisions, "samples": len(self.samples),
            "llm_calls": len(self.calls), "ratings": self.ratings, "embeddings": self.embeddings,
            "events": len(self.events) + self.older_events, "left_out_of": len(self.left_out_of),
        }  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = __doc__
    parser.epilog = """examples:
  synth takedown https://www.ilpost.it/2026/05/01/esempio/          what there is of it
  synth takedown --file links.txt --yes && synth cluster && synth summarize
  synth takedown --list"""
    parser.add_argument("links", nargs="*", metavar="LINK", help="address of an article, any of those it is known by")
    parser.add_argument(
        "--file", type=Path, metavar="FILE", help="more of them, one a line; # begins a remark; - is stdin"
    )
    parser.add_argument("--yes", action="store_true", help="remove it all from the store, and remember the links")
    parser.add_argument("--list", action="store_true", help="list what was taken down so far")
    parser.add_argument(
        "--training", action="append", type=Path, metavar="DIR",
        help="folder of training runs to look through; may be given again (out and checkpoints)",
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    if options.list:
        return _print_list(connect(options.uri), options.json)
    links = links_of(options)
    database = connect(options.uri)
    traces = traces_of(database, links, options.training)
    if options.yes:
        with run_of(database, "takedown", {"links": links}) as run:
            run.counts += take_down(database, traces)
        told = [trace for trace in traces_of(database, links, options.training) if any(trace.counts().values())]
        if told:
            raise NewsmillError(
                f"{told[0].link} is in the store again: another command wrote it meanwhile; run it again"
            )
    if options.json:
        print(json.dumps({"removed": options.yes, "takedowns": [asdict(one) for one in traces]}, default=str))
    else:
        print("\n".join(line for one in traces for line in in_words(one, options.yes)))
        print(following(traces, options.yes))
    return 0


def links_of(options: argparse.Namespace) -> list[str]:
    """The canonical links that are named, each once.

    Raises:
        NewsmillError: none is named, the file cannot be read, or one is no address.
    """
    named = [*options.links, *(_lines(options.file) if options.file else ())]
    if not named:
        raise NewsmillError("name an article's link, or a --file of links")
    links: dict[str, None] = {}
    wrong = []
    for text in named:
        try:
            links[canonical_link(text)] = None
        except RecordError:
            wrong.append(repr(text))
    if wrong:
        raise NewsmillError(f"no address of an article: {', '.join(wrong[:5])}; nothing was looked up or removed")
    return list(links)


def _lines(path: Path) -> Iterator[str]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise NewsmillError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    for line in text.splitlines():
        if (link := line.partition(" #")[0].strip()) and not link.startswith("#"):
            yield link


# ---- what there is


def traces_of(database: Store, links: Sequence[str], training: Sequence[Path] | None = None) -> list[Traces]:
    """All that the store, exports and trainings have of the articles at these links; one for each article."""
    traces: dict[str, Traces] = {}
    for link in links:
        one = _article(database, link)
        traces.setdefault(one.links[0], one)
    found = list(traces.values())
    by_link = {link: one for one in found for link in one.links}
    _add_samples(database, found, by_link)
    _add_events(database, by_link)
    for one in found:
        one.revisions = database.revisions.count_documents({"link": {"$in": one.links}})
        one.ratings = database.ratings.count_documents({"item": {"$in": one.samples}})
        one.embeddings = database.embeddings.count_documents(_vectors(database, one))
    footprints.add(database, by_link, training)
    return found


def _article(database: Store, link: str) -> Traces:
    """The article at a link and its addresses, those of an earlier takedown included."""
    rows = list(database.articles.find({"$or": [{"link": link}, {"also_at": link}]}, {"link": 1, "also_at": 1}))
    earlier = list(database.takedowns.find({"links": link}))
    links = {link}.union(*(row["links"] for row in earlier))
    links.update(address for row in rows for address in (row["link"], *(row.get("also_at") or [])))
    known = {"link": {"$in": sorted(links)}}
    rows = list(database.articles.find(known, {"content_hash": 1}))
    texts = [*rows, *database.revisions.find(known, {"content_hash": 1})]
    hashes = {row["content_hash"] for row in texts if row.get("content_hash")}
    hashes.update(told for row in earlier for told in row.get("hashes") or [])
    return Traces(
        link=earlier[0]["link"] if earlier else link,
        links=sorted(links),
        articles=[row["_id"] for row in rows],
        hashes=sorted(hashes),
        taken_down_at=min((row["requested_at"] for row in earlier), default=None),
    )


def _add_samples(database: Store, traces: Sequence[Traces], by_link: Mapping[str, Traces]) -> None:
    fields = {"key": 1, "superseded": 1, "sources.link": 1, "sources.id": 1, "provenance.calls": 1, "judge.calls": 1,
              "provenance.left_out.link": 1}  # fmt: skip
    by_id = {str(article): one for one in traces for article in one.articles}
    wanted = {
        "$or": [
            {"sources.link": {"$in": list(by_link)}}, {"sources.id": {"$in": list(by_id)}},
            {"provenance.left_out.link": {"$in": list(by_link)}},
        ]
    }  # fmt: skip
    # Sorted here: the server would read a million samples in the order of their keys, all over the disk.
    for row in sorted(database.samples.find(wanted, fields), key=lambda row: str(row["key"])):
        sources = row.get("sources") or []
        using = [by_link.get(one.get("link", "")) or by_id.get(one.get("id", "")) for one in sources]
        left = [by_link.get(one.get("link", "")) for one in (row.get("provenance") or {}).get("left_out") or []]
        for one in _once(using):
            one.samples.append(row["key"])
            one.superseded += [row["key"]] if row.get("superseded") else []
            one.calls += calls_of(row)
        for one in _once(left):
            if row["key"] not in one.samples:
                one.left_out_of.append(row["key"])
    taken = {key for one in traces for key in one.samples}
    staying = _staying(database, {call for one in traces for call in one.calls}, taken)
    ledger = {call for one in traces for call in one.calls} - staying
    there = {
        row["hash"]
        for part in _chunks(sorted(ledger))
        for row in database.llm_calls.find({"hash": {"$in": part}}, {"hash": 1})
    }
    for one in traces:
        one.calls = sorted(set(one.calls) & there)


def _once(some: Iterable[Traces | None]) -> list[Traces]:
    return list({id(one): one for one in some if one is not None}.values())


def calls_of(sample: Mapping[str, Any]) -> list[str]:
    """Keys of the ledger's rows that a sample and its judgement come from."""
    return [
        call for part in ("provenance", "judge") for call in (sample.get(part) or {}).get("calls") or [] if call
    ]  # fmt: skip


def _staying(database: Store, calls: set[str], taken: set[str]) -> set[str]:
    """Those of the calls that a sample that stays was made with: what it did not read, they did not."""
    stay: set[str] = set()
    for part in _chunks(sorted(calls)):
        wanted = {"$or": [{"provenance.calls": {"$in": part}}, {"judge.calls": {"$in": part}}]}
        for row in database.samples.find(wanted, {"key": 1, "provenance.calls": 1, "judge.calls": 1}):
            stay.update(calls_of(row) if row["key"] not in taken else ())
    return stay


def _add_events(database: Store, by_link: Mapping[str, Traces]) -> None:
    fields = {"links": 1, "current": 1, "language": 1, "number": 1}
    for row in database.clusters.find({"links": {"$in": list(by_link)}}, fields).sort([("language", 1), ("number", 1)]):
        for one in _once(by_link.get(link) for link in row["links"]):
            if row.get("current"):
                one.events.append(f"{row.get('language')}/{row.get('number')}")
            else:
                one.older_events += 1


def _vectors(database: Store, one: Traces) -> dict[str, Any]:
    """A filter of the article's rows in `embeddings`: they are known by the sha256 of exactly what was embedded."""
    from bson import Binary

    models = database.embeddings.distinct("embedder")
    texts = set(_embedded(database, one)) if models else set()
    hashes = [Binary(hashlib.sha256(text.encode(errors="surrogatepass")).digest()) for text in sorted(texts)]
    return {"embedder": {"$in": models}, "text": {"$in": hashes}}


def _embedded(database: Store, one: Traces) -> Iterator[str]:
    """Every text of the article that a model may have been given, and what was made from it."""
    from synth.cluster.incremental import Settings
    from synth.embed import article_text

    configured = [row.get("configuration") or {} for row in database.placements.find({"settings": {"$exists": True}})]
    lengths = {None, Settings().sentences, *(row.get("sentences") for row in configured)}
    fields = {"title": 1, "description": 1, "content": 1}
    wanted = {"link": {"$in": one.links}}
    rows = [*database.articles.find(wanted, fields), *database.revisions.find(wanted, fields)]
    for sample in database.samples.find({"key": {"$in": one.samples}}, {"sources": 1, "question": 1, "answer": 1}):
        rows += [source for source in sample.get("sources") or [] if source.get("link") in one.links]
        yield from (str(sample[name]) for name in ("question", "answer") if sample.get(name))
    for row in rows:
        yield from (article_text(row, length) for length in lengths)
        yield from (str(row[name]) for name in fields if row.get(name))


def _chunks(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


# ---- its removal


def take_down(database: Store, traces: Sequence[Traces]) -> Counter[str]:
    """Remove it all; how many documents, by collection. In this order: what finds a thing goes after it."""
    counts: Counter[str] = Counter()
    for one in traces:
        _remember(database, one)
    keys = sorted({key for one in traces for key in one.samples})
    for part in _chunks(sorted({call for one in traces for call in one.calls})):
        counts["llm_calls"] += database.llm_calls.delete_many({"hash": {"$in": part}}).deleted_count
    for one in traces:
        counts["embeddings"] += database.embeddings.delete_many(_vectors(database, one)).deleted_count
    for part in _chunks(keys):
        counts["ratings"] += database.ratings.delete_many({"item": {"$in": part}}).deleted_count
        _unlink(database, part)
        counts["samples"] += database.samples.delete_many({"key": {"$in": part}}).deleted_count
    for one in traces:
        counts["events"] += _leave_events(database, one)
        known = {"link": {"$in": one.links}}
        counts["revisions"] += database.revisions.delete_many(known).deleted_count
        counts["articles"] += database.articles.delete_many(known).deleted_count
        database.takedowns.update_one({"link": one.link}, {"$set": {"finished_at": datetime.now(UTC)}})
    return +counts


def _remember(database: Store, one: Traces) -> None:
    """Before anything is removed: from here on nobody fetches or stores it. What was counted first stays."""
    most = {f"removed.{name}": count for name, count in one.counts().items()}
    database.takedowns.update_one(
        {"link": one.link},
        {"$addToSet": {"links": {"$each": one.links}, "hashes": {"$each": one.hashes}},
         "$max": most, "$setOnInsert": {"requested_at": datetime.now(UTC)}},
        upsert=True,
    )  # fmt: skip


def _unlink(database: Store, keys: Sequence[str]) -> None:
    """Samples that stood behind these stand for themselves again."""
    gone = {"$in": list(keys)}
    marks = dict.fromkeys(("duplicate_of", "duplicate_kind", "duplicate_score"), "")
    database.samples.update_many({"duplicate_of": gone}, {"$unset": marks})
    # Without an heir named, the next `synth summarize` looks for another one.
    database.samples.update_many({"superseded_by": gone}, {"$unset": {"superseded_by": ""}})


def _leave_events(database: Store, one: Traces) -> int:
    """Out of its events, old versions of them included; `synth cluster` makes new ones of those that remain."""
    database.samples.update_many(
        {"provenance.left_out.link": {"$in": one.links}},
        {"$pull": {"provenance.left_out": {"link": {"$in": one.links}}, "provenance.articles": {"$in": one.articles}}},
    )
    changed = database.clusters.update_many(
        {"links": {"$in": one.links}},
        [{"$set": {"links": _without("$links", one.links), "articles": _without("$articles", one.articles)}},
         {"$set": {"size": {"$size": "$links"}}}],
    ).modified_count  # fmt: skip
    database.clusters.delete_many({"links": []})
    return changed


def _without(name: str, values: Sequence[Any]) -> dict[str, Any]:
    return {"$filter": {"input": name, "cond": {"$not": [{"$in": ["$$this", list(values)]}]}}}


# ---- in words


def in_words(one: Traces, removed: bool) -> list[str]:
    """An article's traces, a line for each kind; kinds of which there is nothing are left out."""
    rows = [
        ("article", len(one.articles), _number(len(one.links), "address", "addresses")),
        ("revisions", one.revisions, "its earlier texts"),
        ("samples", len(one.samples), _keys(one.samples, len(one.superseded))),
        ("left out of", len(one.left_out_of), f"{_keys(one.left_out_of)}: they stay, without its link"),
        ("events", len(one.events), ", ".join(one.events[:_SHOWN])),
        ("old events", one.older_events, "versions of events that no longer count"),
        ("calls", len(one.calls), "replies in the ledger"),
        ("ratings", one.ratings, "what people said of these samples"),
        ("vectors", one.embeddings, "of its texts"),
    ]  # fmt: skip
    lines = [one.link + (f" (taken down {one.taken_down_at:%Y-%m-%d})" if one.taken_down_at else "")]
    lines += [f"  {name:<12}{count:>6,}  {note}".rstrip() for name, count, note in rows if count]
    if len(lines) == 1:
        lines.append("  nothing is in the store" + (": the link is remembered" if removed else ""))
    for export in one.exports:
        lines += [f"  export      {export.folder}: {export.told()}"]
    for training in one.trainings:
        lines += [f"  training    {training.folder}: learnt from {training.data}: {_TRAIN_AGAIN}"]
    return lines


def _number(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def _keys(keys: Sequence[str], superseded: int = 0) -> str:
    shown = " ".join(key[:8] for key in keys[:_SHOWN]) + (" …" if len(keys) > _SHOWN else "")
    return shown + (f", {superseded} of them superseded" if superseded else "")


def following(traces: Sequence[Traces], removed: bool) -> str:
    """What happened, and what is to be done."""
    total = sum((Counter(one.counts()) for one in traces), Counter[str]())
    if not removed:
        what = "removes it all from the store, and keeps" if any(total.values()) else "keeps"
        return f"takedown: nothing is removed; --yes {what} the links from being crawled or imported again"
    gone = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in total.items() if count)
    line = f"takedown: {_number(len(traces), 'article', 'articles')} will not be crawled or imported again; removed: "
    line += gone or "nothing, there was none in the store"
    if any(one.exports or one.trainings for one in traces):
        line += "; the exports and trainings named above are left as they are"
    if archive := os.environ.get("NEWSMILL_WARC"):
        line += f"; pages as they were fetched are still in the archive {archive}"
    return line + ("; next: synth cluster && synth summarize" if total["events"] else "")


def _print_list(database: Store, as_json: bool) -> int:
    for row in database.takedowns.find({}, {"_id": 0}).sort("requested_at", 1):
        counts = sorted((row.get("removed") or {}).items())
        removed = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts if count)
        state = removed or "nothing was stored"
        if not row.get("finished_at"):
            state += "; interrupted: run it again with --yes"
        print(json.dumps(row, default=str) if as_json else f"{row['requested_at']:%Y-%m-%d}  {row['link']}  {state}")
    return 0
