"""What is read of a source (its facts, passages, sentences): once in a process, not once for each sample that has it.

The samples of an event, and their translations, have the same sources. A function of a source is decorated

    @read_once
    def passages(source: Source) -> Passages: ...

and its value is kept by the digest of what the source holds. What is kept is bounded by the characters of the sources;
the one that was asked for least recently goes first. Values are shared: whoever gets one does not change it.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

Source = str | Mapping[str, Any]
Value = TypeVar("Value")
Parameters = ParamSpec("Parameters")
SourceType = TypeVar("SourceType", bound=Source)

#: Characters of the sources that readings are kept of, counted for each reading: some 400 articles read five ways. What
#: is read of a source takes ten to thirty bytes a character.
CHARACTERS = 8_000_000
#: What an entry counts for, however short its source.
_ENTRY = 200


class Readings:
    """Values by key, bounded; safe for several threads."""

    def __init__(self, characters: int = CHARACTERS) -> None:
        self._values: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self.characters, self.kept = characters, 0

    def get(self, key: Hashable, size: int, compute: Callable[[], Value]) -> Value:
        """The value of a key, computed where it is not there; `size`: characters that it was read from."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                value: Value = self._values[key][1]
                return value
        value = compute()
        with self._lock:
            self._add(key, size + _ENTRY, value)
        return value

    def _add(self, key: Hashable, size: int, value: Any) -> None:
        if key in self._values or size > self.characters:
            return
        self._values[key] = size, value
        self.kept += size
        while self.kept > self.characters:
            _, (gone, _) = self._values.popitem(last=False)
            self.kept -= gone

    def __len__(self) -> int:
        return len(self._values)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._values.clear()
            self.kept = 0


#: Of this process.
READINGS = Readings()


def read_once(
    read: Callable[Concatenate[SourceType, Parameters], Value],
) -> Callable[Concatenate[SourceType, Parameters], Value]:
    """The function, whose value for a source and the same further arguments (hashable) is computed once and kept."""
    name = f"{read.__module__}.{read.__qualname__}"

    def reading(source: SourceType, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Value:
        text = source if isinstance(source, str) else _written(source)
        details = (*args, *sorted(kwargs.items()))
        return READINGS.get((name, digest(text), *details), len(text), lambda: read(source, *args, **kwargs))

    functools.update_wrapper(reading, read)
    return reading


def digest(text: str) -> bytes:
    """What stands for a text as a key."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def _written(source: Mapping[str, Any]) -> str:
    """All that a source holds, whatever the order of its fields."""
    return repr(sorted(source.items(), key=lambda item: item[0]))
