"""Reading chats and pairs from exports and other sets: alpaca, sharegpt and openai rows, JSON or Parquet, split or not.

A row that cannot be learnt from is left out under a named reason and counted; a file that gives none is an error.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from train.data.export_files import read_rows
from train.data.manifest import check_files
from train.data.rows import ROLES, RowError, checked, is_learnt, is_text
from train.data.rows import text_of as _text
from train.errors import TrainError

#: Names that a split's file or shards may have -> the split.
_SPLITS = {"train": "train", "val": "val", "validation": "val", "valid": "val", "test": "test"}
_ENDINGS = (".json", ".jsonl", ".parquet")
#: (request, material, answer) columns of rows with one turn, in the order they are looked for.
_ONE_TURN = (
    ("instruction", "input", "output"),
    ("instruction", "input", "response"),
    ("prompt", "input", "response"),
    ("prompt", "input", "completion"),
    ("question", "context", "answer"),
)


@dataclass
class Conversation:
    """A chat that ends with an answer.

    messages: {role, content}, system first if any, then user and assistant in turn; a user's may have `input`, the end
    of its content that is material, an assistant's `weight` "0": it is not to be learnt. language: ISO 639-1, ""
    unknown. where: FILE:ROW, for errors. group: rows of the same group (event, or first source) belong in one split;
    date: ISO, "" unknown.
    """

    messages: list[dict[str, str]]
    language: str = ""
    id: str = ""
    sources: list[str] = field(default_factory=list)
    where: str = ""
    group: str = ""
    date: str = ""


@dataclass
class Pair:
    """A chat up to the last user's turn, an answer to prefer and one to avoid."""

    messages: list[dict[str, str]]
    chosen: str
    rejected: str
    language: str = ""
    id: str = ""
    where: str = ""
    group: str = ""
    date: str = ""


Read = TypeVar("Read", Conversation, Pair)


class Splits(dict[str, list[Read]]):
    """split -> its rows; `skipped`: reason -> where the rows left out are."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped: dict[str, list[str]] = defaultdict(list)


def read_splits(path: Path) -> Splits[Conversation]:
    """Chats by split (train, val, test, as there are): a folder of `synth export`, or one file, which is all train.

    Raises:
        TrainError: nothing to read there, a file cannot be read, or none of its rows is a chat; says why.
    """
    return _read(Path(path), conversation_of)


def read_pairs(path: Path) -> Splits[Pair]:
    """Preference pairs by split, as `read_splits`; of a whole export those of its format `preference`."""
    path = Path(path)
    own = path / "preference"
    return _read(own if own.is_dir() else path, pair_of)


def _read(path: Path, parse: Callable[[Mapping[str, Any], str], Read]) -> Splits[Read]:
    splits: Splits[Read] = Splits()
    for split, files in find_files(path).items():
        rows = splits.setdefault(split, [])
        for file in files:
            before = len(rows)
            for number, row in enumerate(rows_in(file), 1):
                try:
                    rows.append(parse(checked(row), f"{file}:{number}"))
                except RowError as error:
                    splits.skipped[str(error)].append(f"{file}:{number}")
            if len(rows) == before and splits.skipped:
                reason, places = next(iter(splits.skipped.items()))
                raise TrainError(f"{file} holds no row to learn from; {places[0]}: {reason}")
    if not splits.get("train"):
        raise TrainError(f"{path} holds no training rows")
    return splits


def find_files(path: Path) -> dict[str, list[Path]]:
    """split -> its files, in order.

    Raises:
        TrainError: the path is missing, or a folder without a training split, or an export that is torn.
    """
    if path.is_file():
        if path.suffix not in _ENDINGS:
            raise TrainError(f"{path}: give a .json, .jsonl or .parquet file, or a folder of `synth export`")
        check_files([path])
        return {"train": [path]}
    if not path.is_dir():
        raise TrainError(f"{path} does not exist: `synth export --out {path}` makes it, or give a file")
    # The dataset folder tells languages and holds several turns; the LitGPT files beside it neither.
    for folder in (path / "huggingface/data", path / "data", path, path / "litgpt"):
        files: dict[str, list[Path]] = defaultdict(list)
        for file in sorted(folder.glob("*")):
            stem = file.name.removesuffix(file.suffix).split("-")[0]
            if file.suffix in _ENDINGS and stem in _SPLITS:
                files[_SPLITS[stem]].append(file)
        if "train" in files:
            check_files(file for shards in files.values() for file in shards)
            return dict(files)
    raise TrainError(f"{path} holds no train.json, train.jsonl or train-….parquet: give `synth export --out`'s folder")


def rows_in(file: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a file of JSON, JSON lines or Parquet, as they are.

    Raises:
        TrainError: it cannot be read.
    """
    if file.suffix != ".parquet":
        yield from read_rows(file)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=1000):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise TrainError(f"cannot read {file}: {' '.join(str(error).split())[:200]}") from error


