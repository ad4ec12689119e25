"""Verb: duplicates among samples, and contamination of evaluation sets."""

from synth.commands import Command

COMMAND = Command(
    "mark duplicates, and what evaluation sets have as well",
    60,
    step=True,
    reads="samples",
    writes="samples",
    following="synth export --filter '{\"duplicate_of\": null}' --out export",
)
