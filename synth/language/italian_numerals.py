"""Italian numerals of one word, which are too many to be listed: "ventitré", "trecentoquaranta", "una quarantina"."""

from __future__ import annotations

_UNITS = "uno due tre quattro cinque sei sette otto nove".split()
_TEENS = "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove".split()
_TENS = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()
_ONE = {"un": 1, "una": 1, "un'": 1}
#: "una ventina" is about twenty.
GROUPS = {
    "decina": 10, "dozzina": 12, "quindicina": 15, "ventina": 20, "trentina": 30, "quarantina": 40, "cinquantina": 50,
    "sessantina": 60, "settantina": 70, "ottantina": 80, "novantina": 90, "centinaio": 100, "migliaio": 1000,
}  # fmt: skip


def _below_hundred() -> dict[str, int]:
    table = {word: value for value, word in enumerate(_UNITS + _TEENS, 1)}
    for position, tens in enumerate(_TENS, 2):
        table[tens] = 10 * position
        for value, unit in enumerate(_UNITS, 1):
            stem = tens[:-1] if unit[0] in "uo" else tens
            table[stem + unit] = 10 * position + value
            if unit in ("uno", "tre"):
                table[stem + {"uno": "un", "tre": "tré"}[unit]] = 10 * position + value
    return table


def numerals() -> dict[str, int]:
    """Every numeral of one word up to 999, and the round groups ("una quarantina")."""
    small = _below_hundred()
    table = GROUPS | _ONE | small
    for number, unit in enumerate(["", *_UNITS[1:]], 1):
        table[unit + "cento"] = 100 * number
        table |= {unit + "cento" + word: 100 * number + value for word, value in small.items()}
        table |= {unit + "cent" + word: 100 * number + value for word, value in small.items() if word[0] == "o"}
    return table
