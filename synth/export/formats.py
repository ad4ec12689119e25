"""The formats of an export: what a row looks like, and the files that hold the rows.

    alpaca          alpaca.jsonl                            {instruction, input, output}
    sharegpt        sharegpt.jsonl                          {conversations: [{from, value}]}
    openai          openai.jsonl                            {messages: [{role, content}]}
    NAME-parquet    alpaca.parquet, sharegpt.parquet, …     the same rows
    litgpt          litgpt/train.json, val.json, test.json  Alpaca rows, for litgpt.data.JSON
    huggingface     huggingface/data/SPLIT-…-of-….parquet   `synth.export.arrow_schema`, for datasets.load_dataset

Rows are written as they come. In memory is one row of JSON, one row group of each Parquet file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from crawler.items import NewsmillError
from synth.export.arrow_schema import COLUMNS, Type, column_row, schema

if TYPE_CHECKING:
    import pyarrow.parquet as pq

#: A function from a sample to a row.
RowOf = Callable[[Mapping[str, Any]], dict[str, Any]]
Told = dict[str, dict[str, Any]]

#: Names of the splits, and of LitGPT's files for them.
SPLITS = {"train": "train", "validation": "val", "test": "test"}
#: Rows of a shard of the dataset folder: some 200 MB of news samples, which a hub and a laptop take in one piece.
SHARD_ROWS = 50_000
#: A row group ends at whichever comes first.
_GROUP_ROWS, _GROUP_CHARACTERS = 1000, 16_000_000
_SHAREGPT = {"system": "system", "user": "human", "assistant": "gpt"}
#: Line ends that JSON allows inside a text: escaped, no reader can take a row for two.
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def alpaca_row(sample: Mapping[str, Any]) -> dict[str, str]:
    """{instruction, input, output}: the short request and what it is about where the sample tells them apart.

    Joined by a blank line, instruction and input are the sample's question. A system message goes before the request:
    an Alpaca row has no other place for it.
    """
    question = sample["question"].strip()
    instruction = (sample.get("instruction") or "").strip()
    given = question.removeprefix(instruction).strip() if question.startswith(f"{instruction}\n") else ""
    if not instruction or not given:
        instruction, given = question, ""
    if system := (sample.get("system") or "").strip():
        instruction = f"{system}\n\n{instruction}"
    return {"instruction": instruction, "input": given, "output": sample["answer"].strip()}


def messages_of(sample: Mapping[str, Any]) -> list[dict[str, str]]:
    """[{role, content}]: the system message if there is one, earlier turns, the question, the answer."""
    turns = [(turn["role"], turn["content"].strip()) for turn in sample.get("history") or []]
    told = [(sample.get("system") or "").strip(), *(content for role, content in turns if role == "system")]
    system = "\n\n".join(content for content in told if content)
    turns = [("system", system)] * bool(system) + [turn for turn in turns if turn[0] != "system"]
    turns += [("user", sample["question"].strip()), ("assistant", sample["answer"].strip())]
    return [{"role": role, "content": content} for role, content in turns]


def openai_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """{messages: [{role, content}]}."""
    return {"messages": messages_of(sample)}


def sharegpt_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """{conversations: [{from, value}]}, from: system, human or gpt."""
    turns = messages_of(sample)
    return {"conversations": [{"from": _SHAREGPT[turn["role"]], "value": turn["content"]} for turn in turns]}


def huggingface_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A row of COLUMNS."""
    return column_row(sample, messages_of(sample))


