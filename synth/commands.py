"""The commands of `synth`, and which module does each."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """The module offers `configure(parser)` and `main(options) -> int`, and `check(options)` where some values that
    the parser takes make no sense; it raises NewsmillError."""

    module: str
    summary: str
    #: whether a pipeline can have it as a step.
    step: bool = False


COMMANDS = {
    "import": Command("synth.importing.command", "read article files (JSON lines) into the store", step=True),
    "cluster": Command("synth.cluster.command", "find which articles tell the same event", step=True),
    "summarize": Command("synth.summarize.command", "write one sample for each event, from all its sources", step=True),
    "score": Command("synth.score.command", "score samples: similarity, faithfulness, language, toxicity", step=True),
    "judge": Command("synth.judge.command", "let a language model rate samples from 0 to 5", step=True),
    "dedupe": Command("synth.dedupe.command", "mark duplicates, and what evaluation sets have as well", step=True),
    "query": Command("synth.query.command", "show or count the samples that a MongoDB filter names"),
    "export": Command("synth.export.command", "write training sets from the samples that a filter names", step=True),
    "report": Command("synth.report.command", "write one HTML page about everything in the store", step=True),
    "run": Command("synth.run.command", "run a pipeline: all steps of a YAML file, one after the other"),
    "plan": Command(
        "synth.plan.command", "say what a stage or pipeline will ask a model and what that costs, beforehand"
    ),
    "takedown": Command("synth.takedown.command", "find everything that used an article, and remove it"),
}
STEPS = [name for name, command in COMMANDS.items() if command.step]
