"""What `train evaluate` asks of an answer, from the modules that score samples: plug-ins of `newsmill.scorers`.

Each is called with (answers, sources, language) of all rows of one language and gives a value an answer; what `train`
makes of it stands in train/evaluate/scorer_plugins.py, which this module does not need. Settings come from the
environment, since a plug-in has no options of its own:

    NEWSMILL_EMBEDDER   as `synth score --embedder` (tfidf)
    NEWSMILL_TOXICITY   the options of `synth score` about toxicity, in one line: `--toxicity multilingual`
"""

from __future__ import annotations

import argparse
import functools
import os
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from crawler.items import NewsmillError

if TYPE_CHECKING:
    from synth.scorers.toxicity.batching import Scorer
    from synth.scorers.toxicity.stage import Choice, Choices

Value = float | int | str | None
Measure = Callable[[Sequence[str], Sequence[Sequence[str]], str], list[Value]]


class Plugin:
    """A scorer, and what its values depend on besides answers and sources."""

    def __init__(self, scorer: str, function: Measure, variable: str = "") -> None:
        """scorer: whose version the values depend on; variable: of the environment, that sets it up."""
        self.scorer, self.function, self.variable = scorer, function, variable
        self.__doc__ = function.__doc__

    def __call__(self, answers: Sequence[str], sources: Sequence[Sequence[str]], language: str) -> list[Value]:
        return self.function(answers, sources, language)

    @property
    def identity(self) -> str:
        from synth.scorers import scorers

        setting = os.environ.get(self.variable, "") if self.variable else ""
        return f"rules {scorers()[self.scorer].version}" + (f" {self.variable}={setting}" if setting else "")


def _similarity(answers: Sequence[str], sources: Sequence[Sequence[str]], language: str) -> list[Value]:
    """Mean cosine of an answer to its sources; None where it has none.

    TF-IDF takes its weights from all the sources of the call: the same for every model measured on these rows.
    """
    from synth.embed import TfidfEmbedder, load_embedder, refuse_language
    from synth.scorers.similarity import batch_similarities

    name = os.environ.get("NEWSMILL_EMBEDDER") or "tfidf"
    refuse_language(name, language or None)
    embedder = load_embedder(name)
    if isinstance(embedder, TfidfEmbedder):
        embedder.fit(dict.fromkeys(text for texts in sources for text in texts))
    rows = batch_similarities(list(zip(answers, sources, strict=True)), embedder)
    return [sum(values) / len(values) if values else None for values in rows]


def _unsupported(answers: Sequence[str], sources: Sequence[Sequence[str]], language: str) -> list[Value]:
    """How many numbers, dates, names and quotes of an answer no source has; None where it has no source."""
    from synth.scorers.faithful.evidence import unsupported

    return [
        len(unsupported(answer, texts, language)) if any(text.strip() for text in texts) else None
        for answer, texts in zip(answers, sources, strict=True)
    ]


def _language(answers: Sequence[str], _sources: Sequence[Sequence[str]], _code: str) -> list[Value]:
    """ISO 639-1 code of the language that each answer is in; None where it does not say."""
    from synth.language import UNKNOWN, detect

    codes = [detect(answer)[0] for answer in answers]
    return [None if code == UNKNOWN else code for code in codes]


def _toxicity(answers: Sequence[str], _sources: Sequence[Sequence[str]], language: str) -> list[Value]:
    """`toxicity` of each answer, 0 to 1, by the model of its language; None for one without text.

    Raises:
        NewsmillError: no model is named, it was not made for the language, or it cannot be had.
    """
    choice = _choices(os.environ.get("NEWSMILL_TOXICITY", "")).of(language)
    if choice is None:
        raise NewsmillError(
            f"no model is named for {language or 'this language'}: add --toxicity-for to NEWSMILL_TOXICITY"
        )
    if not choice.calibrated(language):
        target = language or "texts of unknown language"
        raise NewsmillError(f"{choice.name} was not made for {target}: its scores would mean little")
    return [scores.get("toxicity") for scores in _scorer(choice).scores(answers)]


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise NewsmillError(f"cannot read NEWSMILL_TOXICITY: {message}")


def _choices(line: str) -> Choices:
    from synth.scorers.toxicity.stage import add_toxicity_arguments, read_choices

    parser = _Options(add_help=False)
    add_toxicity_arguments(parser)
    choices = read_choices(parser.parse_args(shlex.split(line)))
    if choices is None:
        raise NewsmillError("no model is named: set NEWSMILL_TOXICITY='--toxicity multilingual' (docs/toxicity.md)")
    return choices


@functools.cache
def _scorer(choice: Choice) -> Scorer:
    # Loaded once: each model that is measured calls again.
    return choice.load()


similarity = Plugin("similarity", _similarity, "NEWSMILL_EMBEDDER")
unsupported = Plugin("faithful", _unsupported)
language = Plugin("language", _language)
toxicity = Plugin("toxicity", _toxicity, "NEWSMILL_TOXICITY")
