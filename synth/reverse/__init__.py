"""Verb: `synth reverse`, instructions for which fragments of articles are the answers."""

# Bound here and at once: imported later, the folder of this name would take the function's place.
from synth.reverse.refusals import refusals

__all__ = ["refusals"]
