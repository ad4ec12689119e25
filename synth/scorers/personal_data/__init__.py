"""Personal data in a text: reported, and left where it stands, because what to do about it is a person's decision.

Five kinds: e-mail addresses (but an office's, mailboxes.py), telephone numbers (telephones.py), IBANs, tax codes and
identity numbers (identifiers.py). Time is linear in the text: what is looked at around a match is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synth.samples.field import Field
from synth.scorers import Batch, Scorer, Scores
from synth.scorers.personal_data.addresses import Addresses
from synth.scorers.personal_data.identifiers import ibans, identity_numbers, tax_codes
from synth.scorers.personal_data.mailboxes import is_role
from synth.scorers.personal_data.telephones import telephones

KINDS = ("email", "telephone", "iban", "tax_code", "identity_number")


FIELDS = (
    Field("personal_data", "record", "[{kind, field, start, end}] what looks like data of a person", many=True,
          record="PersonalData", fields=(
        Field("kind", "string", "what it looks like",
              values=KINDS),
        Field("field", "string", "field of the sample"), Field("start", "int64", "first character"),
        Field("end", "int64", "character after the last"),
    )),
)  # fmt: skip


class Span(NamedTuple):
    """Where a text holds personal data: text[start:end], `kind` is one of KINDS."""

    kind: str
    start: int
    end: int


def personal_data(text: str, language: str | None = None) -> list[Span]:
    """All personal data of a text in the order of their offsets; no two overlap.

    `language` is an ISO 639-1 code, which adds telephone numbers as its countries write them.
    """
    addresses = Addresses(text)
    spans: list[Span] = []
    # What has a check sum comes first: digits of an IBAN are no telephone number.
    for kind, offsets in (
        ("iban", ibans(text)), ("tax_code", tax_codes(text)), ("email", _emails(text)),
        ("identity_number", identity_numbers(text, addresses)), ("telephone", telephones(text, addresses, language)),
    ):  # fmt: skip
        spans += [Span(kind, start, end) for start, end in offsets]
    return _without_overlaps(spans)


def _without_overlaps(spans: Sequence[Span]) -> list[Span]:
    """Of spans that overlap the one that comes first in `spans`."""
    order = sorted(range(len(spans)), key=lambda index: (spans[index].start, index))
    selection: list[int] = []
    for index in order:
        if selection and spans[index].start < spans[selection[-1]].end:
            selection[-1] = min(selection[-1], index)
        else:
            selection.append(index)
    return [spans[index] for index in selection]


# ---- e-mail

_AT = re.compile(r"@|[ ]?(?:\[at\]|\(at\))[ ]?", re.IGNORECASE)
_LOCAL = re.compile(r"[\w.+%'’-]{1,64}\Z")
_DOMAIN = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}(?:xn--[a-z0-9]{2,30}|[a-z]{2,24})", re.IGNORECASE
)
#: mongodb://user:word@host is where a server is.
_LOGIN = re.compile(r"://[^\s/@]*:\Z")
#: `logo@2x.png` is a picture.
_FILES = ("png", "jpg", "jpeg", "gif", "webp", "svg", "css", "js", "html")


def _emails(text: str) -> Iterator[tuple[int, int]]:
    for at in _AT.finditer(text):
        first = max(0, at.start() - 64)
        local = _LOCAL.search(text[first : at.start()])
        domain = _DOMAIN.match(text, at.end(), min(len(text), at.end() + 255))
        if local is None or domain is None or domain[0].rpartition(".")[2].lower() in _FILES:
            continue
        name = local[0].lstrip(".'’-%")
        start = at.start() - len(name)
        if not name or name.endswith(".") or ".." in name or _LOGIN.search(text[max(0, start - 80) : start]):
            continue
        if not is_role(name, domain[0]):
            yield start, domain.end()


# ---- what is stored


def _score(batch: Batch) -> list[Scores]:
    return [{"personal_data": list(_records(sample))} for sample in batch.samples]


def _records(sample: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("question", "answer"):
        for kind, start, end in personal_data(sample.get(name) or "", sample.get("language")):
            yield {"kind": kind, "field": name, "start": start, "end": end}


def _outcomes(_: Mapping[str, Any], scores: Scores) -> Iterator[str]:
    if scores["personal_data"]:
        yield "with_personal_data"


SCORER = Scorer(FIELDS, _score, _outcomes, version=5)
