"""Which samples lack a translation, and which translations still count.

A translation belongs to its source, language, engine and prompt; its key is made from them. What could not be
translated stands in the source row's field `untranslated`, with language, engine, prompt and reason: neither is pending
again, and both are with another engine or prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.samples.sample import CURATED, CURRENT, sample_key, supersession

if TYPE_CHECKING:
    from pymongo.database import Database

TASK = "translation"
#: Updates of one bulk write.
_CHUNK = 1000
#: The reason that goes away when a language is named.
UNKNOWN_LANGUAGE = "unknown_language"


@dataclass(frozen=True)
class Job:
    """What translations are wanted, and by whom.

    Attributes:
        engine: name of the engine, as `provenance.model` has it.
        prompts: language of the translation -> what the engine is asked with, as `provenance.prompt` has it.
        source_language: of rows that state none; "" where it is told from their texts.
        tasks: tasks whose samples are translated; () for all but translations.
    """

    engine: str
    prompts: Mapping[str, str]
    source_language: str = ""
    tasks: tuple[str, ...] = ()

    @property
    def languages(self) -> list[str]:
        """Languages of the translations."""
        return list(self.prompts)

    def key(self, source: str, language: str) -> str:
        """Key of a translation of the sample with the key `source`."""
        return sample_key(TASK, source, self.prompts[language], self.engine, language)

    def is_for(self, sample: Mapping[str, Any]) -> bool:
        """Whether the sample is of a task that is translated."""
        return sample.get("task") in self.tasks if self.tasks else sample.get("task") != TASK

    def pairs(self, name: str) -> list[dict[str, Any]]:
        """A condition for each language: that of the translation and its prompt."""
        return [{"language": language, name: prompt} for language, prompt in self.prompts.items()]


def pending_ids(database: Database[dict[str, Any]], job: Job) -> list[Any]:
    """Ids of the current samples that lack one of the languages."""
    task: Any = {"$in": list(job.tasks)} if job.tasks else {"$ne": TASK}
    pipeline: list[dict[str, Any]] = [
        {"$match": {**CURRENT, "task": task}},
        {"$project": {"key": 1, "language": 1, "untranslated": 1}},
        _translations(job),
        {"$project": {"wanted": _wanted(job)}},
        {"$match": {"wanted": {"$ne": []}}},
        {"$project": {"_id": 1}},
    ]
    return [row["_id"] for row in database.samples.aggregate(pipeline, allowDiskUse=True)]


def languages_wanted(
    database: Database[dict[str, Any]], job: Job, samples: Sequence[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Key of each sample -> languages that it lacks."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"key": {"$in": [sample["key"] for sample in samples]}}},
        {"$project": {"key": 1, "language": 1, "untranslated": 1}},
        _translations(job),
        {"$project": {"key": 1, "wanted": _wanted(job)}},
    ]
    lacking = {row["key"]: set(row["wanted"]) for row in database.samples.aggregate(pipeline)}
    every = set(job.languages)
    # Samples that a plan expects are in no store yet.
    for sample in samples:
        lacking.setdefault(sample["key"], every - {sample.get("language")})
    return {key: [language for language in job.languages if language in wanted] for key, wanted in lacking.items()}


def _translations(job: Job) -> dict[str, Any]:
    """Adds `translations`: those by this engine and prompt, and those that a person approved."""
    ours = {"provenance.model": job.engine, "$or": job.pairs("provenance.prompt")}
    approved = {"status": {"$in": list(CURATED)}, "superseded": {"$ne": True}}
    return {
        "$lookup": {
            "from": "samples", "localField": "key", "foreignField": "provenance.translated_from",
            "as": "translations",
            "pipeline": [{"$match": {"task": TASK, "$or": [ours, approved]}}, {"$project": {"_id": 0, "language": 1}}],
        }
    }  # fmt: skip


def _wanted(job: Job) -> dict[str, Any]:
    """An expression: the languages that a sample lacks."""
    recorded: dict[str, Any] = {
        "$filter": {
            "input": {"$ifNull": ["$untranslated", []]}, "as": "record",
            "cond": {"$and": [
                {"$eq": ["$$record.engine", job.engine]},
                {"$or": [
                    {"$and": [{"$eq": ["$$record.language", language]}, {"$eq": ["$$record.prompt", prompt]}]}
                    for language, prompt in job.prompts.items()
                ]},
                # Named now, the language is no longer unknown.
                {"$ne": ["$$record.reason", UNKNOWN_LANGUAGE if job.source_language else None]},
            ]},
        }
    }  # fmt: skip
    records = {"$map": {"input": recorded, "as": "record", "in": "$$record.language"}}
    settled = {"$setUnion": ["$translations.language", records, [{"$ifNull": ["$language", ""]}]]}
    return {"$setDifference": [job.languages, settled]}


def supersede(database: Database[dict[str, Any]], job: Job) -> Counter[str]:
    """Of several translations of one sample into one language, this job's counts, or what a person approved; others are
    marked superseded. Done again, it changes nothing.
    """
    from pymongo import UpdateOne

    counts: Counter[str] = Counter()
    writes: list[Any] = []
    for group in _rivals(database, job):
        current = min(group, key=lambda row: _rank(row, job))
        for row in group:
            by = None if row is current else current["key"]
            if row.get("superseded_by") != by or bool(row.get("superseded")) != (by is not None):
                writes.append(UpdateOne({"_id": row["_id"]}, supersession(by is not None, by)))
                counts["superseded" if by else "current_again"] += 1
    for start in range(0, len(writes), _CHUNK):
        database.samples.bulk_write(writes[start : start + _CHUNK], ordered=False)
    return counts


def _rivals(database: Database[dict[str, Any]], job: Job) -> Iterable[list[dict[str, Any]]]:
    """Translations of one sample into one language, where there are several."""
    fields = {
        "_id": "$_id", "key": "$key", "status": "$status", "superseded": "$superseded",
        "superseded_by": "$superseded_by", "model": "$provenance.model", "prompt": "$provenance.prompt",
        "language": "$language", "created_at": "$created_at",
    }  # fmt: skip
    pipeline: list[dict[str, Any]] = [
        {"$match": {"task": TASK, "language": {"$in": job.languages}}},
        {"$group": {"_id": {"source": "$provenance.translated_from", "language": "$language"},
                    "rows": {"$push": fields}}},
        {"$match": {"rows.1": {"$exists": True}}},
    ]  # fmt: skip
    return (group["rows"] for group in database.samples.aggregate(pipeline, allowDiskUse=True))


def _rank(row: Mapping[str, Any], job: Job) -> tuple[bool, bool, float, str]:
    """The lower, the more it counts: approved, of this job, newer."""
    ours = (row.get("model"), row.get("prompt")) == (job.engine, job.prompts.get(row["language"]))
    created = row.get("created_at")
    return row.get("status") not in CURATED, not ours, -created.timestamp() if created else 0.0, row["key"]
