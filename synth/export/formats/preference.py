"""preference/SPLIT.jsonl, preference-plain/SPLIT.jsonl: {prompt, chosen, rejected}, for trainers of preferences.

The two forms of TRL's documentation: conversational, in which prompt, chosen and rejected are lists of messages, and
plain, in which they are texts. `language`, `key` (of the chosen sample) and `kind` (edit, or rejected) stand beside.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from synth.export.files import FileEntries, JsonFile
from synth.export.formats import NO_PAIR, Format, Layout
from synth.export.formats.openai import messages_of, text_of
from synth.export.preferences import pairs_of
from synth.export.split import SPLITS

Row = Mapping[str, Any]


def conversational(sample: Row, rejected: str) -> dict[str, Any]:
    """{prompt: [{role, content}], chosen: [the assistant's message], rejected: [the assistant's message]}."""
    messages = [{"role": message["role"], "content": message["content"]} for message in messages_of(sample)]
    return {"prompt": messages[:-1], "chosen": messages[-1:], "rejected": [{"role": "assistant", "content": rejected}]}


def plain(sample: Row, rejected: str) -> dict[str, Any]:
    """{prompt, chosen, rejected} as texts; a system message goes before the request, for which a text has no place."""
    prompt = "\n\n".join(text for text in (text_of(sample, "system"), text_of(sample, "question")) if text)
    return {"prompt": prompt, "chosen": text_of(sample, "answer"), "rejected": rejected}


class PairFolder:
    """One file of pairs a split; a split without pairs has no file, which `datasets` could not read.

    `pairs` counts them by split, kind and language.
    """

    def __init__(self, layout: Layout, name: str, row_of: Callable[[Row, str], dict[str, Any]]) -> None:
        self.folder, self.name, self.row_of = layout.folder, name, row_of
        self.files: dict[str, JsonFile] = {}
        self.pairs: Counter[tuple[str, str, str]] = Counter()

    def add(self, sample: Row, split: str) -> None:
        language = str(sample.get("language") or "")
        for kind, rejected in pairs_of(sample):
            # Its own white space an imported text keeps; the chosen one does, too.
            text = rejected if sample.get("task") == "import" else rejected.strip()
            row = {**self.row_of(sample, text), "language": language, "key": sample["key"], "kind": kind}
            if split not in self.files:
                self.files[split] = JsonFile(self.folder, f"{self.name}/{split}.jsonl", dict)
            self.files[split].add(row, split)
            self.pairs[(split, kind, language)] += 1

    def close(self) -> FileEntries:
        return {name: entry for file in self.files.values() for name, entry in file.close().items()}

    def abandon(self) -> None:
        for file in self.files.values():
            file.abandon()


def _format(name: str, row_of: Callable[[Row, str], dict[str, Any]], position: int, *lacks: str) -> Format:
    files = tuple(f"{name}/{split}.jsonl" for split in SPLITS)
    return Format(
        name, functools.partial(PairFolder, name=name, row_of=row_of), (f"{name}/README.md", *files), position,
        frozenset((*NO_PAIR, "tool_calls", "not_to_be_learnt", *lacks)),
    )  # fmt: skip


FORMATS = (_format("preference", conversational, 400), _format("preference-plain", plain, 410, "several_turns"))
