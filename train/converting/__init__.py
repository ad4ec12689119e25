"""Forms of models and adapters, and the ways between them: the parts of `train convert`."""
