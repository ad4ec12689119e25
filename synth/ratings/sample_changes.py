"""What a decision does to its sample, and how it is taken back.

An edit makes another text of it: what was measured of the old one is removed, so that `synth score`, `synth judge` and
`synth dedupe` measure it again. All that a decision touched is returned as it was, to be put back by an undo.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synth.samples.schema import sample_fields

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: (sample as it was, its new texts) -> fields that can be computed at once, such as `doubts`.
Recompute = Callable[[Mapping[str, Any], Mapping[str, str]], Mapping[str, Any]]

#: decision -> status of the sample.
STATUS = {"accept": "accepted", "edit": "edited", "reject": "rejected"}
TEXTS = ("question", "answer")
#: Groups of fields that are no measure of the texts.
_NO_MEASURES = ("sample", "review")
#: Fields of other groups that are none, either.
_NO_MEASURE = ("superseded_by", "untranslated")
_SCORES = ("accuracy", "helpfulness")


@dataclass(frozen=True)
class Decision:
    """What is to become of a sample.

    Attributes:
        name: accept, edit or reject.
        texts: {question, answer} as they shall be.
        raters: who decided so.
        seconds: that they took together.
    """

    name: str
    texts: Mapping[str, str]
    raters: Sequence[str]
    seconds: float


def revision_of(sample: Mapping[str, Any]) -> str:
    """A name for what a rater sees of a sample: another one as soon as its texts or its status are others."""
    parts = [str(sample.get(name) or "") for name in (*TEXTS, "status")]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]


def as_form_text(text: str) -> str:
    """A text as it comes back from a form that nobody touched: line ends are line feeds, NUL cannot be shown."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def texts_of(sample: Mapping[str, Any], submitted: Mapping[str, str | None]) -> dict[str, str]:
    """The texts that a form means: one that nobody changed stays to the byte as it was; None: it was not offered."""
    texts = {}
    for name in TEXTS:
        old, new = str(sample.get(name) or ""), submitted.get(name)
        same = new is None or as_form_text(new) == as_form_text(old)
        texts[name] = old if same or new is None else as_form_text(new)
    return texts


@functools.cache
def measures() -> tuple[str, ...]:
    """Fields that say something of a sample's texts, and nothing of others."""
    return tuple(
        field.name for field in sample_fields()
        if field.group not in _NO_MEASURES and field.name not in _NO_MEASURE
    )  # fmt: skip


def apply(
    database: Store,
    session: ClientSession,
    sample: Mapping[str, Any],
    decision: Decision,
    now: datetime,
    recompute: Recompute | None = None,
) -> dict[str, Any]:
    """Change a sample as decided; {fields: as they were, absent: names, revision: that which the sample has now}."""
    changes: dict[str, Any] = {"status": STATUS[decision.name]}
    changes["review"] = {
        "decision": decision.name, "raters": list(decision.raters), "seconds": round(decision.seconds, 3),
        "decided_at": now,
    }  # fmt: skip
    removals: list[str] = []
    if decision.name == "edit":
        edited, removals = _edit(sample, decision.texts, recompute)
        changes |= edited
        _set_scores_aside(database, session, sample)
    update: dict[str, Any] = {"$set": changes}
    if removals:
        update["$unset"] = dict.fromkeys(removals, "")
    database.samples.update_one({"_id": sample["_id"]}, update, session=session)
    touched = [*changes, *removals]
    return {
        "fields": {name: sample[name] for name in touched if name in sample},
        "absent": [name for name in touched if name not in sample],
        "revision": revision_of({**sample, **changes}), "edit": decision.name == "edit",
    }  # fmt: skip


def _edit(
    sample: Mapping[str, Any], texts: Mapping[str, str], recompute: Recompute | None
) -> tuple[dict[str, Any], list[str]]:
    """(fields to set, fields to remove): the first original stays, whoever edits later."""
    changes: dict[str, Any] = {name: texts[name] for name in TEXTS if texts[name] != str(sample.get(name) or "")}
    for name in TEXTS:
        changes[f"original_{name}"] = str(sample.get(f"original_{name}", sample.get(name) or ""))
    if "answer" in changes:
        changes["answer_length"] = len(changes["answer"])
    if "question" in changes:
        changes |= _of_question(sample, changes["question"])
    if sample.get("doubts"):
        changes["doubts"] = []
    changes |= dict(recompute(sample, texts)) if recompute else {}
    return changes, [name for name in measures() if name in sample and name not in changes]


def _of_question(sample: Mapping[str, Any], question: str) -> dict[str, Any]:
    """The short request stays where it still begins the question, and becomes the question where it was all of it."""
    changes: dict[str, Any] = {"question_tokens": None} if sample.get("question_tokens") is not None else {}
    instruction = sample.get("instruction") or ""
    if instruction and instruction == sample.get("question"):
        changes["instruction"] = question
    elif instruction and not question.startswith(instruction):
        changes["instruction"] = ""
    return changes


def revert(database: Store, session: ClientSession, sample: dict[str, Any], effect: Mapping[str, Any]) -> None:
    """Put back what a decision changed, scores of the old texts included."""
    update: dict[str, Any] = {"$set": dict(effect["fields"])}
    current = [name for name in measures() if name in sample and name not in effect["fields"]] if effect["edit"] else []
    if removals := dict.fromkeys([*effect["absent"], *current], ""):
        update["$unset"] = removals
    database.samples.update_one({"_id": sample["_id"]}, update, session=session)
    if effect["edit"]:
        _take_scores_back(database, session, sample | effect["fields"])


def _set_scores_aside(database: Store, session: ClientSession, sample: Mapping[str, Any]) -> None:
    """Scores by people are of the text that they read."""
    some = {"item": sample["key"], "$or": [{name: {"$exists": True}} for name in _SCORES]}
    aside = {"original_scores": {"revision": _text_hash(sample)} | {name: f"${name}" for name in _SCORES}}
    database.ratings.update_many(some, [{"$set": aside}, {"$unset": list(_SCORES)}], session=session)


def _take_scores_back(database: Store, session: ClientSession, sample: Mapping[str, Any]) -> None:
    some = {"item": sample["key"], "original_scores.revision": _text_hash(sample)}
    back = {name: f"$original_scores.{name}" for name in _SCORES}
    database.ratings.update_many(some, [{"$set": back}, {"$unset": ["original_scores"]}], session=session)


def _text_hash(sample: Mapping[str, Any]) -> str:
    return revision_of({name: sample.get(name) for name in TEXTS})
