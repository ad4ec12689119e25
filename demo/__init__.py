"""The offline demonstration: a copy of the newspapers on loopback, sample articles, and the whole chain run on them."""
