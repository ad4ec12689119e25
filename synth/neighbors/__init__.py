"""The graph "cosine distance below a threshold", computed in tiles."""
