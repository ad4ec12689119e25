"""Chats tokenised once: kept in a folder, read back by mapping it into memory.

An entry is named by the digest of all that decides its content: the files, the style, the tokenizer, the settings. It
is written beside and renamed, so that several processes may make the same one; what does not check out is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.conversations import Splits, find_files, unseen
from train.data.encode import Conversation, Tokens, adapt, divide, encode_all, read_splits
from train.errors import TrainError

if TYPE_CHECKING:
    import numpy as np

    from train.styles import Style

#: Changed when the same input would give other tokens.
VERSION = 3
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Settings:
    """What tokens depend on besides the files, the style and the tokenizer; fields as in `train.data.Chat`."""

    max_seq_length: int | None = None
    over_length: str = "cut"
    mask_prompt: bool = True
    system: str | None = None
    language: str | None = None
    val_share: float = 0.05
    seed: int = 42


class Rows(Sequence["np.ndarray"]):
    """Tokenised rows, int32 [tokens] each: an id where it is learnt, its complement (~id) where not.

    tokens: all rows, one after the other; offsets: int64 [rows + 1], where each begins.
    """

    def __init__(self, tokens: np.ndarray, offsets: np.ndarray, file: Path | None = None) -> None:
        self.tokens, self.offsets, self.file = tokens, offsets, file

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: Any) -> Any:
        return self.tokens[self.offsets[index] : self.offsets[index + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row, int64 [rows]."""
        import numpy as np

        return np.diff(self.offsets)

    def __getstate__(self) -> dict[str, Any]:
        # A reader process maps the file itself.
        return {"offsets": self.offsets, "file": self.file, "tokens": None if self.file else self.tokens}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        if self.file:
            self.tokens = _map(self.file)


@dataclass
class TokenSet:
    """train and val as rows; the requests of val, to show examples of; what became of the rows of the files.

    languages: those of the training rows. folder: the cache entry, None if it is in memory only. requests: marks of
    what the rows ask, of `train` each once, of `val` one a row, and `places` of the val rows. shares, mixture: of
    several sets in one recipe (`train.data.sets`), the part of each and the rows of each pass.
    """

    splits: dict[str, Rows]
    examples: list[dict[str, Any]]
    counts: dict[str, Any]
    languages: list[str]
    folder: Path | None = None
    cached: bool = field(default=False, compare=False)
    requests: dict[str, list[str]] = field(default_factory=lambda: {"train": [], "val": [], "places": []})
    shares: list[Any] = field(default_factory=list)
    mixture: Any = None


def default_cache() -> Path:
    """`tokens` in NEWSMILL_HOME, or in .newsmill of the folder the command is started in."""
    return Path(os.environ.get("NEWSMILL_HOME") or ".newsmill") / "tokens"


def tokenised(path: Path, style: Style, tokenizer: Any, settings: Settings, cache: Path | None = None) -> TokenSet:
    """The set at `path` as tokens, from the cache where it is there.

    Raises:
        TrainError: nothing to learn from: no rows, or none that fits; says why.
    """
    tokens = adapt(tokenizer)
    digest = digest_of(path, style, tokens, settings)
    return cached(digest, lambda: make(path, style, tokens, settings), cache)


def cached(digest: str, make_tokens: Callable[[], TokenSet], cache: Path | None = None) -> TokenSet:
    """The entry of a digest, made where it is not there; in memory where it cannot be written."""
    folder = (cache or default_cache()) / digest[:32]
    entry = load(folder)
    if entry is not None:
        return entry
    token_set = make_tokens()
    try:
        save(token_set, folder)
    except OSError as error:
        message = f"{error.strerror or error}; tokens are kept in memory, and made again at the next start"
        print(f"data: cannot write {folder}: {message}", file=sys.stderr)
        return token_set
    return replace(load(folder) or token_set, cached=False)


def tuned_style(style: Style, token_set: TokenSet, system: str | None) -> Style:
    """The style that a model tuned on these rows is asked in: of their language where they have one, and with the
    recipe's system prompt.
    """
    one = token_set.languages[0] if len(token_set.languages) == 1 else None
    return (style.localised(one) if one else style).with_system(system)


