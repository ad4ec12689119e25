"""Verb: what a stage or a pipeline will ask a model, and what that costs."""

from synth.commands import Command

COMMAND = Command("show what a stage or pipeline will ask a model and what that costs, beforehand", 110)
