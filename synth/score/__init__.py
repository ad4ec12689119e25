"""Verb: run the scorers over samples."""

from synth.commands import Command

COMMAND = Command(
    "score samples: similarity, faithfulness, language, toxicity, entailment",
    40,
    step=True,
    reads="samples",
    writes="samples",
    following="synth dedupe",
)
