"""Verb: training sets from the samples, or plain texts from the articles, that a filter names."""

from synth.commands import Command

COMMAND = Command(
    "write training sets from the samples that a filter names", 80, step=True, reads="samples",
    reads_by_format={"text": "articles"},
)  # fmt: skip
