"""The dataset row. Its fields are flat and keep the names of the dataset it descends from, so its queries work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

TASKS = ("news_summary", "translation", "reverse_instruction", "import")
STATUSES = ("new", "accepted", "edited", "rejected")
#: The samples that count: not replaced by a newer one of the same event, not rejected by a person.
CURRENT: dict[str, Any] = {"superseded": {"$ne": True}, "status": {"$ne": "rejected"}}


def sample_key(task: str, event: str, prompt: str, model: str, texts: str = "") -> str:
    """sha256 (hex) of what a sample is made from: the same work has the same key, whenever it is done.

    `texts`: sha256 of the event's texts ("" where the event was stored without): an event is known by its links, under
    which a newspaper may print another text.
    """
    parts = (task, event, prompt, model, texts) if texts else (task, event, prompt, model)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(slots=True)
class Sample:
    """One training sample, as stored in the collection `samples`; fields that scoring adds are in SCORED."""

    #: `sample_key`; unique.
    key: str
    #: one of TASKS.
    task: str
    #: the prompt as a user would ask it, sources included.
    question: str
    #: the response a model is to learn.
    answer: str
    #: ISO 639-1 code of question and answer.
    language: str
    #: system message; "" for none.
    system: str = ""
    #: earlier turns, [{role, content}].
    history: list[dict[str, str]] = field(default_factory=list)
    #: the short request, without the sources; with `sources` it makes up `question`.
    instruction: str = ""
    #: tokens of the question as it is sent to `provenance.model` (see `token_counters`); None where nobody counted.
    question_tokens: int | None = None
    #: instant of the event's newest article (aware).
    date: datetime | None = None
    tags: list[str] = field(default_factory=list)
    #: [{title, link, date, content, tags, source_site, id}], in order of time.
    sources: list[dict[str, Any]] = field(default_factory=list)
    #: sha256 of the event's member links.
    event: str = ""
    #: articles in the event, near copies included.
    cluster_size: int = 0
    #: one of STATUSES.
    status: str = "new"
    #: True once a newer sample of the same event took its place.
    superseded: bool = False
    #: {run, cluster, articles, texts, left_out, calls, prompt, model, tokens_by}: `texts` is the event's (sample_key),
    #: `left_out` [{link, reason}] the articles that are no source, `tokens_by` what counted `question_tokens`.
    provenance: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None

    def document(self) -> dict[str, Any]:
        """The row of `samples`."""
        row = {item.name: getattr(self, item.name) for item in fields(self)}
        row["created_at"] = self.created_at or datetime.now(UTC)
        return row


#: field -> what it holds; what `synth query` accepts besides the fields of Sample.
SCORED = {
    "similarity": "cosine of the answer to each source",
    "min_similarity": "smallest of `similarity`",
    "mean_similarity": "mean of `similarity`",
    "similarity_std": "standard deviation of `similarity`",
    "similarity_embedder": "what measured it",
    "detected_language": "ISO 639-1 code found in the answer, or unknown",
    "language_confidence": "0 to 1",
    "unsupported": "texts of the facts in the answer that no source has",
    "unsupported_kinds": "their kinds, in the same order",
    "sentence_sources": "for each sentence of the answer the number of its best source",
    "sentence_support": "how well that source bears it, 0 to 1",
    "min_support": "smallest of `sentence_support`",
    "score_version": "of the rules that scored it (synth.score.command.VERSION)",
    "toxicity": "0 to 1",
    "severe_toxicity": "0 to 1",
    "obscene": "0 to 1",
    "identity_attack": "0 to 1",
    "insult": "0 to 1",
    "threat": "0 to 1",
    "sexual_explicit": "0 to 1",
    "toxicity_model": "what measured these seven",
    "toxicity_calibrated": "false where that model was not made for the language",
    "accuracy": "0 to 5, by the judge",
    "acc_explanation": "what the judge said of it",
    "helpfulness": "0 to 5, by the judge",
    "help_explanation": "what the judge said of it",
    "judge": "{model, prompt, repeats, accuracy, helpfulness, calls, unread}",
    "duplicate_of": "key of the sample that is kept instead",
    "duplicate_kind": "exact, near or semantic",
    "duplicate_score": "how alike the two are, 0 to 1",
    "contaminated": "[{set, row, overlap}] rows of evaluation sets that the sample repeats",
    "personal_data": "[{kind, field, start, end}] what looks like data of a person",
    "superseded_by": "key of the sample that took its place",
}


def known_fields() -> set[str]:
    """Names a filter may use, the inner ones of `sources` and `provenance` included."""
    inner = {f"sources.{name}" for name in ("title", "link", "date", "content", "tags", "source_site", "id")}
    made = ("run", "cluster", "articles", "texts", "left_out", "calls", "prompt", "model", "tokens_by")
    inner |= {f"provenance.{name}" for name in made} | {"provenance.left_out.link", "provenance.left_out.reason"}
    inner |= {"history.role", "history.content"}
    judged = ("model", "prompt", "repeats", "accuracy", "helpfulness", "calls", "unread")
    inner |= {f"judge.{name}" for name in judged}
    inner |= {f"contaminated.{name}" for name in ("set", "row", "overlap")}
    inner |= {f"personal_data.{name}" for name in ("kind", "field", "start", "end")}
    return {item.name for item in fields(Sample)} | set(SCORED) | inner | {"_id"}


def source_of(article: Mapping[str, Any]) -> dict[str, Any]:
    """An article as a sample carries it."""
    return {
        "title": article["title"], "link": article["link"], "date": article.get("date"),
        "content": article["content"], "tags": list(article.get("tags") or []),
        "source_site": article.get("source_site", ""), "id": str(article["_id"]),
    }  # fmt: skip
