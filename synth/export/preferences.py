"""What people preferred: an answer that they approved beside one that they corrected, or rejected, for one request.

An edit makes a pair of the answer as it is and the answer before. Where a request has several answers of which people
approved one and rejected another, these make a pair, too.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synth.samples.sample import CURATED, CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

#: What a pair can be of: an edit, or two answers of one request.
KINDS = ("edit", "rejected")
#: Texts of a request: those of one request are the same.
_REQUEST = ("question", "system", "history", "language")
_EDIT = ("status", "question", "answer", "original_question", "original_answer")


@dataclass
class Preferences:
    """What the store knows of preferences.

    Attributes:
        problems: key -> why its edit makes no pair; a key that is not there was edited, and makes one.
        rejected: key -> (key, links) of the rejected answers of its request.
        requests: key -> sha256 of the request, of samples with rejected answers.
        edited: keys of samples whose edit makes a pair.
    """

    problems: dict[str, str] = field(default_factory=dict)
    rejected: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)

    def problem(self, key: str) -> str:
        """Why a sample is in no pair; "" where it is in one."""
        if key in self.edited or self.rejected.get(key):
            return ""
        return self.problems.get(key, "not_edited")

    def links(self) -> set[str]:
        """Articles of the rejected answers."""
        return {link for rows in self.rejected.values() for _, links in rows for link in links}

    def without(self, links: Collection[str]) -> None:
        """Drop rejected answers that are made from one of these articles."""
        self.rejected = {
            key: [(answer, own) for answer, own in rows if not any(link in links for link in own)]
            for key, rows in self.rejected.items()
        }


def edit_problem(sample: Mapping[str, Any]) -> str:
    """Why a sample's edit makes no pair; "" where it makes one.

    Args:
        sample: with status, question, answer, original_question and original_answer.
    """
    before, request = sample.get("original_answer"), sample.get("original_question")
    if sample.get("status") not in CURATED:
        return "not_edited"
    if not folded(before):
        return "original_unknown" if sample["status"] == "edited" else "not_edited"
    if isinstance(request, str) and folded(request) != folded(sample.get("question")):
        return "question_changed"
    return "white_space_edit" if folded(before) == folded(sample.get("answer")) else ""


def folded(text: Any) -> str:
    """A text as it reads: white space, signs without a width and how letters are composed make no other text."""
    normal = unicodedata.normalize("NFC", text if isinstance(text, str) else "")
    return " ".join("".join(sign for sign in normal if unicodedata.category(sign) != "Cf").split())


def preferences_of(database: Database[dict[str, Any]], query: Mapping[str, Any]) -> Preferences:
    """The preferences of the samples that a filter names; rejected answers are looked for among all samples."""
    preferences = Preferences()
    curated = {"$or": [{"status": {"$in": list(CURATED)}}, {"original_answer": {"$exists": True}}]}
    fields = dict.fromkeys(("key", *_EDIT, *_REQUEST), 1)
    keys_of: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for sample in database.samples.find({"$and": [dict(query), CURRENT, curated]}, fields):
        if problem := edit_problem(sample):
            preferences.problems[sample["key"]] = problem
        else:
            preferences.edited.add(sample["key"])
        if sample.get("status") in CURATED:
            keys_of[_request(sample)].append((sample["key"], _digest(folded(sample.get("answer")))))
    for request, row in _rejected(database, keys_of):
        for key, answer in keys_of[request]:
            if answer != row["answer"]:
                preferences.rejected.setdefault(key, []).append((row["key"], row["links"]))
                preferences.requests[key] = request
    return preferences


def _rejected(database: Database[dict[str, Any]], requests: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(request, {key, sha256 of the answer, links}) of rejected samples of these requests, by key."""
    if not requests:
        return
    fields = dict.fromkeys(("key", "answer", "sources.link", *_REQUEST), 1)
    for sample in database.samples.find({"status": "rejected"}, fields).sort("key", 1):
        if (request := _request(sample)) in requests and folded(sample.get("answer")):
            links = tuple(link for source in sample.get("sources") or [] if isinstance(link := source.get("link"), str))
            yield request, {"key": sample["key"], "answer": _digest(folded(sample["answer"])), "links": links}


def _request(sample: Mapping[str, Any]) -> str:
    """sha256 of a request; texts as they read."""
    turns = [[turn.get("role"), folded(turn.get("content"))] for turn in sample.get("history") or []]
    return _digest(json.dumps([folded(sample.get("system")), turns, folded(sample.get("question")),
                               sample.get("language") or ""]))  # fmt: skip


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def with_rejected(
    database: Database[dict[str, Any]], samples: Iterable[dict[str, Any]], rejected: Mapping[str, list[Any]]
) -> Iterator[dict[str, Any]]:
    """The samples with the rejected answers of their requests: `rejected_answers`, [{key, answer, sources.link}]."""
    for sample in samples:
        if keys := [key for key, _ in rejected.get(sample["key"], ())]:
            fields = {"_id": 0, "key": 1, "answer": 1, "sources.link": 1}
            # Still rejected: somebody may have taken it back since.
            still = {"key": {"$in": keys}, "status": "rejected"}
            sample["rejected_answers"] = list(database.samples.find(still, fields).sort("key", 1))
        yield sample


def pairs_of(sample: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, rejected answer) of each pair whose chosen answer is the sample's; no text twice."""
    texts = {folded(sample.get("answer"))}
    answers = [] if edit_problem(sample) else [("edit", str(sample["original_answer"]))]
    answers += [("rejected", str(row.get("answer") or "")) for row in sample.get("rejected_answers") or []]
    for kind, answer in answers:
        if folded(answer) and folded(answer) not in texts:
            texts.add(folded(answer))
            yield kind, answer
