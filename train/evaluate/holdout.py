"""The rows that models are compared on: held out of training, later than it, and not seen in it under another name."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.export_files import read_rows, row_id
from train.errors import TrainError
from train.metrics.copying import RUN, Corpus
from train.metrics.words import words

if TYPE_CHECKING:
    from train.data.conversations import Conversation

#: A row is seen where so much of its runs of RUN words stands in training rows.
NEAR = 0.5
#: A run that more training rows than this (or this share of them) have is a form of words, such as the instruction that
#: all rows begin with: it says nothing about whether this row was seen.
_FORM_ROWS, _FORM_SHARE = 5, 0.005
#: What comes before a source's parts in an export: "- Titolo: …", "  Testo: …".
_ITEM = re.compile(r"^- ([^\W\d_][^:\n]{0,20}): ", re.MULTILINE)
_PART = re.compile(r"^(?:- | {1,2})[^\W\d_][^:\n]{0,20}: ", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """A row of the hold-out.

    messages: up to the user's last turn. sources: texts that the answer is to be made of, [] where there are none.
    group: its event, "" unknown. date: ISO, "" unknown.
    """

    id: str
    messages: list[dict[str, str]]
    reference: str
    language: str = ""
    sources: list[str] = field(default_factory=list)
    group: str = ""
    date: str = ""
    where: str = ""

    @property
    def request(self) -> str:
        return self.messages[-1]["content"]

    @property
    def digest(self) -> str:
        """What an answer to the row and its loss depend on."""
        parts = json.dumps([self.messages, self.reference, self.language], ensure_ascii=False)
        return hashlib.sha256(parts.encode()).hexdigest()[:16]


@dataclass
class Holdout:
    """rows: those measured. split: where they are from. excluded: reason -> how many were left out. corpus: the
    training texts. dates: what is known of the order in time. skipped: reason -> rows that could not be read.
    """

    rows: list[Row]
    split: str
    held_out: int
    excluded: Counter[str]
    corpus: Corpus
    training_rows: int
    dates: dict[str, Any]
    skipped: dict[str, int] = field(default_factory=dict)
    limited: int = 0

    @property
    def groups(self) -> list[str]:
        """The event of each row; a row of no event stands for itself."""
        return [row.group or row.id for row in self.rows]


def read_holdout(path: Path, limit: int | None = None) -> Holdout:
    """The test split of an export, else its validation split, without the rows that were seen in training.

    Raises:
        TrainError: there is no such split, or every row of it was seen.
    """
    from train.data.encode import read_splits

    splits = read_splits(path)
    split = next((name for name in ("test", "val") if splits.get(name)), None)
    if split is None:
        raise TrainError(f"{path} has no hold-out (test or val split): export it as a folder with `synth export`")
    events = events_of(path)
    rows = _distinct([row_of(each, events) for each in splits[split]])
    corpus = Corpus(turn["content"] for each in splits["train"] for turn in each.messages if turn["role"] != "system")
    reasons = reasons_seen(rows, splits["train"], corpus)
    fresh = [row for row in rows if row.id not in reasons]
    if not fresh:
        raise TrainError(f"all {len(rows)} rows of the {split} split of {path} were seen in training: split by event")
    skipped = {reason: len(places) for reason, places in splits.skipped.items()}
    measured = fresh[:limit]
    dates = dates_of(splits["train"], fresh, path, split)
    return Holdout(
        measured, split, len(rows), Counter(reasons.values()), corpus, len(splits["train"]), dates, skipped,
        len(fresh) - len(measured),
    )  # fmt: skip


def row_of(conversation: Conversation, events: Mapping[str, str]) -> Row:
    """A chat whose last answer is the reference; earlier answers are part of the request."""
    *messages, last = conversation.messages
    return Row(
        conversation.id, messages, last["content"], conversation.language, sources_of(messages[-1]),
        conversation.group or events.get(conversation.id, ""), conversation.date, conversation.where,
    )  # fmt: skip


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """The same rows, each under an id of its own: one request may be answered twice."""
    occurrences: Counter[str] = Counter()
    distinct: list[Row] = []
    for row in rows:
        occurrences[row.id] += 1
        name = row.id if occurrences[row.id] == 1 else f"{row.id}~{occurrences[row.id]}"
        distinct.append(Row(name, *[getattr(row, part) for part in list(Row.__dataclass_fields__)[1:]]))
    return distinct


def sources_of(turn: Mapping[str, str]) -> list[str]:
    """The source texts in a user's turn: the items of an export's list, else all its material, else none.

    The words before a source's parts (title, newspaper, text) are left out, the parts stay.
    """
    material = turn.get("input") or ""
    text = material or turn["content"]
    first = _ITEM.search(text)
    if first is None:
        return [material] if material else []
    begin = re.compile(rf"^- {re.escape(first[1])}: ", re.MULTILINE)
    starts = [match.start() for match in begin.finditer(text)]
    items = [text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return [_PART.sub("", item).strip() for item in items]


# ---- seen in training


def reasons_seen(rows: Sequence[Row], training: Sequence[Conversation], corpus: Corpus) -> dict[str, str]:
    """id -> why a row counts as seen: the same or nearly the same answer, or request, as in training.

    An answer shorter than RUN words counts only together with its request: many rows may be answered "No".
    """
    pairs, answers = _exchanges(training)
    texts = [(words(row.request), words(row.reference)) for row in rows]
    holders = corpus.holders([text for pair in texts for text in pair])
    request_holders, answer_holders = holders[::2], holders[1::2]
    most = max(_FORM_ROWS, int(_FORM_SHARE * len(training)))
    reasons: dict[str, str] = {}
    for row, (request, answer), of_answer, of_request in zip(rows, texts, answer_holders, request_holders, strict=True):
        own = [count for count in of_request if count <= most]
        if (_mark(request), _mark(answer)) in pairs or (len(answer) >= RUN and _mark(answer) in answers):
            reasons[row.id] = "same answer"
        elif _share(of_answer) >= NEAR:
            reasons[row.id] = "nearly the same answer"
        elif _share(own) >= NEAR:
            reasons[row.id] = "nearly the same request"
    return reasons


def _exchanges(training: Sequence[Conversation]) -> tuple[set[tuple[bytes, bytes]], set[bytes]]:
    """((request, answer), answer) of every exchange of the training rows, as marks."""
    pairs: set[tuple[bytes, bytes]] = set()
    for conversation in training:
        turns = [turn for turn in conversation.messages if turn["role"] != "system"]
        marks = [_mark(words(turn["content"])) for turn in turns]
        pairs.update(zip(marks[::2], marks[1::2], strict=False))
    return pairs, {answer for _, answer in pairs}


def _mark(text: Sequence[str]) -> bytes:
    return hashlib.blake2b(" ".join(text).encode(), digest_size=16).digest()


def _share(counts: Sequence[int]) -> float:
    """Share of runs that training rows have."""
    return sum(count > 0 for count in counts) / len(counts) if counts else 0.0


# ---- events and dates


def export_of(path: Path) -> Path:
    """The folder that `synth export` wrote, of a path that may be a folder in it, such as export/litgpt."""
    return next((part for part in (path, *path.absolute().parents[:2]) if (part / "manifest.json").is_file()), path)


def events_of(path: Path) -> dict[str, str]:
    """id of a row -> its event, by the articles that rows of an export share; {} where that is not known.

    `synth export` writes the rows of alpaca.jsonl and of sources.jsonl in one order: with as many of both, they belong
    together. Exports with event columns say more, and do not need this.
    """
    folder = export_of(path)
    rows, links = folder / "alpaca.jsonl", folder / "sources.jsonl"
    if not (rows.is_file() and links.is_file()):
        return {}
    texts, sources = read_rows(rows), read_rows(links)
    if len(texts) != len(sources):
        return {}
    linked = [
        (row_id(text), [str(link) for link in row["links"]])
        for text, row in zip(texts, sources, strict=True)
        if row.get("links")
    ]
    return dict(zip((name for name, _ in linked), joined([links for _, links in linked]), strict=True))


def joined(links: Sequence[Sequence[str]]) -> list[str]:
    """The event of each row, a link of it: rows that share a link are one, over any number of others.

    Args:
        links: of each row, one at least.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for row in links:
        for link in row[1:]:
            parent[root(link)] = root(row[0])
    return [root(row[0]) for row in links]


