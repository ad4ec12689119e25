"""Rows about the language itself: which they are, made anew for another language, and whether constraints still hold.

A translator turns "words that end in 'ship'" into words that end in "nave". So such rows are told apart before they are
paid for: `classify` says which they are and why, `rewrite` asks the same of another language's own words and checks the
answer, and what can be neither is left out. `bound_doubts` and `constraint_doubts` look at rows that were translated.
"""

from synth.translation.language_bound.classify import Bound, classify
from synth.translation.language_bound.doubts import (
    ANSWER_LANGUAGE,
    CONSTRAINT_BROKEN,
    LANGUAGE_BOUND,
    bound_doubts,
    constraint_doubts,
    doubts_of_bound,
    kept_texts,
)
from synth.translation.language_bound.lexicon import Lexicon, build_lexicon
from synth.translation.language_bound.rewriting import rewrite

__all__ = [
    "ANSWER_LANGUAGE",
    "CONSTRAINT_BROKEN",
    "LANGUAGE_BOUND",
    "Bound",
    "Lexicon",
    "bound_doubts",
    "build_lexicon",
    "classify",
    "constraint_doubts",
    "doubts_of_bound",
    "kept_texts",
    "rewrite",
]
