"""Fixed samples, articles and clusters that have every field, for outputs that must not change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 3, 18, 30, tzinfo=UTC)
SITES = ("Ansa", "IlPost", "Open", "VnExpress")


def source(number: int, date: datetime = NOON) -> dict[str, Any]:
    """The source with a number, its newspaper by turns."""
    site = SITES[number % 4]
    return {
        "title": f"Terremoto {number}", "link": f"https://{site.lower()}.example/{number}", "date": date,
        "content": f"La scossa numero {number} è avvenuta alle 12.\n\nNessun ferito.", "tags": ["terremoto", site],
        "source_site": site, "id": f"id{number}",
    }  # fmt: skip


_FULL: dict[str, Any] = {
    "key": "a" * 64, "task": "news_summary", "question": "Riassumi gli articoli.\n\nUno. Due.",
    "answer": "La scossa è avvenuta alle 12. Rossi parla di 40 feriti.", "language": "it", "system": "Sei un cronista.",
    "history": [{"role": "user", "content": "Ciao"}, {"role": "assistant", "content": "Salve"}],
    "conversation": {"roles": ["user", "assistant"], "weights": [0.0, 1.0], "calls": 0, "messages": "[]"},
    "instruction": "Riassumi gli articoli.", "question_tokens": 44, "date": LATER, "tags": ["terremoto", "Ansa"],
    "sources": [source(0), source(1, LATER)], "event": "e" * 64, "injection": [], "doubts": [], "source_language": "",
    "round_trip_chrf": 0.62, "round_trip_similarity": 0.71, "qe": 0.83,
    "untranslated": [{"language": "vi", "engine": "llm:m", "prompt": "translation.vi/1", "reason": "language_bound"}],
    "cluster_size": 3, "answer_length": 55, "status": "edited",
    "superseded": False, "created_at": LATER, "similarity": [0.75, 0.5], "min_similarity": 0.5,
    "mean_similarity": 0.625, "similarity_std": 0.125, "similarity_embedder": "tfidf:1",
    "similarity_measure": "cosine", "coverage": [0.5, 0.25], "min_coverage": 0.25, "mean_coverage": 0.375,
    "detected_language": "it",
    "quality": 0.5, "quality_parts": ["coverage", "length"], "quality_inputs": [1, 55, 0.375],
    "language_confidence": 0.98, "unsupported": ["40", "Rossi"], "unsupported_kinds": ["number", "name"],
    "sentence_sources": [0, 1], "sentence_support": [0.9, 0.4], "min_support": 0.4, "faithfulness": 0.7,
    "entailment": 0.8, "sentence_entailment": [0.9, 0.7], "entailment_model": "nli-tiny",
    "score_version": 7,
    "score_versions": {"faithful": 3, "language": 3},
    "toxicity": 0.25, "severe_toxicity": 0.01, "obscene": 0.02, "identity_attack": 0.03, "insult": 0.04,
    "threat": 0.05, "sexual_explicit": 0.06, "toxicity_model": "multilingual", "toxicity_calibrated": True,
    "accuracy": 3.5, "acc_explanation": "Quasi tutto vero.", "helpfulness": 4.0, "help_explanation": "Utile.",
    "judge": {"model": "openai:m", "prompt": "judge:2", "repeats": 2, "accuracy": [3.0, 4.0],
              "helpfulness": [4.0, 4.0], "calls": ["c1", "c2"], "unread": 0},
    "duplicate_of": "b" * 64, "duplicate_kind": "near", "duplicate_score": 0.91, "translation_group": "a" * 64,
    "contaminated": [{"set": "xnli", "row": 3, "overlap": 0.8}],
    "personal_data": [{"kind": "email", "field": "answer", "start": 3, "end": 9}], "superseded_by": "c" * 64,
    "original_question": "Riassumi gli articoli.\n\nUno.", "original_answer": "La scossa è avvenuta alle 11.",
    "review": {"decision": "edit", "raters": ["anna"], "seconds": 41.5, "decided_at": LATER},
    "provenance": {"run": "r1", "cluster": 5, "articles": ["id0", "id1"], "texts": "t" * 64,
                   "left_out": [{"link": "https://ansa.example/9", "reason": "near_copy"}], "calls": ["c0"],
                   "prompt": "summary:1", "model": "openai:m", "tokens_by": "tiktoken"},
}  # fmt: skip


def samples() -> list[dict[str, Any]]:
    """Four samples: with every field, bare, of another language with odd values, and replaced."""
    bare = {
        "key": "b" * 64,
        "task": "import",
        "question": "Chi?",
        "answer": "Rossi.",
        "language": "it",
        "status": "new",
    }
    odd = _FULL | {
        "key": "c" * 64, "language": "vi", "toxicity_calibrated": False, "accuracy": None, "unsupported": [],
        "unsupported_kinds": [], "tags": [], "history": [], "system": "", "sources": [source(3), source(7)],
        "similarity": [0.2, float("nan")], "mean_similarity": float("nan"), "toxicity": True, "status": "new",
        "duplicate_of": None, "duplicate_kind": None, "contaminated": [], "personal_data": [], "instruction": "",
        "added_by_a_person": {"note": 1}, "answer": "Động đất.", "detected_language": "en",
    }  # fmt: skip
    replaced = _FULL | {"key": "d" * 64, "superseded": True, "status": "rejected"}
    return [dict(_FULL), bare, odd, replaced]


ARTICLE: dict[str, Any] = {
    "_id": 1, "link": "https://www.ansa.it/a", "title": "Scossa", "description": "Nessun ferito", "content": "Testo.",
    "authors": ["A. Rossi"], "date": NOON, "date_modified": LATER, "location": "ROMA", "section": "Cronaca",
    "tags": ["terremoto"], "source_site": "Ansa", "language": "it", "kind": "article", "access": "free",
    "permission": {"robots": True, "opt_out": False, "evidence": [], "checked_at": NOON}, "content_hash": "h",
    "crawled_at": LATER, "revision": 0, "also_at": ["https://www.ansa.it/b"],
}  # fmt: skip
CLUSTER: dict[str, Any] = {
    "_id": 2, "run": "r1", "number": 5, "event": "e" * 64, "articles": [1], "texts": ["t"], "size": 1,
    "links": ["https://www.ansa.it/a"], "first_date": NOON, "last_date": LATER, "language": "it", "embedder": "tfidf",
    "linkage": "average", "threshold": 0.75, "window": 3, "fingerprint": "f", "created_at": LATER, "current": True,
    "pending": False,
}  # fmt: skip