def dates_of(training: Sequence[Conversation], rows: Sequence[Row], path: Path, split: str) -> dict[str, Any]:
    """Whether the hold-out is later than training: {known, later, summary, and the days behind it}."""
    newest: dict[str, str] = defaultdict(str)
    for conversation in training:
        newest[conversation.language] = max(newest[conversation.language], conversation.date[:10])
    dated = [row for row in rows if row.date]
    if dated and any(newest.values()):
        early = sum(row.date[:10] < newest[row.language] for row in dated)
        days = {"training_to": max(newest.values()), "held_out_from": min(row.date[:10] for row in dated)}
        summary = (
            f"{len(dated) - early} of {len(rows)} rows are not older than the newest training row of their language"
        )
        if len(dated) < len(rows):
            summary += f"; {len(rows) - len(dated)} have no date"
        later = False if early else None if len(dated) < len(rows) else True
        return {"known": True, "later": later, "rows_before": early, "undated": len(rows) - len(dated), **days,
                "summary": summary}  # fmt: skip
    return _dates_in_manifest(path, split)


def _dates_in_manifest(path: Path, split: str) -> dict[str, Any]:
    """What `synth export` noted of the days of its splits, where rows have no dates of their own."""
    unknown = {"known": False, "later": None, "summary": "not known: neither rows nor a manifest have dates"}
    try:
        manifest = json.loads((export_of(path) / "manifest.json").read_text(encoding="utf-8"))
        counts = manifest["counts"]
        last, first = counts["train"]["last_day"], counts["validation" if split == "val" else split]["first_day"]
        overlap = bool(manifest["days_overlap"])
    except (OSError, ValueError, KeyError, TypeError):
        return unknown
    if not last or not first:
        return unknown
    summary = f"training rows up to {last}, hold-out from {first} (the export's manifest)"
    if overlap:
        summary += "; some hold-out rows are older than the newest training row of their language"
    return {"known": True, "later": not overlap, "training_to": last, "held_out_from": first, "summary": summary}