def digest_of(path: Path, style: Style, tokens: Tokens, settings: Settings) -> str:
    """sha256 (hex) of the files, the style, the tokenizer and the settings."""
    digest = hashlib.sha256(repr((VERSION, *style.identity, tokens.digest)).encode())
    digest.update(repr(sorted(asdict(settings).items())).encode())
    digest_files(digest, find_files(path))
    return digest.hexdigest()


def digest_files(digest: Any, files_of: Mapping[str, Sequence[Path]]) -> None:
    """Add the files of each split to a hash.

    Raises:
        TrainError: one cannot be read.
    """
    for split, files in sorted(files_of.items()):
        for file in files:
            digest.update(f"\0{split}\0{file.suffix}\0".encode())
            try:
                with file.open("rb") as handle:
                    while chunk := handle.read(_CHUNK):
                        digest.update(chunk)
            except OSError as error:
                raise TrainError(f"cannot read {file}: {error.strerror or error}") from error


def make(path: Path, style: Style, tokens: Tokens, settings: Settings) -> TokenSet:
    """Read and tokenise; in memory."""
    splits = read_splits(path)
    split_rows, division = _train_and_val(splits, settings)
    counts: dict[str, Any] = {"skipped": {reason: len(places) for reason, places in splits.skipped.items()}, **division}
    counts["skipped_at"] = {reason: places[:5] for reason, places in splits.skipped.items()}
    rows_of: dict[str, Rows] = {}
    requests: dict[str, list[str]] = {}
    examples: list[dict[str, Any]] = []
    for split, conversations in split_rows.items():
        outcome: Counter[str] = Counter()
        rows_of[split], indices = _rows(conversations, style, tokens, settings, outcome)
        counts[split] = dict(outcome)
        requests[split] = [request_mark(conversations[index].messages[:-1]) for index in indices]
        if not len(rows_of[split]):
            why = ", ".join(f"{reason}: {number}" for reason, number in outcome.items() if "dropped" in reason)
            raise TrainError(f"{path}: no row of {split} can be used ({why or 'it is empty'})")
        if split == "val":
            examples = [_example(conversations[index]) for index in dict.fromkeys(indices)]
            requests["places"] = [conversations[index].where for index in indices]
    counts["warnings"] = list(_warnings(split_rows["train"], style, tokens))
    languages = sorted({conversation.language for conversation in split_rows["train"]})
    counts["languages"] = dict(Counter(conversation.language or "unknown" for conversation in split_rows["train"]))
    requests["train"] = sorted(set(requests["train"]))
    return TokenSet(rows_of, examples, counts, languages, requests=requests)


def request_mark(messages: Sequence[Mapping[str, str]]) -> str:
    """A mark of what a chat asks, up to its last answer, whichever system prompt a recipe gives it; 16 digits."""
    turns = (f"{message['role']}\0{message['content']}" for message in messages if message["role"] != "system")
    return hashlib.sha256("\0\0".join(turns).encode()).hexdigest()[:16]


def _warnings(conversations: Sequence[Conversation], style: Style, tokens: Tokens) -> Iterator[str]:
    systems = sum(each.messages[0]["role"] == "system" for each in conversations)
    yield from style.doubts(tokens, systems)
    foreign = Counter(each.language for each in conversations if not style.speaks(each.language))
    for language, number in sorted(foreign.items()):
        yield f"{number:,} rows are in {language}, the words of prompt style {style.name} are not"


def _train_and_val(
    splits: Splits[Conversation], settings: Settings
) -> tuple[dict[str, list[Conversation]], dict[str, Any]]:
    """(train and val, how val came about); no row of val is in train."""
    train, val, how = splits["train"], splits.get("val") or [], "as exported"
    if not val:
        train, val, how = divide(train, settings.val_share, settings.seed)
        how = f"{settings.val_share:g} of the rows by {how}"
    fresh = unseen(val, train)
    division = {"validation": how, "val rows left out: their request is in train": len(val) - len(fresh)}
    split_rows = {"train": train, "val": fresh}
    return {split: [_completed(each, settings) for each in rows] for split, rows in split_rows.items()}, division


