"""huggingface/data/SPLIT-…-of-….parquet: rows of `synth.export.arrow_schema`, for datasets.load_dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.export.arrow_schema import COLUMNS, column_row
from synth.export.files import FileEntries, ParquetFile
from synth.export.formats import Format, Layout, columns
from synth.export.formats.openai import MESSAGE, messages_of


def huggingface_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A row of COLUMNS, its messages with their weights where the export has such."""
    messages = messages_of(sample)
    return {**column_row(sample, messages), "messages": messages}


class DatasetFolder:
    """Parquet shards of every split, at most `shard_rows` rows each, named data/SPLIT-00000-of-00002.parquet."""

    def __init__(self, layout: Layout) -> None:
        self.folder, self.shard_rows = layout.folder, layout.shard_rows
        self.types = {**COLUMNS, "messages": columns([MESSAGE], layout)}
        # Rounded up; a split without rows has no file.
        self.shards = {split: -(-size // layout.shard_rows) for split, size in layout.sizes.items()}
        self.open: dict[str, ParquetFile] = {}
        self.begun = dict.fromkeys(layout.sizes, 0)
        self.entries: FileEntries = {}

    def add(self, sample: Mapping[str, Any], split: str) -> None:
        file = self.open.get(split)
        if file is None or file.rows >= self.shard_rows:
            if file is not None:
                self.entries |= file.close()
            name = f"huggingface/data/{split}-{self.begun[split]:05}-of-{self.shards[split]:05}.parquet"
            file = self.open[split] = ParquetFile(self.folder, name, huggingface_row, self.types)
            self.begun[split] += 1
        file.add(sample, split)

    def close(self) -> FileEntries:
        for file in self.open.values():
            self.entries |= file.close()
        return dict(sorted(self.entries.items()))

    def abandon(self) -> None:
        for file in self.open.values():
            file.abandon()


FORMATS = (
    # A column of calls, null in every other row, would make templates take each message for a call.
    Format(
        "huggingface", DatasetFolder, ("huggingface/README.md", "huggingface/data/*-[0-9]*-of-[0-9]*.parquet"), 300,
        frozenset(("tool_calls",)), parquet=True, card=True,
    ),
)  # fmt: skip
