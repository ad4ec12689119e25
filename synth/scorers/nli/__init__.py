"""Entailment of every answer by its sources, by a model of natural language inference, in a stage of its own."""

from __future__ import annotations

from synth.samples.field import Field
from synth.scorers import Scorer
from synth.scorers.nli.stage import add_nli_arguments, nli_stage

FIELDS = (
    Field("entailment", "float64", "how far the sources entail the answer, by a model; null without both",
          unit="0 to 1", optional=True, group="entailment"),
    Field("sentence_entailment", "float64", "of each sentence, by the sentence of a source that entails it most",
          many=True, unit="0 to 1", group="entailment", card="hidden"),
    Field("entailment_model", "string", "what measured these two", group="entailment", card="hidden"),
)  # fmt: skip

SCORER = Scorer(FIELDS, add_arguments=add_nli_arguments, stage=nli_stage)
