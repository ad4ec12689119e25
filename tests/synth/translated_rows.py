"""Imported rows and their translations, as `synth import` and `synth translate` leave them."""

from __future__ import annotations

from typing import Any


def imported(key: str, language: str = "en", **fields: Any) -> dict[str, Any]:
    """A row as it was imported."""
    return {"key": key, "task": "import", "language": language, "question": f"What is {key}?", "answer": "A thing.",
            "status": "new", "superseded": False, **fields}  # fmt: skip


def translated(key: str, source: str, language: str, *doubts: str, **fields: Any) -> dict[str, Any]:
    """A translation of it by the engine `llm:small`, unless told otherwise."""
    provenance = {"translated_from": source, "model": "llm:small", "prompt": "translation/1", "calls": [f"call-{key}"]}
    return {"key": key, "task": "translation", "language": language, "source_language": "en", "doubts": list(doubts),
            "question": f"Che cos'è {source}?", "answer": "Una cosa.", "status": "new", "superseded": False,
            **fields, "provenance": provenance | fields.get("provenance", {})}  # fmt: skip


def fill(database: Any) -> None:
    """Four imported rows; six translations, of which one is made anew; one row left as it was; scores; prices."""
    left = {"language": "it", "engine": "llm:small", "prompt": "translation/1", "reason": "language_bound",
            "detail": "asks about words of its language: 'rhyme'"}  # fmt: skip
    database.samples.insert_many([
        imported("a", accuracy=4.0), imported("b", accuracy=5.0), imported("c"), imported("d", untranslated=[left]),
        translated("a-it", "a", "it", accuracy=4.5), translated("a-vi", "a", "vi", "number_changed", accuracy=2.0),
        translated("b-it", "b", "it", "paragraphs_changed"),
        translated("b-vi", "b", "vi", "number_changed", "sentence_lost", provenance={"model": "madlad", "calls": []}),
        translated("c-it", "c", "it", provenance={"rewritten": "ends_in", "calls": []}),
        translated("old", "c", "vi", "length", superseded=True),
    ])  # fmt: skip
    call = {"llm": "openai:small", "prompt_tokens": 10, "completion_tokens": 5, "cost": 0.01}
    database.llm_calls.insert_many([{**call, "hash": f"call-{key}"} for key in ("a-it", "a-vi", "b-it", "old")])
