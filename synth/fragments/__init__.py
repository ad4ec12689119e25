"""Noun: what became of the fragments of articles for which `synth reverse` writes instructions, in numbers."""