def conversation_of(row: Mapping[str, Any], where: str = "") -> Conversation:
    """A row of any of the forms as a chat that ends with an answer.

    Raises:
        RowError: it is none; says why.
    """
    messages = _messages_of(row)
    while messages and messages[-1]["role"] == "user":
        messages.pop()
    check_turns(messages)
    _mark_input(messages, row)
    return Conversation(
        messages,
        language=_text(row.get("language")),
        id=_text(row.get("key")) or _text(row.get("id")) or _digest(messages),
        sources=_sources(row),
        where=where,
        group=_text(row.get("event")) or next(iter(_sources(row)), ""),
        date=_text(row.get("date")),
    )


def pair_of(row: Mapping[str, Any], where: str = "") -> Pair:
    """{messages, prompt, or instruction and input; chosen; rejected} as a pair; chosen and rejected are texts or turns.

    Raises:
        RowError: as `conversation_of`.
    """
    chosen, shared = _answer(row.get("chosen"), "chosen")
    rejected, _ = _answer(row.get("rejected"), "rejected")
    if row.get("messages") or isinstance(row.get("prompt"), list):
        messages = _turns(row.get("messages") or row.get("prompt"), "role", "content")
    elif isinstance(row.get("prompt"), str) and row["prompt"].strip():
        messages = [{"role": "user", "content": row["prompt"].strip()}]
    elif _text(row.get("instruction")):
        messages = _one_turn({**row, "output": chosen})[:-1]
    else:
        messages = shared
    check_turns([*messages, {"role": "assistant", "content": chosen}])
    if chosen == rejected:
        raise RowError("chosen and rejected are the same")
    name = _text(row.get("key")) or _text(row.get("id")) or _digest(messages)
    group = _text(row.get("event")) or next(iter(_sources(row)), "")
    return Pair(messages, chosen, rejected, _text(row.get("language")), name, where, group, _text(row.get("date")))


def _answer(value: Any, name: str) -> tuple[str, list[dict[str, str]]]:
    """(the answer, the turns before it) of a text or of a list of turns."""
    turns = _turns(value, "role", "content") if isinstance(value, list) else []
    text = turns[-1]["content"] if turns else _text(value).strip()
    if not text or (turns and turns[-1]["role"] != "assistant"):
        raise RowError(f"no answer in `{name}`")
    return text, turns[:-1]


def _messages_of(row: Mapping[str, Any]) -> list[dict[str, str]]:
    if isinstance(row.get("messages"), list):
        return _with_system(row, _turns(row["messages"], "role", "content"))
    if isinstance(row.get("conversations"), list):
        turns = row["conversations"]
        if turns and all(isinstance(turn, str) for turn in turns):
            # LIMA's own files: bare texts, the user's first.
            turns = [{"from": ("human", "gpt")[at % 2], "value": text} for at, text in enumerate(turns)]
        keys = (
            ("role", "content")
            if any("role" in turn for turn in turns if isinstance(turn, Mapping))
            else ("from", "value")
        )
        return _with_system(row, _turns(turns, *keys))
    return _one_turn(row)


def _turns(values: Any, role_key: str, text_key: str) -> list[dict[str, str]]:
    """Turns in our words; system messages joined and put first."""
    if not isinstance(values, list):
        raise RowError("the turns are no list")
    turns: list[dict[str, str]] = []
    system: list[str] = []
    for value in values:
        if not isinstance(value, Mapping):
            raise RowError("a turn is no object")
        role = ROLES.get(str(value.get(role_key)))
        if role is None:
            raise RowError(f"a turn of {value.get(role_key)!r}, not of system, user or assistant")
        content = _content(value.get(text_key))
        if role == "system":
            system += [content] if content else []
        else:
            # Of a turn that is not to be learnt alone: a turn is role and content to all others.
            turns.append({"role": role, "content": content} | ({} if is_learnt(value) else {"weight": "0"}))
    return [{"role": "system", "content": "\n\n".join(system)}, *turns] if system else turns


def _content(value: Any) -> str:
    """A text, or the texts of a list of parts; images and the like cannot be read."""
    if isinstance(value, list):
        if any(not isinstance(part, Mapping) or part.get("type", "text") != "text" for part in value):
            raise RowError("a turn holds something else than text")
        return "".join(_text(part.get("text")) for part in value).strip()
    return _text(value).strip()


def _with_system(row: Mapping[str, Any], messages: list[dict[str, str]]) -> list[dict[str, str]]:
    system = _text(row.get("system")).strip()
    if system and not (messages and messages[0]["role"] == "system"):
        return [{"role": "system", "content": system}, *messages]
    return messages


