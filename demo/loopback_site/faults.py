"""What goes wrong on the way to a newspaper, decided by (seed, path, how often it was asked): a run can be repeated."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, fields

from crawler.items import NewsmillError

KINDS = ("too_many", "unavailable", "slow", "reset", "garbage")


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares (0 to 1) of the requests that meet each fault.

    Attributes:
        seed: another seed, other requests.
        too_many: 429 with Retry-After.
        unavailable: 503.
        slow: the right answer, `slow_seconds` late.
        reset: the connection is torn down without a byte.
        garbage: status 200 and bytes that are no page: random ones, or half a gzip stream.
        retry_after: seconds named in Retry-After.
    """

    seed: int = 0
    too_many: float = 0.0
    unavailable: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 2.0
    reset: float = 0.0
    garbage: float = 0.0
    retry_after: int = 1

    def kind(self, path: str, nth: int) -> str:
        """The fault of the nth request (from 1) for a path; "" for none."""
        remainder = random.Random(f"{self.seed} {path} {nth}").random()
        for kind in KINDS:
            remainder -= getattr(self, kind)
            if remainder < 0:
                return kind
        return ""

    def any(self) -> bool:
        return any(getattr(self, kind) > 0 for kind in KINDS)

    def noise(self, path: str, nth: int, body: bytes) -> tuple[bytes, bool]:
        """(bytes that are no page, whether they claim to be gzip)."""
        dice = random.Random(f"{self.seed} {path} {nth} noise")
        if dice.random() < 0.5:
            return dice.randbytes(2048), False
        whole = gzip.compress(body, mtime=0)
        return whole[: len(whole) // 2], True


def parse_faults(text: str, seed: int = 0) -> Faults:
    """Faults from `too_many=0.05,reset=0.02`.

    Raises:
        NewsmillError: an unknown name, or a value that is no number or no share.
    """
    names = {item.name for item in fields(Faults)} - {"seed"}
    values: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        if name not in names:
            raise NewsmillError(f"loopback site: unknown fault {name!r}: use {', '.join(sorted(names))}")
        try:
            values[name] = float(value)
        except ValueError:
            raise NewsmillError(f"loopback site: fault {name} needs a number, not {value!r}") from None
    if any(values[kind] < 0 for kind in values) or sum(values.get(kind, 0.0) for kind in KINDS) > 1:
        raise NewsmillError(f"loopback site: faults {text!r}: shares are from 0 to 1 and their sum is at most 1")
    retry = int(values.pop("retry_after", 1))
    return Faults(seed=seed, retry_after=retry, **values)