def _completed(conversation: Conversation, settings: Settings) -> Conversation:
    """With the recipe's language and system prompt where the row has none of its own."""
    messages = conversation.messages
    if settings.system is not None and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": settings.system}, *messages]
    return replace(conversation, messages=messages, language=conversation.language or settings.language or "")


def _rows(
    conversations: Sequence[Conversation], style: Style, tokens: Tokens, settings: Settings, counts: Counter[str]
) -> tuple[Rows, list[int]]:
    """The rows, and which conversation each is from."""
    import numpy as np

    stream, offsets, indices = array("i"), array("q", [0]), []
    encoded = encode_all(
        _progress(conversations), style, tokens,
        max_seq_length=settings.max_seq_length, over_length=settings.over_length, counts=counts,
    )  # fmt: skip
    for row in encoded:
        learnt = row.learnt if settings.mask_prompt else row.all_but_ignored
        # The first token follows nothing: a row without another to learn would make the loss of its batch no number.
        if not any(end > max(start, 1) for start, end in learnt):
            counts["dropped: nothing to learn"] += 1
            continue
        ids = np.array(row.ids, dtype=np.int32)
        signed = ~ids
        for start, end in learnt:
            signed[start:end] = ids[start:end]
        stream.frombytes(signed.tobytes())
        offsets.append(len(stream))
        indices.append(row.index)
        counts["labels"] += sum(end - max(start, 1) for start, end in learnt)
    counts["tokens"], counts["used"] = len(stream), len(indices)
    rows = Rows(np.frombuffer(stream, dtype=np.int32) if stream else np.empty(0, np.int32), np.array(offsets))
    counts["longest"] = int(rows.lengths.max()) if len(rows) else 0
    return rows, indices


def _progress(conversations: Sequence[Conversation]) -> Iterable[Conversation]:
    from train.progress import progress

    return progress(conversations, "tokenise")


def _example(conversation: Conversation) -> dict[str, Any]:
    return {"messages": conversation.messages[:-1], "language": conversation.language}


def save(token_set: TokenSet, folder: Path) -> None:
    """Write an entry, whole or not at all.

    Raises:
        OSError: the disk is full, or nothing may be written there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        files = {f"{split}.tokens": rows.tokens.tobytes() for split, rows in token_set.splits.items()}
        files |= {f"{split}.offsets": rows.offsets.tobytes() for split, rows in token_set.splits.items()}
        files["requests.json"] = json.dumps(token_set.requests).encode()
        files["examples.json"] = json.dumps(token_set.examples, ensure_ascii=False).encode()
        checks = {name: [len(data), zlib.crc32(data)] for name, data in files.items()}
        files["counts.json"] = json.dumps(token_set.counts, ensure_ascii=False, indent=1).encode()
        files["entry.json"] = json.dumps({"files": checks, "languages": token_set.languages}).encode()
        for name, data in files.items():
            (temporary / name).write_bytes(data)
        if load(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)
            temporary.replace(folder)
    except OSError:
        # Another process may have been first.
        if load(folder) is None:
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load(folder: Path) -> TokenSet | None:
    """An entry, None where there is none or it is damaged."""
    import numpy as np

    try:
        entry = json.loads((folder / "entry.json").read_bytes())
        for name, (size, checksum) in entry["files"].items():
            if (folder / name).stat().st_size != size or _checksum(folder / name) != checksum:
                return None
        splits = {
            split: Rows(
                _map(folder / f"{split}.tokens"),
                np.frombuffer((folder / f"{split}.offsets").read_bytes(), dtype=np.int64),
                folder / f"{split}.tokens",
            )
            for split in ("train", "val")
        }
        examples = json.loads((folder / "examples.json").read_bytes())
        counts = json.loads((folder / "counts.json").read_bytes())
        requests = json.loads((folder / "requests.json").read_bytes())
        return TokenSet(splits, examples, counts, entry["languages"], folder, cached=True, requests=requests)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum


def _map(file: Path) -> np.ndarray:
    import numpy as np

    # Copy on write: torch wants arrays it might write to; nothing reaches the file. Not as memmap: its slices are slow.
    return np.memmap(file, dtype=np.int32, mode="c").view(np.ndarray)
