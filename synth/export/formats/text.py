"""text/train.jsonl, validation.jsonl, test.jsonl: {"text"} of articles, for continued pretraining.

As `train.data.Text`, `datasets` and most trainers of language models read them; a row has no other column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.export.files import FileEntries, JsonFile
from synth.export.formats import Format, Layout


def text_row(article: Mapping[str, Any]) -> dict[str, str]:
    """{"text"}: title, blank line, body (`synth.export.articles.article_text`)."""
    return {"text": article["text"]}


class TextFolder:
    """JSON lines, a file a split; one of validation is there even where it is empty."""

    def __init__(self, layout: Layout) -> None:
        self.files = {split: JsonFile(layout.folder, f"text/{split}.jsonl", text_row) for split in layout.sizes}

    def add(self, article: Mapping[str, Any], split: str) -> None:
        self.files[split].add(article, split)

    def close(self) -> FileEntries:
        return {name: entry for file in self.files.values() for name, entry in file.close().items()}

    def abandon(self) -> None:
        for file in self.files.values():
            file.abandon()


FORMATS = (Format("text", TextFolder, ("text/README.md", "text/*.jsonl"), 800, articles=True),)
