"""How much of each source an answer tells: the name under which others call `synth.scorers.coverage`."""

from synth.scorers.coverage.content import coverages

__all__ = ["coverages"]
