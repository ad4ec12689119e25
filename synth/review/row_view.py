"""What a page shows of a row that people decide on: original and translation, or answer and sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crawler.language import detect
from synth.display.doubt_places import pieces, places
from synth.display.sample_card import record, records, sample_card
from synth.display.word_differences import differences
from synth.ratings.sample_changes import measures
from synth.review.languages import LANGUAGES, words
from synth.translation.checks import doubts
from synth.translation.pair import Text

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Characters of a text in which places are looked for; what follows is shown without.
_MOST = 20_000
#: Sources that a page shows.
_SOURCES = 12
#: In no language in particular, and in none at all: whatever a detector reads at its first text, it reads for these.
_SENTENCE = "Il sindaco di Hà Nội met the ministers of Milano: questa mattina nella città."
_NONSENSE = "Blorf avela tinker mo."


def row_view(database: Store, sample: Mapping[str, Any], language: str) -> dict[str, Any]:
    """{kind: translation, sources or text; reasons: doubt -> its words; …}: what `row.html.jinja` shows.

    language: of the page.
    """
    view: dict[str, Any] = {
        "sample": sample, "language": str(sample.get("language") or ""),
        "reasons": {name: reason(name, language) for name in _names(sample.get("doubts"))},
        "task": str(sample.get("task") or ""), "edited": _edited(sample), "card": None, "pairs": [],
        "source_language": "", "kind": "text", "facts": {}, "turns": _turns(sample),
        "editable_question": not records(sample.get("sources")),
    }  # fmt: skip
    original = original_of(database, sample)
    if original is not None:
        view |= {
            "kind": "translation", "pairs": translation_pairs(original, sample),
            "source_language": str(sample.get("source_language") or original.get("language") or ""),
        }  # fmt: skip
    elif records(sample.get("sources")):
        card = sample_card(sample, _SOURCES)
        kinds = {fact["kind"] for fact in card["facts"] or ()}
        view |= {"kind": "sources", "card": card, "facts": {kind: reason(f"fact_{kind}", language) for kind in kinds}}
    return view


def reason(name: str, language: str) -> str:
    """A doubt, or the kind of an unsupported fact, in words of a language; its name where there are none."""
    row = words().get(f"doubts.{name}")
    return str(row[language]) if row else name.replace("_", " ")


def original_of(database: Store, sample: Mapping[str, Any]) -> dict[str, Any] | None:
    """The sample that this one was translated from."""
    key = record(sample.get("provenance")).get("translated_from")
    return database.samples.find_one({"key": key}) if isinstance(key, str) and key else None


def translation_pairs(original: Mapping[str, Any], sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{name, original, translation}], texts as pieces (text, doubt that its place gives rise to or "")."""
    languages = str(original.get("language") or ""), str(sample.get("language") or "")
    rows = []
    for name in ("system", "question", "answer"):
        texts = [str(side.get(name) or "") for side in (original, sample)]
        if not any(texts):
            continue
        sides = [Text(text[:_MOST], code) for text, code in zip(texts, languages, strict=True)]
        marked = places(sides[0], sides[1], _names(sample.get("doubts")))
        parts = [
            [*pieces(side.text, marks), *([(text[_MOST:], "")] if len(text) > _MOST else [])]
            for side, marks, text in zip(sides, marked, texts, strict=True)
        ]
        rows.append({"name": name, "original": parts[0], "translation": parts[1]})
    return rows


def new_doubts(database: Store, sample: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """`doubts` of a translation whose texts a person changed; nothing of other samples."""
    original = original_of(database, sample)
    if original is None:
        return {}
    rows = [{"instruction": row.get("question") or "", "output": row.get("answer") or ""} for row in (original, texts)]
    languages = str(original.get("language") or ""), str(sample.get("language") or "")
    return {"doubts": doubts(rows[0], rows[1], *languages)}


def read_tables(database: Store) -> None:
    """Read and compile what the first row and the first edit would wait for: words, and all that knows a language.

    The detector of languages takes seconds, and is asked of translations alone.
    """
    words()
    measures()
    if database.samples.find_one({"provenance.translated_from": {"$exists": True}}, {"_id": 1}) is None:
        return
    for text in (_SENTENCE, _NONSENSE):
        detect(text)
    row, other = ({"instruction": text, "output": text} for text in (f"{_SENTENCE} {_NONSENSE}", _SENTENCE))
    for language in LANGUAGES:
        doubts(row, other, language, next(code for code in LANGUAGES if code != language))


def _edited(sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{name, old, new}]: word differences of what a person changed before."""
    rows = []
    for name in ("question", "answer"):
        old, new = sample.get(f"original_{name}"), str(sample.get(name) or "")
        if isinstance(old, str) and old != new:
            before, after = differences(old, new)
            rows.append({"name": name, "old": before, "new": after})
    return rows


def _turns(sample: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(role, text) of the earlier turns."""
    turns = records(sample.get("history"))
    return [(str(turn.get("role") or ""), str(turn.get("content") or "")) for turn in turns]


def _names(value: Any) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