#: format -> its row and the types of its columns, for the formats of one file.
ROWS: dict[str, tuple[RowOf, dict[str, Type]]] = {
    "alpaca": (alpaca_row, {"instruction": "string", "input": "string", "output": "string"}),
    "sharegpt": (sharegpt_row, {"conversations": [{"from": "string", "value": "string"}]}),
    "openai": (openai_row, {"messages": [{"role": "string", "content": "string"}]}),
}
FORMATS = (*ROWS, *(f"{name}-parquet" for name in ROWS), "litgpt", "huggingface")
#: Those whose rows hold one request and one answer.
ONE_TURN = frozenset({"alpaca", "alpaca-parquet", "litgpt"})
DEFAULT = ("alpaca", "litgpt")
#: Everything that an export may write, as patterns: what of it an older export left is removed.
PATTERNS = (
    *(f"{name}.{end}" for name in ROWS for end in ("jsonl", "parquet")),
    *(f"litgpt/{name}.json" for name in SPLITS.values()),
    "huggingface/README.md", "huggingface/data/*-[0-9]*-of-[0-9]*.parquet", "sources.jsonl",
)  # fmt: skip


def needs_parquet(formats: Sequence[str]) -> list[str]:
    """Those that are written with pyarrow."""
    return [name for name in formats if name.endswith("-parquet") or name == "huggingface"]


def check_formats(formats: Sequence[str]) -> None:
    """See that the formats can be written here, before anything is.

    Raises:
        NewsmillError: a format needs a library that is not installed.
    """
    needing = needs_parquet(formats)
    if not needing:
        return
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise NewsmillError(f"--format {needing[0]} needs pip install 'newsmill[train]' ({error})") from error


