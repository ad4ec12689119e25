"""Types of the stored documents; written by `python -m synth.samples.schema --write`, not by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict


class Turn(TypedDict, total=False):
    """A record inside one: Turn."""

    role: str
    content: str


class Conversation(TypedDict, total=False):
    """A record inside one: Conversation."""

    roles: list[str]
    weights: list[float] | None
    calls: int
    messages: str
    extra: str


class Source(TypedDict, total=False):
    """A record inside one: Source."""

    title: str
    link: str
    date: datetime | None
    content: str
    tags: list[str]
    source_site: str
    id: str


class LeftOut(TypedDict, total=False):
    """A record inside one: LeftOut."""

    link: str
    reason: str


class Provenance(TypedDict, total=False):
    """A record inside one: Provenance."""

    run: str
    cluster: Any
    articles: list[Any]
    texts: str
    left_out: list[LeftOut]
    calls: list[str]
    prompt: str
    model: str
    translated_from: str
    rewritten: str
    fragment: str
    method: str
    task_prompt: str
    judge_model: str
    translator: str
    score: float
    tokens_by: str
    file: str
    line: str
    format: str
    dataset: str
    license: str
    columns: Any


class Untranslated(TypedDict, total=False):
    """A record inside one: Untranslated."""

    language: str
    engine: str
    prompt: str
    reason: str
    detail: str
    calls: list[str]


class Contamination(TypedDict, total=False):
    """A record inside one: Contamination."""

    set: str
    row: int
    overlap: float


class PersonalData(TypedDict, total=False):
    """A record inside one: PersonalData."""

    kind: str
    field: str
    start: int
    end: int


class Judge(TypedDict, total=False):
    """A record inside one: Judge."""

    model: str
    prompt: str
    repeats: int
    accuracy: list[float]
    helpfulness: list[float]
    calls: list[str]
    unread: int


class Review(TypedDict, total=False):
    """A record inside one: Review."""

    decision: str
    raters: list[str]
    seconds: float
    decided_at: datetime


class SampleDocument(TypedDict, total=False):
    """A document of `samples`."""

    key: str
    task: str
    language: str | None
    date: datetime | None
    event: str
    instruction: str
    system: str
    history: list[Turn]
    conversation: Conversation
    question: str
    answer: str
    tags: list[str]
    sources: list[Source]
    injection: list[str]
    doubts: list[str]
    source_language: str
    cluster_size: int
    question_tokens: int | None
    status: str
    superseded: bool
    provenance: Provenance
    created_at: datetime | None
    answer_length: int
    qe: float
    round_trip_chrf: float
    round_trip_similarity: float
    untranslated: list[Untranslated]
    similarity: list[float]
    min_similarity: float
    mean_similarity: float
    similarity_std: float
    similarity_embedder: str
    similarity_measure: str | None
    coverage: list[float]
    min_coverage: float
    mean_coverage: float
    detected_language: str
    language_confidence: float
    unsupported: list[str]
    unsupported_kinds: list[str]
    faithfulness: float
    sentence_sources: list[int]
    sentence_support: list[float]
    min_support: float
    entailment: float | None
    sentence_entailment: list[float]
    entailment_model: str
    toxicity: float
    severe_toxicity: float
    obscene: float
    identity_attack: float
    insult: float
    threat: float
    sexual_explicit: float
    toxicity_model: str
    toxicity_calibrated: bool
    accuracy: float
    acc_explanation: str
    helpfulness: float
    help_explanation: str
    duplicate_of: str
    duplicate_kind: str
    duplicate_score: float
    translation_group: str
    superseded_by: str
    contaminated: list[Contamination]
    personal_data: list[PersonalData]
    quality: float | None
    quality_parts: list[str]
    quality_inputs: Any
    judge: Judge
    original_question: str
    original_answer: str
    review: Review
    score_versions: Any
    score_version: int


class ClusterDocument(TypedDict, total=False):
    """A document of `clusters`."""

    event: str
    first_date: datetime | None
    last_date: datetime | None
    run: str
    links: list[str]
    language: str | None
    size: int
    number: int
    fingerprint: str
    articles: list[Any]
    texts: str
    embedder: str
    linkage: str
    threshold: float
    window: float | None
    created_at: datetime
    current: bool
    pending: bool


class FragmentCalls(TypedDict, total=False):
    """A record inside one: FragmentCalls."""

    translation: list[str]
    instruction: list[str]
    judge: list[str]
    translation_back: list[str]


class FragmentDocument(TypedDict, total=False):
    """A document of `fragments`."""

    key: str
    fragment: str
    article: str
    link: str
    title: str
    source_site: str
    section: str
    date: datetime | None
    tags: list[str]
    language: str
    start: int
    end: int
    text: str
    kind: str
    genre: str
    words: int
    event: str
    method: str
    task_prompt: str
    single_prompt: str
    seed: int
    turn: int
    llm: str
    judge_llm: str
    translator: str
    prompt: str
    state: str
    reason: str
    refusals: list[str]
    english: str
    instruction_english: str
    instruction: str
    score: float | None
    explanation: str
    calls: FragmentCalls
    run: str
    drawn_at: datetime
    finished_at: datetime


class Permission(TypedDict, total=False):
    """A record inside one: Permission."""

    robots: bool | None
    opt_out: bool | None
    evidence: Any
    checked_at: datetime | None


class ArticleDocument(TypedDict, total=False):
    """A document of `articles`."""

    source_site: str
    language: str
    section: str
    link: str
    title: str
    description: str
    date: datetime | None
    authors: list[str]
    tags: list[str]
    content: str
    content_hash: str
    crawled_at: datetime | None
    kind: str
    permission: Permission
    date_modified: datetime | None
    location: str
    revision: int
    access: str
    also_at: list[str]


@dataclass(slots=True)
class NewSample:
    """What a new sample holds; a field without a default must be stated."""

    key: str
    task: str
    question: str
    answer: str
    language: str | None
    date: datetime | None = None
    event: str = ""
    instruction: str = ""
    system: str = ""
    history: Sequence[Mapping[str, Any]] = field(default_factory=list)
    conversation: Mapping[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    sources: Sequence[Mapping[str, Any]] = field(default_factory=list)
    injection: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    source_language: str = ""
    cluster_size: int = 0
    question_tokens: int | None = None
    status: str = "new"
    superseded: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
