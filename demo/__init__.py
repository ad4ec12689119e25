"""The offline demonstration: a newsstand on loopback, sample articles, and the whole chain run on them."""
