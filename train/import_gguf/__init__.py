"""Verb: a model in GGUF, llama.cpp's form, made ready to be tuned."""

SUMMARY = "a GGUF file of llama.cpp to a checkpoint that can be tuned, checked by its loss and its logits"
