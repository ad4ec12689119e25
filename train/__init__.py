"""Samples to a tuned model. Stands alone: reads exported files, knows neither the crawler nor synth."""

__version__ = "0.1.0"
