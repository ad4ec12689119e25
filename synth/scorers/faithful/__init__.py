"""Facts of an answer that none of its sources has."""
