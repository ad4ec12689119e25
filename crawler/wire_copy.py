"""What a news agency puts around the text of a wire: its mark with city and day, who signed, its mark again.

    (ANSA) - ROMA, 28 LUG - (di Anna Neri) Il consiglio … (ANSA).

The same in pages and in rows of files, of newspapers that have `wire` set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from crawler.bylines import names_of

_DATELINE = re.compile(
    r"^\(ANSA[a-z]*(?:[-/][A-Za-z]+)*\)\s*[-–]?\s*(?:(?P<city>[^\W\d_][^,\d()]{1,60}?),\s*\d{1,2}\s+[A-Za-z]{3,9}\.?\s*[-–]\s*)?"
)
_NAME = r"[^\W\d_a-zß-öø-ÿ][\w'’.-]*"
#: "(di Anna Neri e Ugo de' Bianchi)", "(dell'inviata Anna Neri)": names, not what follows a bracket by chance.
_SIGNATURE = re.compile(
    r"\(\s*(?P<names>(?i:(?:testo |a cura )?di|by|(?:dell['’]\s?|dal(?:la)? nostr[oa] )inviat[oa](?: di)?)\s*"
    rf"{_NAME}(?:[\s,]+(?:ed?|(?:d[aei]|del|della|dei|degli|d)['’]?|van|von|{_NAME})){{1,9}})\s*\)\s*[-–.:]?\s*"
)
_TAIL = re.compile(r"\s*\(ANSA[a-z]*(?:[-/][A-Za-z]+)*\)\s*\.?\s*$")


class WireCopy(NamedTuple):
    """A wire's paragraphs without the agency's marks, the city of its dateline ("" without), who signed."""

    paragraphs: list[str]
    city: str
    names: list[str]


def read_wire_copy(paragraphs: Sequence[str]) -> WireCopy:
    """The wire that paragraphs hold; a text without marks is left as it is."""
    text, city, names = list(paragraphs), "", list[str]()
    while text and (match := _DATELINE.match(text[0]) or _SIGNATURE.match(text[0])):
        marks = match.groupdict()
        city = (marks.get("city") or "").strip() or city
        names += names_of(marks.get("names") or "")
        rest = text[0][match.end() :]
        text = [rest, *text[1:]] if rest else text[1:]
    if text:
        text = [*text[:-1], _TAIL.sub("", text[-1])]
        if signed := _SIGNATURE.fullmatch(text[-1]):
            names += names_of(signed["names"])
            text = text[:-1]
    return WireCopy([part for part in text if part], city, names)


def with_signature(authors: Sequence[str], signature: Sequence[str]) -> list[str]:
    """Who signed in the text, instead of the desk that an agency names on all wires, once each."""
    named = [name for name in authors if not (signature and name.startswith(("Redazione", "ANSA")))]
    return list(dict.fromkeys([*named, *signature]))
