"""Rows about the language itself, told apart before anything is paid: made anew, left out, or their answer kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synth.language import detect
from synth.translation.language_bound import Bound, Lexicon, build_lexicon, classify, rewrite

if TYPE_CHECKING:
    from pymongo.database import Database

#: Articles whose words a language's lexicon is made of.
_ARTICLES = 5000


class BoundRows:
    """What is done with such rows; the lexicons are made of the store's own articles, when one is needed."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.database = database
        self._lexicons: dict[str, Lexicon] = {}
        self._lock = threading.Lock()

    def classify(self, row: Mapping[str, Any], source_language: str) -> Bound | None:
        """Why a row is about its language; None for all others."""
        return classify(row, source_language)

    def rewrite(self, row: Mapping[str, Any], bound: Bound, language: str) -> dict[str, Any] | None:
        """{instruction, input, output} that ask the same of the other language's words; None where that fails.

        What speaks of more than one turn, or has a system message, is not made anew.
        """
        if "messages" in row or row.get("system"):
            return None
        return rewrite(row, bound, language, lexicon=self._lexicon(language))

    def kept_names(self, texts: Mapping[str, str], bound: Bound | None) -> set[str]:
        """Names of the texts that the task wants in a language of its own."""
        if bound is None or bound.treatment != "keep_answer_language":
            return set()
        answers = {name for name in texts if name == "answer" or _is_answer(name)}
        in_its_language = {name for name in answers if detect(texts[name])[0] == bound.answer_language}
        return in_its_language if len(answers) > 1 and in_its_language else answers

    def _lexicon(self, language: str) -> Lexicon:
        with self._lock:
            if language not in self._lexicons:
                rows = self.database.articles.find({"language": language}, {"_id": 0, "content": 1}).limit(_ARTICLES)
                self._lexicons[language] = build_lexicon((str(row.get("content") or "") for row in rows), language)
            return self._lexicons[language]


def _is_answer(name: str) -> bool:
    """Whether an earlier turn is the model's: the user's come first."""
    field, _, number = name.partition(".")
    return field == "history" and int(number) % 2 == 1
