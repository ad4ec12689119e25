"""litgpt/train.json, val.json, test.json: lists of Alpaca rows, for litgpt.data.JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.export.files import FileEntries, JsonFile
from synth.export.formats import ONE_TURN, Format, Layout
from synth.export.formats.alpaca import alpaca_row

#: Split -> LitGPT's file for it.
_FILES = {"train": "train", "validation": "val", "test": "test"}


class LitGPTFolder:
    """One list of Alpaca rows a split."""

    def __init__(self, layout: Layout) -> None:
        self.files = {
            split: JsonFile(layout.folder, f"litgpt/{_FILES[split]}.json", alpaca_row) for split in layout.sizes
        }

    def add(self, sample: Mapping[str, Any], split: str) -> None:
        self.files[split].add(sample, split)

    def close(self) -> FileEntries:
        return {name: entry for file in self.files.values() for name, entry in file.close().items()}

    def abandon(self) -> None:
        for file in self.files.values():
            file.abandon()


FORMATS = (Format("litgpt", LitGPTFolder, tuple(f"litgpt/{name}.json" for name in _FILES.values()), 200, ONE_TURN),)