# ---- texts from a file


def read_texts(path: Path, rows: Sequence[Row]) -> dict[str, str]:
    """id of a row -> the text that a file gives for it, by `id` or `key`, else by the request's own words.

    Rows of the file: {id, text} as `train generate` writes them; the text may be called text, output, answer, response
    or completion, the request prompt, question, or instruction and input.

    Raises:
        TrainError: the file cannot be read, or answers no row.
    """
    by_id, by_request = {row.id: row.id for row in rows}, {_folded(row.request): row.id for row in rows}
    texts: dict[str, str] = {}
    for row in read_rows(path):
        text = next((row[name] for name in _TEXT if isinstance(row.get(name), str)), None)
        if text is None:
            continue
        names = [by_id.get(str(row.get(name))) for name in ("id", "key")]
        names += [by_request.get(_folded(request)) for request in _requests(row)]
        if name := next(filter(None, names), None):
            texts.setdefault(name, text)
    if not texts:
        raise TrainError(f"{path} answers no row of the hold-out: its rows need `text`, and the row's `id` or request")
    return texts


_TEXT = ("text", "output", "answer", "response", "completion")


def _requests(row: Mapping[str, Any]) -> Iterable[str]:
    for name in ("prompt", "question"):
        if isinstance(row.get(name), str):
            yield row[name]
    if isinstance(row.get("instruction"), str):
        yield "\n\n".join(filter(None, (row["instruction"].strip(), str(row.get("input") or "").strip())))
    turns = row.get("messages")
    requests = [turn["content"] for turn in turns if turn.get("role") == "user"] if isinstance(turns, list) else []
    yield from requests[-1:]


def _folded(text: str) -> str:
    return " ".join(words(text))
