"""Who wrote an article, as newspapers print it: the names in a byline, and text as it is read.

No library for pages is needed here: rows of files have bylines too.
"""

from __future__ import annotations

import re
import unicodedata

_ROLE = re.compile(r"[(\[][^()\[\]]*[)\]]")
_BY = re.compile(
    r"^(?:(?:(?:testo|articolo) )?di|a cura di|by|dal(?:la)? (?:nostr[oa] )?(?:inviat[oa]|corrispondente)(?: di)?"
    r"|dell['’](?:inviat[oa])|(?:bài|tin|nội dung)(?: và ảnh|, ảnh)? ?:)(?:\s+|$)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"@|https?:|\d|^(?:nguồn|ảnh|video|đồ họa|foto|fonte)\b", re.IGNORECASE)
# Breaks of words and marks of direction: never seen, and in the way of every search. (The joiner U+200D stays: emoji.)
_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# The one of them that Python calls printable.
_JOINER = "\u034f"
# &#146; and the like: browsers read them as Windows-1252, libxml2 as control characters.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0) if code != 0x85}


def tidy(text: str) -> str:
    """Text as it is read: NFC, one space where there was any white space, nothing invisible."""
    text = text.strip()
    # Most text is as it should be: of all white space only the space is printable, and nothing invisible but one mark.
    if not text.isprintable() or "  " in text or _JOINER in text:
        text = " ".join(_INVISIBLE.sub("", text).translate(_WINDOWS).split())
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def names_of(byline: str) -> list[str]:
    """The names in a byline: "di Anna Verdi e Ugo Neri", "Võ Hải - Sơn Hà", "Hà Thu (tổng hợp)".

    Left out: roles, addresses, credits of pictures and of agencies ("Fonte: Ansa").
    """
    text = _BY.sub("", tidy(_ROLE.sub(" ", tidy(byline))))
    # "Redazione Cultura e Spettacoli" is one desk, not two people.
    joint = r" ?[,;|/•·] ?| [-–—] " + ("" if text.startswith("Redazione") else "| (?:e|và|&) ")
    parts = [part.strip(" .:-–—") for part in re.split(joint, text)]
    names = [name for name in parts if name and not _NO_NAME.search(name)]
    # "inviata a Kiev" after a name is no name; one word in small letters alone is a pen name.
    return [name for name in names if not name[0].islower() or len(names) == 1]
