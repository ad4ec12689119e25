"""Noun: texts into other languages. What is protected, how long texts are cut, who translates, what is doubted.

`synth translate` and `synth reverse` use it; it knows no store and no samples.
"""
