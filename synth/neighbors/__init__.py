"""Noun: the graph "cosine distance < threshold", from tiles of matrix products."""