class Sink:
    """A file that is hashed while it is written; pyarrow takes it for one of its own."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("wb")
        self.size = 0
        self.digest = hashlib.sha256()

    @property
    def closed(self) -> bool:
        return self.file.closed

    def write(self, data: bytes) -> int:
        self.file.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        """Written through to the disk: what is renamed into its place later is whole."""
        if not self.closed:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()

    def abandon(self) -> None:
        # After a failed write the buffer cannot be flushed either; that failure has been told already.
        with contextlib.suppress(OSError):
            self.file.close()

    def told(self, rows: int) -> dict[str, Any]:
        return {"sha256": self.digest.hexdigest(), "bytes": self.size, "rows": rows}


class Output(Protocol):
    """Rows on their way to the files of a format."""

    def add(self, sample: Mapping[str, Any], split: str) -> None: ...

    def close(self) -> Told:
        """name of each file -> {sha256, bytes, rows}."""

    def abandon(self) -> None:
        """Close after a failure: what was written so far counts for nothing."""


class JsonFile:
    """JSON rows: one a line, or, in a file called .json, one list with a row a line."""

    def __init__(self, folder: Path, name: str, row_of: RowOf) -> None:
        self.name, self.row_of = name, row_of
        self.sink = Sink(folder / name)
        self.as_list = name.endswith(".json")
        self.rows = 0

    def add(self, sample: Mapping[str, Any], split: str) -> None:
        row = json.dumps(self.row_of(sample), ensure_ascii=False)
        for end, escaped in _LINE_ENDS.items():
            row = row.replace(end, escaped)
        before = ("[\n" if self.rows == 0 else ",\n") if self.as_list else ""
        self.sink.write((before + row + ("" if self.as_list else "\n")).encode())
        self.rows += 1

    def close(self) -> Told:
        if self.as_list:
            self.sink.write(b"\n]\n" if self.rows else b"[]\n")
        self.sink.close()
        return {self.name: self.sink.told(self.rows)}

    def abandon(self) -> None:
        self.sink.abandon()


class ParquetFile:
    """Rows in row groups of a thousand, fewer where texts are long."""

    def __init__(self, folder: Path, name: str, row_of: RowOf, types: Mapping[str, Type]) -> None:
        import pyarrow.parquet as pq

        self.name, self.row_of = name, row_of
        self.schema = schema(types)
        self.sink = Sink(folder / name)
        self.writer: pq.ParquetWriter = pq.ParquetWriter(self.sink, self.schema, compression="zstd")
        self.group: list[dict[str, Any]] = []
        self.characters = self.rows = 0

    def add(self, sample: Mapping[str, Any], split: str) -> None:
        self.group.append(self.row_of(sample))
        self.characters += len(sample["question"]) + len(sample["answer"])
        self.rows += 1
        if len(self.group) >= _GROUP_ROWS or self.characters >= _GROUP_CHARACTERS:
            self._write()

    def _write(self) -> None:
        import pyarrow as pa

        self.writer.write_table(pa.Table.from_pylist(self.group, schema=self.schema))
        self.group, self.characters = [], 0

    def close(self) -> Told:
        if self.group:
            self._write()
        self.writer.close()
        self.sink.close()
        return {self.name: self.sink.told(self.rows)}

    def abandon(self) -> None:
        # pyarrow would write the footer, and raises OSError or its own kind of it.
        with contextlib.suppress(Exception):
            self.writer.close()
        self.sink.abandon()


class LitGPTFolder:
    """One list of Alpaca rows a split."""

    def __init__(self, folder: Path, splits: Sequence[str]) -> None:
        self.files = {split: JsonFile(folder, f"litgpt/{SPLITS[split]}.json", alpaca_row) for split in splits}

    def add(self, sample: Mapping[str, Any], split: str) -> None:
        self.files[split].add(sample, split)

    def close(self) -> Told:
        return {name: told for file in self.files.values() for name, told in file.close().items()}

    def abandon(self) -> None:
        for file in self.files.values():
            file.abandon()


class DatasetFolder:
    """Parquet shards of every split, at most `shard_rows` rows each, named data/SPLIT-00000-of-00002.parquet."""

    def __init__(self, folder: Path, sizes: Mapping[str, int], shard_rows: int) -> None:
        self.folder, self.shard_rows = folder, shard_rows
        # Rounded up; a split without rows has no file.
        self.shards = {split: -(-size // shard_rows) for split, size in sizes.items()}
        self.open: dict[str, ParquetFile] = {}
        self.begun = dict.fromkeys(sizes, 0)
        self.done: Told = {}

    def add(self, sample: Mapping[str, Any], split: str) -> None:
        file = self.open.get(split)
        if file is None or file.rows >= self.shard_rows:
            if file is not None:
                self.done |= file.close()
            name = f"huggingface/data/{split}-{self.begun[split]:05}-of-{self.shards[split]:05}.parquet"
            file = self.open[split] = ParquetFile(self.folder, name, huggingface_row, COLUMNS)
            self.begun[split] += 1
        file.add(sample, split)

    def close(self) -> Told:
        for file in self.open.values():
            self.done |= file.close()
        return dict(sorted(self.done.items()))

    def abandon(self) -> None:
        for file in self.open.values():
            file.abandon()


class Writer:
    """Writes samples to the files of every format as they come."""

    def __init__(
        self, folder: Path, formats: Sequence[str], sizes: Mapping[str, int], shard_rows: int = SHARD_ROWS
    ) -> None:
        """`sizes`: rows of each split."""
        self.outputs: dict[str, Output] = {"sources": JsonFile(folder, "sources.jsonl", links_row)}
        for name in formats:
            if name == "litgpt":
                self.outputs[name] = LitGPTFolder(folder, list(sizes))
            elif name == "huggingface":
                self.outputs[name] = DatasetFolder(folder, sizes, shard_rows)
            elif name.endswith("-parquet"):
                kind = name.removesuffix("-parquet")
                self.outputs[name] = ParquetFile(folder, f"{kind}.parquet", *ROWS[kind])
            else:
                self.outputs[name] = JsonFile(folder, f"{name}.jsonl", ROWS[name][0])

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        for output in self.outputs.values():
            output.abandon()

    def add(self, sample: Mapping[str, Any], split: str, *, turned: bool = False) -> None:
        """`turned`: the sample has earlier turns, for which some formats have no place."""
        for name, output in self.outputs.items():
            if not (turned and name in ONE_TURN):
                output.add(sample, split)

    def close(self) -> Told:
        """name of each file -> {sha256, bytes, rows}."""
        return {name: told for output in self.outputs.values() for name, told in output.close().items()}


def links_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """{key, links}: which articles a sample is made from; `synth takedown` finds exports by it."""
    return {"key": sample["key"], "links": [source.get("link") or "" for source in sample.get("sources") or []]}
