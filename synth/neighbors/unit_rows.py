"""Rows of unit length and the cosine distances between them, in double precision and in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

#: Entries of one block of distances: 64 MB of doubles.
BLOCK_ENTRIES = 8_000_000
#: Entries of the rows whose distances are computed at once, pair by pair.
PAIR_ENTRIES = 500_000


class UnitRows:
    """Unit rows and the distances between them, the window applied, computed in blocks."""

    def __init__(
        self,
        vectors: np.ndarray | csr_matrix,
        days: Sequence[float] | np.ndarray | None = None,
        window: float | None = None,
    ) -> None:
        import numpy as np
        from scipy import sparse

        self.sparse = sparse.issparse(vectors)
        self.rows: Any = _canonical(vectors) if self.sparse else _floats(np.asarray(vectors))
        if self.rows.ndim != 2 and self.rows.size:
            raise NewsmillError("cluster: vectors must be a matrix, one row a text")
        self.n = self.rows.shape[0]
        #: [n] what each row is multiplied by to have unit length.
        self.rows, self.scale = _scaled(self.rows, self.sparse)
        self.window = window
        self.days: np.ndarray | None = None
        if window is not None:
            self.days = _checked_days(days, self.n)

    def unit(self, members: np.ndarray | slice) -> Any:
        """Rows of unit length, double precision; a row of zeros stays one."""
        import numpy as np

        part, scale = self.rows[members], self.scale[members]
        if not self.sparse:
            return part * scale[:, None]
        data = part.data * np.repeat(scale, np.diff(part.indptr))
        return type(part)((data, part.indices, part.indptr), shape=part.shape)

    def distances(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Dense [rows, columns] block of distances, in [0, 2]; 1 where the days are too far apart."""
        import numpy as np

        first, second = self.unit(rows), self.unit(columns)
        if self.sparse:
            first, second = narrowed(first, second)
            block: np.ndarray = (first @ second.T).toarray()
        else:
            block = first @ second.T
        np.subtract(1.0, block, out=block)
        np.clip(block, 0.0, 2.0, out=block)
        if self.days is not None:
            block[np.abs(self.days[rows][:, None] - self.days[columns][None, :]) > self.window] = 1.0
        return block

    def pair_distances(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """[pairs] distances of row sources[i] to targets[i]; each depends on its two rows alone, to the last bit."""
        import numpy as np

        out = np.empty(len(sources))
        step = max(1, PAIR_ENTRIES * self.n // max(1, self.rows.size))
        for start in range(0, len(sources), step):
            part = slice(start, start + step)
            first, second = self.unit(sources[part]), self.unit(targets[part])
            if self.sparse:
                terms = first.multiply(second).tocsr()
                owner = np.repeat(np.arange(terms.shape[0]), np.diff(terms.indptr))
                # One by one in the order of the columns, as a product of the matrices adds them up.
                out[part] = np.bincount(owner, terms.data, minlength=terms.shape[0])
            else:
                out[part] = np.einsum("ij,ij->i", first, second)
        np.clip(1.0 - out, 0.0, 2.0, out=out)
        if self.days is not None:
            out[np.abs(self.days[sources] - self.days[targets]) > self.window] = 1.0
        return out

    def condensed(self, members: np.ndarray) -> np.ndarray:
        """[m (m - 1) / 2] distances of the pairs i < j, as scipy takes them."""
        import numpy as np

        m = len(members)
        out = np.empty(m * (m - 1) // 2)
        filled, step = 0, max(1, BLOCK_ENTRIES // m)
        for start in range(0, m - 1, step):
            block = self.distances(members[start : start + step], members[start:])
            for i, row in enumerate(block[: m - 1 - start]):
                out[filled : filled + m - 1 - start - i] = row[i + 1 :]
                filled += m - 1 - start - i
        return out


def narrowed(first: csr_matrix, second: csr_matrix) -> tuple[csr_matrix, csr_matrix]:
    """Two CSR matrices without the columns that neither has: products cost as much as the width, however empty."""
    import numpy as np
    from scipy.sparse import csr_matrix

    if first.shape[1] <= first.nnz + second.nnz:
        return first, second
    columns, position = np.unique(np.concatenate([first.indices, second.indices]), return_inverse=True)
    width = len(columns)
    return (
        csr_matrix((first.data, position[: first.nnz], first.indptr), shape=(first.shape[0], width)),
        csr_matrix((second.data, position[first.nnz :], second.indptr), shape=(second.shape[0], width)),
    )


def _floats(rows: np.ndarray) -> np.ndarray:
    """The rows as floats, of the width they have."""
    import numpy as np

    rows = rows if rows.dtype in (np.float32, np.float64) else rows.astype(np.float64)
    if not np.isfinite(rows).all():
        raise NewsmillError("cluster: some vectors are not finite")
    return rows


def _canonical(vectors: Any) -> csr_matrix:
    """CSR with sorted columns, each once a row, and no more columns than entries by far."""
    import numpy as np
    from scipy.sparse import csr_matrix

    rows = vectors.tocsr()
    data = _floats(rows.data)
    if not rows.has_canonical_format:
        rows = csr_matrix((data.copy(), rows.indices.copy(), rows.indptr.copy()), shape=rows.shape)
        rows.sum_duplicates()
        data = rows.data
    indices, width = rows.indices, rows.shape[1]
    if width > 4 * rows.nnz + 1_000_000:
        columns, indices = np.unique(indices, return_inverse=True)
        indices, width = indices.astype(np.int32), len(columns)
    return csr_matrix((data, indices, rows.indptr), shape=(rows.shape[0], width))


def _scaled(rows: Any, sparse: bool) -> tuple[Any, np.ndarray]:
    """(rows, [n] factors to unit length, 1 for a row of zeros); the rows are new ones where squares do not fit."""
    import numpy as np

    top = np.abs(rows.data if sparse else rows).max(initial=0.0) if rows.shape[0] else 0.0
    squares = _squares(rows, sparse)
    # Below the square root of the smallest number, and above that of the largest, squares are lost.
    if top > 1e15 or (squares < 1e-30).any():
        tops = np.asarray(abs(rows).max(axis=1).toarray() if sparse else np.abs(rows).max(axis=1, initial=0.0)).ravel()
        tops = np.where(tops > 0, tops, 1.0).astype(np.float64)
        if sparse:
            data = rows.data / np.repeat(tops, np.diff(rows.indptr))
            rows = type(rows)((data, rows.indices, rows.indptr), shape=rows.shape)
        else:
            rows = rows / tops[:, None]
        squares = _squares(rows, sparse)
    return rows, 1.0 / np.sqrt(np.where(squares > 0, squares, 1.0))


def _squares(rows: Any, sparse: bool) -> np.ndarray:
    """[n] sums of squares, double precision."""
    import numpy as np

    sums = np.zeros(rows.shape[0])
    if not sparse:
        return np.einsum("ij,ij->i", rows, rows, dtype=np.float64) if rows.size else sums
    step = max(1, PAIR_ENTRIES * rows.shape[0] // max(1, rows.nnz))
    for start in range(0, rows.shape[0], step):
        part = rows[start : start + step]
        owner = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
        with np.errstate(over="ignore"):
            squares = part.data.astype(np.float64) ** 2
        sums[start : start + step] = np.bincount(owner, squares, minlength=part.shape[0])
    return sums


def _checked_days(days: Any, n: int) -> np.ndarray:
    import numpy as np

    if days is None or len(days) != n:
        raise NewsmillError("cluster: a window needs one day for each vector")
    numbers = np.asarray(days, dtype=np.float64)
    if np.isnan(numbers).any():
        raise NewsmillError("cluster: some days are not numbers")
    return numbers
