"""Articles to samples: events, summaries, scores, filters, exports, a report."""

__version__ = "0.1.0"
