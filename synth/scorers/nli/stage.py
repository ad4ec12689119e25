"""Whether an answer follows from its sources, in the way of SummaC's zero-shot score (Laban and others, 2022).

Of each sentence of the answer the largest probability with which a sentence of a source entails it, and of the answer
their mean.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.language.segmentation import sentences
from synth.scorers.classifiers import folder_identity
from synth.scorers.nli.model import USE, NliModel, Pair
from synth.scorers.readings import Source, read_once
from synth.stages.options import positive
from synth.stages.stage import Pending, Stage

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.workers import Outcome

#: Some hundred pairs each: enough to sort by length with little padding; a kill loses at most so many.
_BATCH = 16
_PARTS = ("title", "description", "content")


def add_nli_arguments(parser: argparse.ArgumentParser) -> None:
    """--nli and what belongs to it."""
    group = parser.add_argument_group("entailment (docs/scores.md)")
    group.add_argument("--nli", metavar="MODEL",
                       help="measure it by a model of natural language inference (hub name or folder)")  # fmt: skip
    group.add_argument("--nli-tokens", type=positive, metavar="N", help="tokens in one batch of the model")


def nli_stage(options: argparse.Namespace, database: Database[dict[str, Any]] | None = None) -> Stage | None:
    """The stage that the options ask for; None where they ask for none. The model is loaded where samples are pending.

    Raises:
        NliUnavailable: the model cannot be had; nothing has been scored.
    """
    name = getattr(options, "nli", None)
    if name is None:
        return None
    identity = folder_identity(name, USE)
    pending: dict[str, Any] = {"superseded": {"$ne": True}}
    if not getattr(options, "again", False):
        pending["entailment_model"] = {"$ne": identity}
    scoring = NliScoring(name, identity, getattr(options, "nli_tokens", None))
    projection = {"answer": 1, "language": 1, "sources": 1}
    stage = Stage("nli", "samples", pending, scoring, _BATCH, projection=projection, together="sources.link")
    if not getattr(options, "dry_run", False) and (database is None or Pending(database, stage, options).count()):
        scoring.load()
    return stage


@read_once
def premises(source: Source) -> list[str]:
    """The sentences of a source, each once, its title and description among them."""
    parts = [source] if isinstance(source, str) else [source.get(name) for name in _PARTS]
    texts = [part for part in parts if isinstance(part, str)]
    language = "" if isinstance(source, str) else str(source.get("language") or "")
    return list(dict.fromkeys(each for text in texts for each in sentences(text, language)))


class NliScoring:
    """The batch function; the model is loaded once."""

    def __init__(self, name: str, identity: str, tokens: int | None = None) -> None:
        self.name, self.identity, self.tokens = name, identity, tokens
        self._model: NliModel | None = None

    def load(self) -> NliModel:
        """The model, so that what cannot be had is known before anything is scored."""
        if self._model is None:
            self._model = NliModel.load(self.name)
        return self._model

    def __call__(self, batch: list[dict[str, Any]]) -> Outcome:
        from pymongo import UpdateOne

        comparisons = [Comparison(sample) for sample in batch]
        # Samples of one event have the same premises, and at times the same sentences.
        pairs = list(dict.fromkeys(pair for each in comparisons for pair in each.pairs()))
        values, cut = self.load().entailments(pairs, self.tokens)
        by_pair = dict(zip(pairs, values, strict=True))
        rows = [each.fields(by_pair) | {"entailment_model": self.identity} for each in comparisons]
        counts = Counter(each.outcome for each in comparisons)
        counts["truncated_pairs"] = sum(cut)
        writes = [UpdateOne({"_id": sample["_id"]}, {"$set": row}) for sample, row in zip(batch, rows, strict=True)]
        return list(writes), counts


class Comparison:
    """The sentences of an answer, and those of its sources."""

    def __init__(self, sample: Mapping[str, Any]) -> None:
        sources: Sequence[Source] = sample.get("sources") or []
        self.hypotheses = sentences(sample.get("answer") or "", sample.get("language") or "")
        self.premises = list(dict.fromkeys(each for source in sources for each in premises(source)))

    @property
    def outcome(self) -> str:
        """What is counted: "scored", or what there was nothing of."""
        if not self.hypotheses:
            return "empty"
        return "scored" if self.premises else "without_sources"

    def pairs(self) -> list[Pair]:
        """All pairs of a premise and a hypothesis."""
        return [(premise, hypothesis) for hypothesis in self.hypotheses for premise in self.premises]

    def fields(self, values: Mapping[Pair, float]) -> dict[str, Any]:
        """The fields of a sample but the model's name."""
        if self.outcome != "scored":
            return {"entailment": None, "sentence_entailment": []}
        best = [max(values[premise, each] for premise in self.premises) for each in self.hypotheses]
        return {
            "entailment": round(statistics.fmean(best), 6), "sentence_entailment": [round(value, 6) for value in best],
        }  # fmt: skip
