"""Rows of instruction sets as samples of the task `import`, and how they are stored.

An imported sample, as other commands find it in `samples`:

    task          "import"
    key           sha256 of its messages: the same row, in whatever file and format, is the same sample
    system, history, question, answer
                  the texts; `history` holds the earlier turns in pairs of {role, content}, user and assistant
    instruction   the short request where the row tells it from its material (Alpaca with an input): the question is
                  instruction, blank line, material; "" elsewhere
    conversation  only where the messages say more than these texts (synth.samples.turns): weights, tools, names, parts
    language      ISO 639-1 code of the row, else of --language, else what is detected; None where nothing is sure
    status        "new"
    provenance    {run, file, line, format, dataset, license, model, columns}: where it comes from; `columns` holds the
                  row's other cells
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.items import RecordError
from synth.importing.conversation import Conversation
from synth.importing.values import language as read_language
from synth.language.iso_639 import NO_LANGUAGE, is_three_letters, two_letters
from synth.samples.sample import Sample, sample_key
from synth.samples.turns import Turns, turns_of

if TYPE_CHECKING:
    from pymongo.collection import Collection

TASK = "import"
_LANGUAGE = ("language", "lang", "language_code", "locale", "language_name")
_LICENSE = ("license", "licence", "license_name")
_MODEL = ("model", "model_name", "model_id", "generator")
#: Characters of a cell that is kept beside the texts: longer ones are texts themselves, formatted once more.
_LONGEST = 2000
#: Characters of a text by which its language is told, from the answer first.
_READ = 300
#: Confidence from which a language is taken for that of a sample.
_SURE = 0.5
#: MongoDB's bound on a document, less room for what is added to one later.
_MAX_DOCUMENT = (16 << 20) - (64 << 10)


@dataclass(frozen=True)
class Origin:
    """Where rows come from: the run that reads them, their file, format and data set."""

    run: str
    file: str
    format: str
    dataset: str = ""
    license: str = ""
    #: ISO 639-1 code of rows that name none.
    language: str | None = None


def sample_of(conversation: Conversation, position: str, origin: Origin) -> dict[str, Any]:
    """The document of a sample.

    Raises:
        RecordError: user and assistant do not speak in turn or say nothing (`synth.samples.turns`), or `unstorable`.
    """
    turns = turns_of(conversation.messages, conversation.extra)
    provenance, code = origin_fields(conversation.columns, position, origin)
    document = Sample(
        key=sample_key(TASK, "", "", "", _digest(conversation)), task=TASK, question=turns.question,
        answer=turns.answer, language=(_detected(turns) if code is None else code) or None,
        instruction=conversation.instruction, system=turns.system, history=turns.history,
        conversation=turns.conversation or {}, provenance=provenance,
    ).document()  # fmt: skip
    check_document(document)
    return document


def origin_fields(cells: Mapping[str, Any], position: str, origin: Origin) -> tuple[dict[str, Any], str | None]:
    """(`provenance`, the language that the row or the import names) of a row with these other cells; "": none."""
    columns = dict(cells)
    own = language_of(_taken(columns, _LANGUAGE))
    code = origin.language if own is None else own
    fields = {
        "run": origin.run, "file": origin.file, "line": position, "format": origin.format, "dataset": origin.dataset,
        "license": str(_taken(columns, _LICENSE) or origin.license), "model": str(_taken(columns, _MODEL) or ""),
        "columns": _kept(columns),
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value}, code


def _digest(conversation: Conversation) -> str:
    """sha256 (hex) of all that is said and of what stands beside it."""
    content = json.dumps([conversation.messages, conversation.extra], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()


def _taken(columns: dict[str, Any], names: Sequence[str]) -> Any:
    """The first of these cells that says something, which is taken out of them."""
    values = [columns.pop(name, None) for name in names]
    return next((value for value in values if isinstance(value, str) and value.strip()), None)


def language_of(value: Any) -> str | None:
    """The code of what a cell says of a language, ISO 639-1 or else 639-3; "" for `code` and `mixed`, which are none;
    None where it says nothing.
    """
    word = str(value or "").strip().lower()
    if word in NO_LANGUAGE:
        return ""
    if is_three_letters(word) and not two_letters(word):
        return word
    try:
        return read_language("language", value)
    except RecordError:
        return None


def _detected(turns: Turns) -> str | None:
    from synth.language import UNKNOWN, detect
    from synth.language.small_words import language_by_small_words

    parts = (turns.answer[:_READ], turns.question[:_READ])
    if code := language_by_small_words(parts):
        return code
    code, confidence = detect("\n".join(parts))
    return code if code != UNKNOWN and confidence >= _SURE else None


def _kept(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The other cells of a row as MongoDB takes them; what is long is left out."""
    return {
        str(name).lstrip("$").replace(".", "_").replace("\0", "") or "_": value
        for name, cell in columns.items()
        if (value := _plain(cell)) is not None
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 1 << 63):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else None


def check_document(document: Mapping[str, Any]) -> None:
    """
    Raises:
        RecordError: `too_large`, `lone_surrogate`, or `unstorable` for what MongoDB has no type for.
    """
    from bson import encode
    from bson.errors import BSONError

    try:
        size = len(encode(document))
    except UnicodeEncodeError as error:
        raise RecordError("lone_surrogate", "a text holds half of a sign") from error
    except (BSONError, OverflowError, ValueError, TypeError) as error:
        raise RecordError("unstorable", " ".join(str(error).split())[:150]) from error
    if size > _MAX_DOCUMENT:
        raise RecordError("too_large", f"{size:,} bytes; MongoDB stores 16 MB")


def store_samples(samples: Collection[dict[str, Any]], batch: Mapping[str, Mapping[str, Any]]) -> Counter[str]:
    """Upsert samples by key; one that is there keeps its scores and edits, and learns what a later import knows of its
    language and licence. Counts: stored, updated, unchanged.
    """
    from pymongo import UpdateOne

    fields = {"key": 1, "language": 1, "provenance.license": 1}
    before = {row["key"]: row for row in samples.find({"key": {"$in": list(batch)}}, fields)} if batch else {}
    counts: Counter[str] = Counter()
    writes: list[Any] = []
    for key, document in batch.items():
        if key not in before:
            # Not an insert: another import may be at the same row just now.
            writes.append(UpdateOne({"key": key}, {"$setOnInsert": dict(document)}, upsert=True))
            counts["stored"] += 1
        elif news := _news(before[key], document):
            writes.append(UpdateOne({"key": key}, {"$set": news}))
            counts["updated"] += 1
        else:
            counts["unchanged"] += 1
    if writes:
        samples.bulk_write(writes, ordered=False)
    return counts


def _news(before: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """What a later import knows better."""
    news: dict[str, Any] = {}
    if document["language"] and document["language"] != before.get("language"):
        news["language"] = document["language"]
    license_name = document["provenance"].get("license")
    if license_name and license_name != (before.get("provenance") or {}).get("license"):
        news["provenance.license"] = license_name
    return news
