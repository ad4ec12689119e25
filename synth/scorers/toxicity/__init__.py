"""Toxicity of every answer, by a model for each language, in a stage of its own."""

from __future__ import annotations

from synth.samples.field import Field, Heading
from synth.scorers import Scorer
from synth.scorers.toxicity.stage import add_toxicity_arguments, toxicity_stage

FIELDS = (
    Field("toxicity", "float64", "how toxic the answer is, 0 to 1", unit="0 to 1", table=Heading(100, "tox")),
    Field("severe_toxicity", "float64", "how very toxic, 0 to 1", unit="0 to 1"),
    Field("obscene", "float64", "obscene words, 0 to 1", unit="0 to 1"),
    Field("identity_attack", "float64", "attack on a group of people, 0 to 1", unit="0 to 1"),
    Field("insult", "float64", "insult, 0 to 1", unit="0 to 1"),
    Field("threat", "float64", "threat, 0 to 1", unit="0 to 1"),
    Field("sexual_explicit", "float64", "sexually explicit words, 0 to 1", unit="0 to 1"),
    Field("toxicity_model", "string", "what measured these seven", card="hidden"),
    Field("toxicity_calibrated", "bool", "false where that model was not made for the language", card="hidden"),
)  # fmt: skip

SCORER = Scorer(FIELDS, add_arguments=add_toxicity_arguments, stage=toxicity_stage)