def _one_turn(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Instruction, input and output, with LLaMA-Factory's `system` and `history` of pairs where they are."""
    keys = next((keys for keys in _ONE_TURN if isinstance(row.get(keys[0]), str) and is_text(row.get(keys[2]))), ())
    if not keys:
        raise RowError(f"neither messages nor instruction and output; this row has {sorted(map(str, row))[:12]}")
    instruction, material, answer = (_text(row.get(key)).strip() for key in keys)
    user = {"role": "user", "content": "\n\n".join(filter(None, (instruction, material)))}
    if instruction and material:
        user["input"] = material
    earlier = []
    history = row.get("history") or []
    for exchange in history if isinstance(history, list | tuple) else [history]:
        if not (isinstance(exchange, list | tuple) and len(exchange) == 2):
            raise RowError("history holds something else than pairs of request and answer")
        question, reply = exchange
        earlier += [
            {"role": "user", "content": _text(question).strip()},
            {"role": "assistant", "content": _text(reply).strip()},
        ]
    return _with_system(row, [*earlier, user, {"role": "assistant", "content": answer}])


def check_turns(messages: Sequence[Mapping[str, str]]) -> None:
    """See that user and assistant speak in turn and say something.

    Raises:
        RowError: they do not; says how.
    """
    turns = messages[1:] if messages and messages[0]["role"] == "system" else messages
    if not any(turn["role"] == "assistant" for turn in turns):
        raise RowError("no answer")
    for number, turn in enumerate(turns):
        if turn["role"] != ("user", "assistant")[number % 2]:
            raise RowError("user and assistant do not speak in turn, the user first")
        if not turn["content"].strip():
            raise RowError(f"an empty turn of {turn['role']}")


def _mark_input(messages: list[dict[str, str]], row: Mapping[str, Any]) -> None:
    """Tell the request of an exported sample from its material, where the `instruction` column does."""
    requests = [message for message in messages if message["role"] == "user"]
    instruction = _text(row.get("instruction")).strip()
    last = requests[-1]
    if instruction and "input" not in last and last["content"].startswith(f"{instruction}\n\n"):
        last["input"] = last["content"][len(instruction) + 2 :]


def _sources(row: Mapping[str, Any]) -> list[str]:
    """Links of the articles a row is made from."""
    sources = row.get("sources")
    links = (
        [_text(source.get("link")) for source in sources if isinstance(source, Mapping)]
        if isinstance(sources, list)
        else []
    )
    return [link for link in links if link]


def _digest(messages: Sequence[Mapping[str, str]]) -> str:
    """16 digits of the request's hash, as `train.data.export_files.row_id` gives a row of one turn without one."""
    requests = [message for message in messages if message["role"] == "user"]
    last = requests[-1] if requests else {"content": ""}
    material = last.get("input", "")
    instruction = last["content"][: -len(material) - 2] if material else last["content"]
    parts = [message["content"] for message in messages[:-2]] if len(messages) > 2 else []
    return hashlib.sha256("\0".join([*parts, instruction, material]).encode()).hexdigest()[:16]


def divide(rows: Sequence[Read], share: float, seed: int) -> tuple[list[Read], list[Read], str]:
    """(train, validation, how it was divided) of one set: rows of one event stay together, the newest are validation.

    Without dates, groups are drawn by the seed; without groups, rows of the same request; where all rows ask the same
    ("write an article"), each row for itself.

    Raises:
        TrainError: the share leaves one side empty.
    """
    groups = _groups(rows, lambda row: row.group or row.id or row.where)
    if len(groups) == 1 and not any(row.group for row in rows):
        groups = _groups(rows, _exchange)
    names = sorted(groups)
    random.Random(seed).shuffle(names)
    dated = all(row.date for row in rows)
    if dated:
        # Stable: groups of one instant stay as drawn.
        names.sort(key=lambda name: max(row.date for row in groups[name]))
    held_out: list[Read] = []
    while names and len(held_out) < max(1, round(share * len(rows))):
        held_out += groups[names.pop()]
    if not names or not 0 < share < 1:
        raise TrainError(f"val_share {share} of {len(rows)} rows in {len(groups)} groups leaves no training rows")
    numbers = {id(row) for row in held_out}
    grouped = "events" if any(row.group for row in rows) else "requests"
    how = f"{grouped}, {'the newest' if dated else f'drawn with seed {seed}'}"
    return [row for row in rows if id(row) not in numbers], [row for row in rows if id(row) in numbers], how


def _groups(rows: Sequence[Read], name: Callable[[Read], str]) -> dict[str, list[Read]]:
    groups: dict[str, list[Read]] = defaultdict(list)
    for row in rows:
        groups[name(row)].append(row)
    return groups


def _exchange(row: Conversation | Pair) -> str:
    answers = [row.chosen, row.rejected] if isinstance(row, Pair) else []
    return "\0".join([*(message["content"] for message in row.messages), *answers])


def request_digest(row: Conversation | Pair) -> str:
    """A mark of what a row asks: of all turns before its last answer."""
    turns = row.messages if isinstance(row, Pair) else row.messages[:-1]
    parts = [f"{message['role']}\0{message['content']}" for message in turns]
    return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()


def unseen(val: Sequence[Read], train: Sequence[Read]) -> list[Read]:
    """Validation rows whose request no training row has; where training asks all of them, those of another answer.

    Raises:
        TrainError: every validation row is a training row too.
    """
    requests = {request_digest(row) for row in train}
    fresh = [row for row in val if request_digest(row) not in requests]
    if not fresh:
        exchanges = {_exchange(row) for row in train}
        fresh = [row for row in val if _exchange(row) not in exchanges]
    if not fresh:
        raise TrainError("every validation row is a training row too: export with --val-fraction, or give another set")
    return fresh
