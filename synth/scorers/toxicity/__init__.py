"""Detoxify and other classifiers, batched by length."""
