"""How much an answer is like each of its sources: the name under which others call `synth.scorers.similarity`."""

from synth.scorers.similarity import similarities

__all__ = ["similarities"]
