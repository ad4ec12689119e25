"""How faithful an answer is to its sources: the names under which others call `synth.scorers.faithful`."""

from synth.scorers.faithful.evidence import unsupported
from synth.scorers.faithful.judgement import faithfulness

__all__ = ["faithfulness", "unsupported"]
