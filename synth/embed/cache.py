"""Vectors of dense embedders, kept in the store: a text is embedded once by each model, whatever is killed.

A model's vector of a text differs in its last bits with the texts of its batch; kept, it is the same in every run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database

    from synth.embed import Embedder

#: Texts that are embedded before their vectors are stored: what a kill can cost.
_BATCH = 256
#: Vectors that are asked for at once.
_LOOK = 2_000


#: Embedders whose rows are others than they once were: what was stored of them before is not read.
_REVISIONS = {"use": "use, each input normed apart"}


class StoredEmbedder:
    """An embedder whose vectors are kept in `embeddings`, by its name and the sha256 of exactly what was embedded."""

    def __init__(self, database: Database[dict[str, Any]], name: str, load: Callable[[], Embedder]) -> None:
        """
        Args:
            name: of the embedder; where it names a folder, the state of its files becomes part of the key.
            load: makes the embedder; called when the first text needs it.
        """
        self.name = name
        self.key = model_key(name)
        self._database = database
        self._load = load
        self._embedder: Embedder | None = None
        #: vectors made and vectors found.
        self.made = self.found = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[texts, dimensions] float32 rows of unit length; an empty text is a row of zeros."""
        import numpy as np

        hashes = [hashlib.sha256(text.encode(errors="surrogatepass")).digest() for text in texts]
        rows: dict[bytes, np.ndarray] = {}
        for start in range(0, len(hashes), _LOOK):
            rows |= self._stored(hashes[start : start + _LOOK])
        self.found += len(rows)
        new_texts = [text for key, text in dict(zip(hashes, texts, strict=True)).items() if key not in rows]
        # Texts of like lengths together: a batch takes as long as its longest.
        new_texts.sort(key=len)
        for start in range(0, len(new_texts), _BATCH):
            rows |= self._made(new_texts[start : start + _BATCH])
        return np.stack([rows[key] for key in hashes]) if hashes else np.zeros((0, 0), dtype=np.float32)

    def _stored(self, hashes: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        import numpy as np

        condition = {"embedder": self.key, "text": {"$in": list(set(hashes))}}
        documents = self._database.embeddings.find(condition, {"text": 1, "vector": 1})
        return {bytes(row["text"]): np.frombuffer(row["vector"], dtype="<f4") for row in documents}

    def _made(self, texts: list[str]) -> dict[bytes, np.ndarray]:
        import numpy as np
        from bson import Binary
        from pymongo import UpdateOne

        if self._embedder is None:
            self._embedder = self._load()
        vectors = np.asarray(self._embedder.encode(texts), dtype="<f4")
        self.made += len(texts)
        rows = {
            hashlib.sha256(text.encode(errors="surrogatepass")).digest(): vector
            for text, vector in zip(texts, vectors, strict=True)
        }
        # Another run may have stored one in the meantime: the first stays, and both runs go on with it.
        self._database.embeddings.bulk_write(
            [
                UpdateOne(
                    {"embedder": self.key, "text": Binary(key)},
                    {"$setOnInsert": {"vector": Binary(vector.tobytes())}},
                    upsert=True,
                )
                for key, vector in rows.items()
            ],
            ordered=False,
        )
        return self._stored(list(rows))


def model_key(name: str) -> str:
    """The name; for a folder with a digest of its files' names, sizes and times: another model may lie there later."""
    name = _REVISIONS.get(name, name)
    folder = Path(name.partition(":")[2] or ".")
    if ":" not in name or not folder.is_dir():
        return name
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        state = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return f"{name}#{digest.hexdigest()[:16]}"
