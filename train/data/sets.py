"""Several sets in one recipe: `path: [{path: export, weight: 2}, other.jsonl]`, each with its own cache of tokens.

A pass (epoch) takes round(weight x rows) rows of a set: with weight 2 each row is seen twice a pass, with 0.5 every
second pass. Each row is seen floor(weight) or ceil(weight) times a pass, so at most once with a weight of 1 or less,
and none is seen again before all others of its set were. Which ones is drawn by seed, set and pass alone.
"""

from __future__ import annotations

import difflib
import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.token_cache import Rows, Settings, TokenSet, request_mark, tokenised
from train.errors import TrainError

if TYPE_CHECKING:
    import numpy as np

    from train.styles import Style

#: What a set may say of itself, beside path, weight and name: as the data module's own settings.
OPTIONS = ("system", "language", "mask_prompt", "over_length", "val_share")
_KINDS: dict[str, type] = {"system": str, "language": str, "mask_prompt": bool, "over_length": str, "val_share": float}


@dataclass(frozen=True)
class DataSet:
    """A file or a folder of rows. options: settings of its own."""

    path: Path
    weight: float = 1.0
    name: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def sets_of(value: Any) -> list[DataSet]:
    """The sets that a recipe's `path` names: a path, or a list of paths and of {path, weight, name, …}.

    Raises:
        TrainError: an entry is none, or says what no set can say; names it.
    """
    entries = value if isinstance(value, list | tuple) else [value]
    if not entries:
        raise TrainError("data.path: an empty list names no set")
    sets = [entry if isinstance(entry, DataSet) else _set_of(entry, at) for at, entry in enumerate(entries, 1)]
    names = Counter(each.name for each in sets)
    # Two folders `data` of different exports: their paths tell them apart.
    sets = [replace(each, name=str(each.path)) if names[each.name] > 1 else each for each in sets]
    if twice := [name for name, count in Counter(each.name for each in sets).items() if count > 1]:
        raise TrainError(
            f"data.path: two sets are called {twice[0]}: give each a `name`, or one of them a `weight` of 2"
        )
    return sets


def _set_of(entry: Any, number: int) -> DataSet:
    if isinstance(entry, str | Path) and str(entry).strip():
        return DataSet(Path(entry), name=_name_of(Path(entry)))
    if (
        not isinstance(entry, Mapping)
        or not isinstance(entry.get("path"), str | Path)
        or not str(entry["path"]).strip()
    ):
        raise TrainError(f"data.path: entry {number} is neither a path nor {{path: …, weight: …}}: {entry!r}")
    path = Path(entry["path"])
    name = str(entry.get("name") or _name_of(path))
    allowed = ("path", "weight", "name", *OPTIONS)
    for key in entry:
        if key not in allowed:
            near = difflib.get_close_matches(str(key), allowed, 1)
            hint = f": did you mean {near[0]}?" if near else f": {', '.join(allowed)}"
            more = "; one model has one prompt style" if key == "prompt_style" else hint
            raise TrainError(f"data set {name}: {key} is no setting of a set{more}")
    options = {key: _option(name, key, entry[key]) for key in OPTIONS if key in entry}
    return DataSet(path, _weight(name, entry.get("weight", 1)), name, options)


def _name_of(path: Path) -> str:
    return path.stem if path.suffix else path.name or str(path)


def _weight(name: str, value: Any) -> float:
    try:
        weight = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise TrainError(f"data set {name}: weight must be a number above 0, not {value!r}")
    return weight


def _option(name: str, key: str, value: Any) -> Any:
    kind = _KINDS[key]
    fits = isinstance(value, kind) or (value is None and key in ("system", "language"))
    if not fits or (key == "val_share" and not 0 < value < 1):
        words = {bool: "true or false", str: "a text", float: "a number between 0 and 1"}[kind]
        raise TrainError(f"data set {name}: {key} must be {words}, not {value!r}")
    return value


# ---- which rows a pass takes


