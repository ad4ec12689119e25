"""Facts of an answer that none of its sources has: the name under which others call `synth.scorers.faithful`."""

from synth.scorers.faithful.evidence import unsupported

__all__ = ["unsupported"]
