"""Articles to samples: events, summaries, scores, filters, exports, a report."""

from importlib.metadata import version

#: Stands in setup.cfg alone.
__version__ = version("newsmill")

#: The floors from the top down: a room imports rooms of lower floors only (tests/test_architecture.py).
ORDER = [
    ["__main__"],
    # verbs
    [
        "cluster",
        "dedupe",
        "export",
        "importing",
        "judge",
        "plan",
        "query",
        "report",
        "review",
        "reverse",
        "run",
        "score",
        "summarize",
        "takedown",
        "translate",
    ],
    ["pipeline"],
    ["commands"],
    ["similarity", "coverage", "faithful"],
    ["translation_report"],
    ["display"],
    ["scorers"],
    ["stages"],
    ["translation"],
    ["ratings", "fragments"],
    ["judgements"],
    ["filters"],
    ["llm"],
    ["replies"],
    ["prompts"],
    ["neighbors"],
    ["near_duplicates"],
    ["embed"],
    ["language"],
    ["samples"],
    ["command_line"],
    ["atomic_files", "batched", "outages", "export_folders"],
]
