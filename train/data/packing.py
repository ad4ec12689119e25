"""Documents of tokens packed into rows, each document whole where it fits, its boundaries kept.

A document longer than a row is cut into rows of its own, the end of it shares one with others. Documents are put where
they leave the least room (best fit, the longest first): few are cut, and little is padding (Ding et al., 2024, arXiv
2404.10830). The first token of a document, and of a row, follows nothing of its own: it is read and not learnt. By this
alone a row tells where its documents begin (`starts`), in labels as in the signed ids of `train.data.token_cache`.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def pieces(ids: Sequence[int], length: int) -> list[Sequence[int]]:
    """A document as pieces of two to `length` tokens, none lost and none twice; all but the last are a row's length, or
    one less, so that only an end shares a row with others.

    A piece of one token has nothing to learn: its row's loss would be no number.

    Raises:
        ValueError: `length` is less than 3, or the document has one token alone.
    """
    if length < 3 or len(ids) < 2:
        raise ValueError(f"{len(ids)} tokens in rows of {length}: two at least, in rows of three")
    ends = list(range(length, len(ids), length))
    if ends and len(ids) - ends[-1] == 1:
        ends[-1] -= 1
    return [ids[start:end] for start, end in zip([0, *ends], [*ends, len(ids)], strict=True)]


def pack(lengths: Sequence[int], capacity: int, seed: int = 0) -> list[list[int]]:
    """Numbers of the pieces of each row: every piece once, a row no longer than `capacity`.

    Best fit decreasing; the seed decides among pieces of one length. O(n log n).

    Raises:
        ValueError: a piece is longer than a row.
    """
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(lengths))
    order = order[np.argsort(-np.asarray(lengths, dtype=np.int64)[order], kind="stable")]
    rows: list[list[int]] = []
    #: room of a row -> rows with it; and these rooms, ascending.
    with_room: dict[int, list[int]] = {}
    rooms: list[int] = []
    for number in order.tolist():
        length = lengths[number]
        if length > capacity:
            raise ValueError(f"piece {number} has {length} tokens, a row takes {capacity}")
        place = bisect.bisect_left(rooms, length)
        if place < len(rooms):
            room = rooms[place]
            row = with_room[room].pop()
            if not with_room[room]:
                del with_room[room], rooms[place]
        else:
            room, row = capacity, len(rows)
            rows.append([])
        rows[row].append(number)
        if left := room - length:
            if left not in with_room:
                bisect.insort(rooms, left)
            with_room.setdefault(left, []).append(row)
    return rows


def signed(parts: Iterable[Sequence[int]]) -> np.ndarray:
    """int32 [tokens] of a row of pieces: an id where it is learnt, its complement (~id) where a piece begins."""
    import numpy as np

    arrays = [np.array(part, dtype=np.int32) for part in parts]
    for array in arrays:
        array[:1] = ~array[:1]
    return np.concatenate(arrays) if arrays else np.empty(0, np.int32)


def position_ids(labels: Any, ignore_index: int = -100) -> Any:
    """Place of each token in its document, int64 [rows, tokens], of a tensor of labels that are packed as here.

    A padded token is a document of its own: nothing reads it.
    """
    import torch

    places = torch.arange(labels.shape[1], device=labels.device).expand_as(labels)
    begins = torch.where(labels == ignore_index, places, 0).cummax(dim=1).values
    return places - begins
