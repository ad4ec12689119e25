"""Plain texts for language modelling: read, tokenised with an end after each, packed into rows, kept in the cache."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.conversations import find_files, rows_in
from train.data.packing import pack, pieces, signed
from train.data.rows import RowError, checked
from train.data.sets import DataSet, joined, sets_of
from train.data.token_cache import Rows, TokenSet, cached, digest_files
from train.errors import TrainError
from train.tokenizer import Tokens, adapt

if TYPE_CHECKING:
    import numpy as np

#: Changed when the same input would give other rows.
VERSION = 1
PACKING = ("documents", "none")
#: Texts whose tokens are asked for in one call of the tokenizer.
_BATCH = 1000
#: Beginnings of held-out texts that are kept, to show what a model makes of them.
_EXAMPLES = 20


#: Tokens of the shortest row: less would be pieces of sentences.
SHORTEST_ROW = 16


@dataclass(frozen=True)
class TextSettings:
    """What the rows depend on besides the files and the tokenizer; fields as in `train.data.Text`."""

    max_seq_length: int
    packing: str = "documents"
    val_share: float = 0.05
    seed: int = 42


@dataclass(frozen=True)
class Texts:
    """Texts of each split, and why rows gave none: reason -> where they are."""

    train: list[str]
    val: list[str]
    skipped: dict[str, list[str]]
    validation: str


def check_length(length: int | None) -> int:
    """The length of rows.

    Raises:
        TrainError: there is none, or it is too short for sentences.
    """
    if length is None or length < SHORTEST_ROW:
        problem = "is missing" if length is None or length < 0 else f"is {length}"
        raise TrainError(f"train.max_seq_length {problem}: texts are packed into rows of it, {SHORTEST_ROW} at least")
    return length


def text_files(path: Path) -> dict[str, list[Path]]:
    """split -> its files: of an export those of its format `text`, else a folder with train.jsonl …, or one file."""
    own = Path(path) / "text"
    return find_files(own if own.is_dir() else Path(path))


def read_texts(path: Path, val_share: float, seed: int, learnt: Collection[bytes] = ()) -> Texts:
    """The texts of a set; where it has no validation split, `val_share` of them, drawn by their words and the seed.

    A held-out text that stands in training, too, is left out under a named reason. learnt: marks of other sets' texts.

    Raises:
        TrainError: there is nothing to read, or no text to learn from.
    """
    skipped: dict[str, list[str]] = {}
    splits = {split: list(_texts(files, skipped)) for split, files in text_files(path).items()}
    train, val, how = splits.get("train", []), splits.get("val", []), "as exported"
    if not val:
        is_held_out = [_share(text, seed) < val_share for text in train]
        val = [text for text, held_out in zip(train, is_held_out, strict=True) if held_out]
        train = [text for text, held_out in zip(train, is_held_out, strict=True) if not held_out]
        how = f"{val_share:g} of the texts, drawn by the seed"
    known = set(map(_folded, train))
    fresh = [text for text in val if _folded(text) not in known and _folded(text) not in learnt]
    if repeated := len(val) - len(fresh):
        skipped["it is held out, and stands in training"] = [str(path)] * repeated
    if not train or not fresh:
        side = "train" if not train else "validation"
        reasons = "".join(f"; {len(places):,}: {reason}" for reason, places in skipped.items())
        raise TrainError(
            f'{path}: no text for {side}: rows are {{"text": …}}, as `synth export --format text`{reasons}'
        )
    return Texts(train, fresh, skipped, how)


def _texts(files: Sequence[Path], skipped: dict[str, list[str]]) -> Iterator[str]:
    for file in files:
        for number, row in enumerate(rows_in(file), 1):
            try:
                yield text_of(checked(row))
            except RowError as error:
                skipped.setdefault(str(error), []).append(f"{file}:{number}")


def text_of(row: Mapping[str, Any]) -> str:
    """The text of a row: `text`; or of an article `title` and `content`, a blank line between.

    Raises:
        RowError: it has none.
    """
    text = row.get("text")
    if not isinstance(text, str):
        parts = [row.get("title"), row.get("content")]
        text = "\n\n".join(part.strip() for part in parts if isinstance(part, str)) if parts[1] else ""
    if not text.strip():
        raise RowError("it has no text")
    return text.strip()


def _folded(text: str) -> bytes:
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16).digest()


def _share(text: str, seed: int) -> float:
    """A number from 0 to 1 that the text and the seed decide: the same text is always on one side."""
    digest = hashlib.blake2b(" ".join(text.split()).encode(), digest_size=8, key=str(seed).encode()[:64]).digest()
    return int.from_bytes(digest, "big") / 2**64


def sets_of_texts(value: Any) -> list[DataSet]:
    """As `sets_of`, of plain texts, which have no requests, languages or turns.

    Raises:
        TrainError: an entry is none, or says what no set of texts can say; names it.
    """
    sets = sets_of(value)
    for each in sets:
        for name in each.options:
            if name != "val_share":
                raise TrainError(f"data set {each.name}: {name} is no setting of a set of plain texts: val_share is")
    return sets


def tokenised_text_sets(
    sets: Sequence[DataSet], tokenizer: Any, settings: TextSettings, cache: Path | None = None
) -> TokenSet:
    """The sets as packed rows, one set after the other; a text that any of them learns is held out by none.

    Raises:
        TrainError: as `tokenised_texts`, of the set that it names.
    """
    own = [replace(settings, **each.options) for each in sets]
    if len(sets) == 1 and sets[0].weight == 1:
        return tokenised_texts(sets[0].path, tokenizer, own[0], cache)
    parts = []
    for number, each in enumerate(sets):
        other_sets = [(row.path, own[at]) for at, row in enumerate(sets) if at != number]
        try:
            parts.append(tokenised_texts(each.path, tokenizer, own[number], cache, other_sets))
        except TrainError as error:
            raise TrainError(f"data set {each.name}: {error}") from error
    for part in parts:
        # A row of packed texts asks nothing; the texts themselves were compared.
        part.requests = {"train": [], "val": [""] * len(part.splits["val"]), "places": [""] * len(part.splits["val"])}
    return joined(sets, parts, settings.seed)


def tokenised_texts(
    path: Path, tokenizer: Any, settings: TextSettings, cache: Path | None = None,
    other_sets: Sequence[tuple[Path, TextSettings]] = (),
) -> TokenSet:  # fmt: skip
    """The texts at `path` as packed rows, from the cache where they are there.

    other_sets: sets that are learnt in the same run: what stands in their training is not held out.

    Raises:
        TrainError: there is no text to learn from, or the tokenizer has no end token.
    """
    tokens = adapt(tokenizer)
    if tokens.eos_id is None:
        raise TrainError("the tokenizer has no end token: nothing would part one document from the next")
    digest = hashlib.sha256(repr(("texts", VERSION, tokens.digest, sorted(asdict(settings).items()))).encode())
    digest_files(digest, text_files(path))
    for other_path, other_settings in other_sets:
        digest.update(repr(sorted(asdict(other_settings).items())).encode())
        digest_files(digest, text_files(other_path))
    return cached(digest.hexdigest(), lambda: make_texts(path, tokens, settings, other_sets), cache)


def make_texts(
    path: Path, tokens: Tokens, settings: TextSettings, other_sets: Sequence[tuple[Path, TextSettings]] = ()
) -> TokenSet:
    """Read, tokenise and pack; in memory."""
    beside = (read_texts(folder, each.val_share, each.seed) for folder, each in other_sets)
    learnt = {_folded(text) for texts in beside for text in texts.train}
    texts = read_texts(path, settings.val_share, settings.seed, learnt)
    counts: dict[str, Any] = {
        "skipped": {reason: len(places) for reason, places in texts.skipped.items()},
        "skipped_at": {reason: places[:5] for reason, places in texts.skipped.items()},
        "validation": texts.validation, "languages": {}, "warnings": [],
    }  # fmt: skip
    splits = {}
    for split, own in (("train", texts.train), ("val", texts.val)):
        outcome: Counter[str] = Counter()
        splits[split] = packed_rows(list(documents(own, tokens, outcome)), settings, outcome)
        counts[split] = dict(outcome)
        if not len(splits[split]):
            raise TrainError(f"{path}: no text of {split} can be used")
    begins = [{"messages": [{"role": "user", "content": text.split("\n")[0]}], "language": ""} for text in texts.val]
    return TokenSet(splits, begins[:_EXAMPLES], counts, [""])


def documents(texts: Sequence[str], tokens: Tokens, counts: Counter[str]) -> Iterator[list[int]]:
    """Ids of each text between the begin token, where the tokenizer puts one, and the end token.

    A text that holds the end token's own characters would end in its midst: it is left out, and counted.
    """
    end = tokens.eos_id
    begin = [tokens.bos_id] if tokens.adds_bos and tokens.bos_id not in (None, end) else []
    for start in range(0, len(texts), _BATCH):
        part = texts[start : start + _BATCH]
        for ids in tokens.encode_batch(part):
            counts["rows"] += 1
            if not ids or end in ids or (begin and begin[0] in ids):
                counts["dropped: holds the model's own marks"] += 1
                continue
            yield [*begin, *ids, end]  # type: ignore[list-item]


def packed_rows(of_documents: Sequence[Sequence[int]], settings: TextSettings, counts: Counter[str]) -> Rows:
    """The documents as rows: packed, or a row a piece."""
    import numpy as np

    length = settings.max_seq_length
    parts = [piece for ids in of_documents for piece in pieces(ids, length)]
    counts["used"] = len(of_documents)
    counts["documents longer than a row, cut"] = sum(len(ids) > length for ids in of_documents)
    if settings.packing == "documents":
        groups = pack([len(part) for part in parts], length, settings.seed)
    else:
        groups = [[number] for number in range(len(parts))]
    arrays = [signed(parts[number] for number in group) for group in groups]
    offsets = np.cumsum([0, *map(len, arrays)], dtype=np.int64)
    rows = Rows(np.concatenate([np.empty(0, np.int32), *arrays]), offsets)
    counts["tokens"], counts["labels"] = len(rows.tokens), int((rows.tokens >= 0).sum())
    counts["longest"] = int(rows.lengths.max()) if len(rows) else 0
    counts["packed rows"] = len(rows)
    return rows


def documents_of(row: np.ndarray) -> list[list[int]]:
    """Ids of the documents, or pieces of such, in a signed row."""
    import numpy as np

    ids = np.where(row < 0, ~row, row)
    starts = np.flatnonzero(row < 0)
    return [part.tolist() for part in np.split(ids, starts[1:])]
