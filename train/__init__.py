"""Samples to a tuned model. Stands alone: reads exported files, knows neither the crawler nor synth."""

from importlib.metadata import version

#: Stands in setup.cfg alone.
__version__ = version("newsmill")

#: The floors from the top down: a room imports rooms of lower floors only (tests/test_architecture.py).
# fmt: off
ORDER = [
    ["__main__"],
    # verbs
    [
        "recipe", "tiny", "get", "import_gguf", "plan", "finetune", "pairs", "convert", "serve", "merge", "generate",
        "blind", "evaluate", "loss",
    ],
    ["huggingface"],
    ["models"],
    ["model_card"],
    ["data"],
    ["litgpt"],
    ["metrics"],
    ["styles"],
    ["tokenizer"],
    ["options"],
    ["command_line"],
    ["recipes"],
    ["run_folder"],
    ["licence"],
    ["evaluations", "progress", "atomic_files"],
    ["errors"],
]
# fmt: on
