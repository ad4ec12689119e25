"""GGUF, the file form of llama.cpp: models read from it and written to it."""