class Mixture:
    """The rows of each pass over sets that stand one after the other.

    sizes: rows of each set. weights: of each set.
    """

    def __init__(self, sizes: Sequence[int], weights: Sequence[float], seed: int) -> None:
        self.sizes, self.weights, self.seed = list(sizes), list(weights), seed
        self.counts = [max(1, round(size * weight)) for size, weight in zip(sizes, weights, strict=True)]

    def __len__(self) -> int:
        """Rows of a pass."""
        return sum(self.counts)

    def __repr__(self) -> str:
        return f"Mixture({self.sizes}, {self.weights}, {self.seed})"

    @property
    def is_plain(self) -> bool:
        """Whether each pass takes every row once."""
        return self.counts == self.sizes

    def rows(self, epoch: int) -> np.ndarray:
        """The numbers of a pass's rows, int64 [len(self)], set by set."""
        import numpy as np

        starts = np.cumsum([0, *self.sizes[:-1]])
        return np.concatenate([start + self._drawn(number, epoch) for number, start in enumerate(starts)])

    def _drawn(self, number: int, epoch: int) -> np.ndarray:
        """Of an endless row of shuffles of a set, the part of this pass."""
        import numpy as np

        size, count = self.sizes[number], self.counts[number]
        if count == size:
            return np.arange(size)
        first, last = epoch * count, (epoch + 1) * count
        shuffles: dict[int, np.ndarray] = {}
        parts = []
        for shuffle in range(first // size, (last - 1) // size + 1):
            order = self._shuffle(number, shuffle, shuffles)
            parts.append(order[max(first - shuffle * size, 0) : last - shuffle * size])
        return np.concatenate(parts)

    def _shuffle(self, number: int, shuffle: int, shuffles: dict[int, np.ndarray]) -> np.ndarray:
        """A set's shuffle: the rows that the pass it begins in has taken already come last."""
        import numpy as np

        if shuffle in shuffles:
            return shuffles[shuffle]
        size, count = self.sizes[number], self.counts[number]
        order = np.random.default_rng((self.seed, number, shuffle)).permutation(size)
        # The pass in which this shuffle begins may have begun in an earlier one.
        began = shuffle * size // count * count
        earlier = began // size
        if began % size and earlier < shuffle:
            seen_rows = np.zeros(size, bool)
            seen_rows[self._shuffle(number, earlier, shuffles)[began - earlier * size :]] = True
            order = np.concatenate([order[~seen_rows[order]], order[seen_rows[order]]])
        shuffles[shuffle] = order
        return order


# ---- sets joined


def tokenised_sets(
    sets: Sequence[DataSet], style: Style, tokenizer: Any, settings: Settings, cache: Path | None = None
) -> TokenSet:
    """The sets as tokens, one after the other; validation rows of all of them in turn.

    Raises:
        TrainError: as `tokenised`, of the set that it names; or all of a set's validation rows are learnt from others.
    """
    if len(sets) == 1 and sets[0].weight == 1:
        only = sets[0]
        return tokenised(only.path, _styled(style, only), tokenizer, replace(settings, **only.options), cache)
    parts = []
    for each in sets:
        try:
            parts.append(
                tokenised(each.path, _styled(style, each), tokenizer, replace(settings, **each.options), cache)
            )
        except TrainError as error:
            raise TrainError(f"data set {each.name}: {error}") from error
    return joined(sets, parts, settings.seed)


def _styled(style: Style, each: DataSet) -> Style:
    language = each.options.get("language")
    return style.localised(language) if language else style


def joined(sets: Sequence[DataSet], parts: Sequence[TokenSet], seed: int) -> TokenSet:
    """The rows of several sets with their part of a run.

    Raises:
        TrainError: a set is left without validation rows.
    """
    import numpy as np

    numbers, leaks = _unshared(sets, parts)
    val = [pick(part.splits["val"], rows) for part, rows in zip(parts, numbers, strict=True)]
    order = in_turn([len(rows) for rows in val])
    train = concatenated([part.splits["train"] for part in parts])
    mixture = Mixture([len(part.splits["train"]) for part in parts], [each.weight for each in sets], seed)
    starts = np.cumsum([0, *(len(rows) for rows in val)])
    shares = []
    for number, each in enumerate(sets):
        own = np.flatnonzero((order >= starts[number]) & (order < starts[number + 1]))
        shares.append(Share(each, mixture.sizes[number], mixture.counts[number], own))
    counts = _counts(sets, parts, val, leaks)
    languages = sorted({language for part in parts for language in part.languages})
    splits = {"train": train, "val": pick(concatenated(val), order)}
    leaked = {mark for part in parts for mark in part.requests["train"]}
    examples = [
        each
        for part in parts
        for each in part.examples
        if len(parts) == 1 or request_mark(each["messages"]) not in leaked
    ]
    return TokenSet(splits, examples or parts[0].examples, counts, languages, shares=shares, mixture=mixture)


@dataclass
class Share:
    """A set's part of a run. rows: those that can be learnt; a_pass: those of a pass; val: numbers of its validation
    rows, int64.
    """

    data_set: DataSet
    rows: int
    a_pass: int
    val: np.ndarray


def shared_requests(
    names: Sequence[str], train: Sequence[set[str]], val: Sequence[Sequence[str]], places: Sequence[Sequence[str]]
) -> tuple[list[list[int]], list[str]]:
    """(numbers of the validation rows of each set whose request no other set learns, a line for each pair of sets
    where some are).

    names, train, val, places: of each set its name, the marks of its training requests, those of its validation rows,
    and where these are.

    Raises:
        TrainError: a set is left without validation rows.
    """
    unshared, lines = [], []
    for number, marks in enumerate(val):
        shared_with = {at: {mark for mark in marks if mark in train[at]} for at in range(len(train)) if at != number}
        leaked = set().union(*shared_with.values())
        for teacher, shared in shared_with.items():
            rows = [at for at, mark in enumerate(marks) if mark in shared]
            if rows:
                where = places[number][rows[0]] or "its first"
                lines.append(
                    f"{len(rows):,} val rows of {names[number]} left out: their request is in train of "
                    f"{names[teacher]} ({where}{', …' if len(rows) > 1 else ''})"
                )
        unshared.append([at for at, mark in enumerate(marks) if mark not in leaked])
        if not unshared[-1]:
            raise TrainError(f"data set {names[number]}: no validation row is left: {lines[-1]}")
    return unshared, lines


def _unshared(sets: Sequence[DataSet], parts: Sequence[TokenSet]) -> tuple[list[list[int]], list[str]]:
    train = [set(part.requests["train"]) for part in parts]
    val, places = [part.requests["val"] for part in parts], [part.requests["places"] for part in parts]
    return shared_requests([each.name for each in sets], train, val, places)


def in_turn(sizes: Sequence[int]) -> np.ndarray:
    """Numbers of rows that stand set by set, so ordered that each beginning holds all sets in their proportion."""
    import numpy as np

    places = np.concatenate([(np.arange(size) + 0.5) / max(size, 1) for size in sizes])
    return np.argsort(places, kind="stable")


def concatenated(parts: Sequence[Rows]) -> Rows:
    """Rows of several sets, one set after the other, in memory."""
    import numpy as np

    ends = np.cumsum([0, *(len(part.tokens) for part in parts)])
    offsets = [part.offsets[:-1] + start for part, start in zip(parts, ends, strict=False)]
    return Rows(np.concatenate([part.tokens for part in parts]), np.concatenate([*offsets, ends[-1:]]))


def pick(rows: Rows, numbers: Sequence[int] | np.ndarray) -> Rows:
    """Some of the rows, in that order, in memory."""
    import numpy as np

    sequences = [rows[int(number)] for number in numbers]
    offsets = np.cumsum([0, *(len(row) for row in sequences)])
    return Rows(np.concatenate([np.empty(0, np.int32), *sequences]), offsets)


def _counts(
    sets: Sequence[DataSet], parts: Sequence[TokenSet], val: Sequence[Rows], leaks: Sequence[str]
) -> dict[str, Any]:
    """What became of the rows, over all sets."""
    counts: dict[str, Any] = {"leaks": list(leaks), "sets": {}}
    for split in ("train", "val"):
        own = [part.counts.get(split, {}) for part in parts]
        total: Counter[str] = sum((Counter(each) for each in own), Counter())
        total["longest"] = max(each.get("longest", 0) for each in own)
        counts[split] = dict(total)
    counts["val"]["used"] = sum(map(len, val))
    skipped = [Counter(part.counts.get("skipped", {})) for part in parts]
    languages = [Counter(part.counts.get("languages", {})) for part in parts]
    counts |= {"skipped": dict(sum(skipped, Counter())), "languages": dict(sum(languages, Counter()))}
    repeated = "val rows left out: their request is in train"
    counts[repeated] = sum(part.counts.get(repeated, 0) for part in parts)
    counts["validation"] = "; ".join(
        f"{each.name}: {part.counts.get('validation')}" for each, part in zip(sets, parts, strict=True)
    )
    counts["warnings"] = [
        f"{each.name}: {line}"
        for each, part in zip(sets, parts, strict=True)
        for line in part.counts.get("warnings", ())
    ]
    return counts


def described_sets(token_set: TokenSet) -> Iterator[str]:
    """A line for each of several sets, and for each pair of them that share requests."""
    for share in token_set.shares:
        name, weight = f"{share.data_set.name} ({share.data_set.path})", f"weight {share.data_set.weight:g}"
        line = f"{share.rows:,} rows, {weight}: {share.a_pass:,} a pass; {len(share.val):,} to validate"
        yield f"data: set {name}: {line}"
    for line in token_set.counts.get("leaks", ()):
        yield f"data: {line}"


def digest_of_rows(rows: Rows, mixture: Mixture | None) -> str:
    """sha256 of rows and of how a pass takes them, the first 16 digits."""
    whole = hashlib.sha256(rows.offsets.tobytes())
    whole.update(rows.tokens.tobytes())
    if mixture is not None:
        whole.update(repr(mixture).encode())
    return whole.hexdigest()[:16]
