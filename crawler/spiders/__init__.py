"""One newspaper is one file: what it is, its page classes, its spider."""
