"""Shingles, MinHash signatures and bottom-k sketches."""
