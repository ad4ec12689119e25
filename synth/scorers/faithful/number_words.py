"""Number words to values: "tre milioni", "hai mươi lăm", "quatre-vingt-dix", "fünfundzwanzig"."""

from __future__ import annotations

import functools
from collections.abc import Sequence

_IT_UNITS = "uno due tre quattro cinque sei sette otto nove".split()
_IT_TEENS = "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove".split()
_IT_TENS = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()
_DE_UNITS = "ein zwei drei vier fünf sechs sieben acht neun".split()
_DE_TEENS = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
_DE_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()

#: Words below a hundred, and those hundreds that are one word.
_ATOMS = {
    "en": "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
          "eighteen nineteen twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90",
    "fr": "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
          "dix-neuf vingt=20 trente=30 quarante=40 cinquante=50 soixante=60 septante=70 huitante=80 nonante=90 une=1 "
          "cent=100 dizaine=10 douzaine=12 quinzaine=15 vingtaine=20 trentaine=30 quarantaine=40 cinquantaine=50",
    "es": "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
          "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
          "veintiocho veintinueve treinta cuarenta=40 cincuenta=50 sesenta=60 setenta=70 ochenta=80 noventa=90 un=1 "
          "una=1 cien=100 ciento=100 doscientos=200 trescientos=300 cuatrocientos=400 quinientos=500 seiscientos=600 "
          "setecientos=700 ochocientos=800 novecientos=900 doscientas=200 trescientas=300 quinientas=500 "
          "decena=10 docena=12",
}  # fmt: skip
_HUNDREDS: dict[str, set[str]] = {"en": {"hundred", "hundreds"}, "fr": {"cent", "cents"}}
_JOINERS = {"en": {"and"}, "fr": {"et"}, "es": {"y"}}
_VI_UNITS = {
    "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "nhăm": 5, "sáu": 6, "bảy": 7,
    "bẩy": 7, "tám": 8, "chín": 9,
}  # fmt: skip
#: Words that are numbers only beside others: "một" is an article, "năm" a year, "sei" a verb, "neuf" new.
WEAK = {
    "it": frozenset("un uno una un' sei cento".split()),
    "vi": frozenset("một năm tư mốt lăm nhăm không ba bảy chín chục".split()),
    "en": frozenset("one a an".split()),
    "fr": frozenset("un une neuf".split()),
    "es": frozenset("un uno una once".split()),
    "de": frozenset("ein eine einen einem einer eines eins acht".split()),
}
#: From the third on.
_ORDINALS = {
    "it": "- - terz quart quint sest settim ottav non decim",
    "en": "- - third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
    "fr": "- - troisième quatrième cinquième sixième septième huitième neuvième dixième",
    "es": "- - tercer cuart quint sext séptim octav noven décim",
    "de": "- - dritte vierte fünfte sechste siebte achte neunte zehnte",
}
_FRACTIONS = {
    "it": {"terzo": 3, "terzi": 3, "quarto": 4, "quarti": 4, "quinto": 5, "quinti": 5, "decimo": 10, "decimi": 10},
    "en": {"third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10, "tenths": 10},
    "fr": {"tiers": 3, "quart": 4, "quarts": 4, "cinquième": 5, "cinquièmes": 5},
    "es": {"tercio": 3, "tercios": 3, "cuarto": 4, "cuartos": 4, "quinto": 5, "quintos": 5},
    "de": {"drittel": 3, "viertel": 4, "fünftel": 5, "zehntel": 10},
}
_HALF_WORDS = {
    "it": frozenset({"metà"}), "vi": frozenset({"nửa"}), "en": frozenset({"half"}), "fr": frozenset({"moitié"}),
    "es": frozenset({"mitad"}), "de": frozenset({"hälfte"}),
}  # fmt: skip


@functools.cache
def _italian() -> dict[str, int]:
    """Every numeral of one word up to 999, and the round groups ("una quarantina")."""
    table = {word: value for value, word in enumerate(_IT_UNITS + _IT_TEENS, 1)} | {"un": 1, "una": 1, "un'": 1}
    for place, tens in enumerate(_IT_TENS, 2):
        table[tens] = 10 * place
        for value, unit in enumerate(_IT_UNITS, 1):
            stem = tens[:-1] if unit[0] in "uo" else tens
            table[stem + unit] = 10 * place + value
            if unit in ("uno", "tre"):
                table[stem + {"uno": "un", "tre": "tré"}[unit]] = 10 * place + value
    for word, below in list(table.items()):
        if word in ("un", "una", "un'"):
            continue
        for number, unit in enumerate(["", *_IT_UNITS[1:]], 1):
            table[unit + "cento" + word] = 100 * number + below
            if word[0] == "o":
                table[unit + "cent" + word] = 100 * number + below
    for number, unit in enumerate(["", *_IT_UNITS[1:]], 1):
        table[unit + "cento"] = 100 * number
    return table


#: "una ventina" is about twenty.
_IT_GROUPS = {
    "decina": 10, "dozzina": 12, "quindicina": 15, "ventina": 20, "trentina": 30, "quarantina": 40, "cinquantina": 50,
    "sessantina": 60, "settantina": 70, "ottantina": 80, "novantina": 90, "centinaio": 100, "migliaio": 1000,
}  # fmt: skip


@functools.cache
def _german() -> dict[str, int]:
    table = {word: value for value, word in enumerate([*_DE_UNITS, *_DE_TEENS], 1)}
    table |= {"eine": 1, "einen": 1, "einem": 1, "einer": 1, "eines": 1, "eins": 1}
    for place, tens in enumerate(_DE_TENS, 2):
        table[tens] = 10 * place
        for value, unit in enumerate(_DE_UNITS, 1):
            table[f"{unit}und{tens}"] = 10 * place + value
    small = {
        word: value for word, value in table.items() if not word.startswith("ein") or "und" in word or word == "eins"
    }
    for number, unit in enumerate(_DE_UNITS, 1):
        for head in (unit + "hundert",) if number > 1 else ("einhundert", "hundert"):
            table[head] = 100 * number
            table |= {head + word: 100 * number + value for word, value in small.items()}
    return table


@functools.cache
def _atoms(language: str) -> dict[str, int]:
    table = {}
    for place, item in enumerate(_ATOMS[language].split(), 1):
        word, _, value = item.partition("=")
        table[word] = int(value) if value else place
    return table


def below_thousand(words: Sequence[str], at: int, language: str) -> tuple[int, int] | None:
    """(value, words read) of the numeral below 1000 that begins at `at`; Italian and German: "duemila", too.

    Args:
        words: in lower case, NFC; a hyphen divides words.
    """
    if language == "vi":
        return _vietnamese(words, at)
    if language in ("it", "de"):
        return _compound(words[at], language)
    return _in_words(words, at, language)


def _compound(word: str, language: str) -> tuple[int, int] | None:
    table = _italian() if language == "it" else _german()
    if word in table:
        return table[word], 1
    if language == "it" and word in _IT_GROUPS:
        return _IT_GROUPS[word], 1
    if len(word) > 60:
        return None
    thousand = "mila" if language == "it" else "tausend"
    head, found, rest = word.partition(thousand)
    if not found:
        head, found, rest = (
            ("uno", word[:5], word[5:]) if language == "it" and word.startswith("mille") else ("", "", "")
        )
    if not found or head not in table or (rest and rest not in table):
        return None
    return table[head] * 1000 + table.get(rest, 0), 1


def _in_words(words: Sequence[str], at: int, language: str) -> tuple[int, int] | None:
    """English, French, Spanish: each word adds less than what is open, "hundred" multiplies."""
    atoms, hundreds = _atoms(language), _HUNDREDS.get(language, set())
    value, room, place = 0, 1000, at
    while place < len(words):
        word, size = words[place], 1
        if (
            language == "fr"
            and word == "quatre"
            and words[place + 1 : place + 2]
            and words[place + 1].startswith("vingt")
        ):
            word, size = "huitante", 2
        if word in hundreds and 0 < value < 10:
            value, room = value * 100, 100
        elif word in atoms and atoms[word] < room:
            value += atoms[word]
            room = _room(atoms[word], language)
        elif not (value and word in _JOINERS[language] and _goes_on(words, place + 1, atoms, room)):
            break
        place += size
    return (value, place - at) if value else None


def _room(added: int, language: str) -> int:
    """What may still be added must be less."""
    if added >= 100:
        return 100
    if language == "fr" and added in (60, 80):
        return 20
    return 10 if (added >= 20 and added % 10 == 0) or (language == "fr" and added == 10) else 1


def _goes_on(words: Sequence[str], at: int, atoms: dict[str, int], room: int) -> bool:
    return at < len(words) and atoms.get(words[at], room) < room


def _vietnamese(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """[unit trăm] [lẻ|linh unit | unit mươi unit | mười unit], chục for tens."""
    total, place = 0, at
    word = words[place]
    if word in _VI_UNITS and words[place + 1 : place + 2] == ["trăm"]:
        total, place = 100 * _VI_UNITS[word], place + 2
        if place < len(words) and words[place] in ("lẻ", "linh"):
            unit = _VI_UNITS.get(words[place + 1], 0) if place + 1 < len(words) else 0
            return (total + unit, place + 2 - at) if unit else (total, place - at)
    tens, used = _vietnamese_tens(words, place)
    if total and used == 1 and words[place] != "mười":
        # "hai trăm năm" are two hundred years.
        tens, used = 0, 0
    return (total + tens, place + used - at) if total + tens else None


def _vietnamese_tens(words: Sequence[str], at: int) -> tuple[int, int]:
    here = [*words[at : at + 3], "", "", ""]
    # After tens five is "lăm", and "năm" a year.
    if here[0] == "mười":
        return (10 + _VI_UNITS[here[1]], 2) if here[1] in _VI_UNITS and here[1] not in ("mốt", "năm") else (10, 1)
    unit = _VI_UNITS.get(here[0], 0)
    if unit and here[1] in ("mươi", "chục"):
        more = _VI_UNITS.get(here[2], 0) if here[1] == "mươi" and here[2] != "năm" else 0
        return 10 * unit + more, 3 if more else 2
    return (unit, 1) if unit else (0, 0)


def ordinal(word: str, language: str) -> int | None:
    """3 to 12 of an ordinal word; the first and the second are other words, too."""
    return _ordinals(language).get(word)


@functools.cache
def _ordinals(language: str) -> dict[str, int]:
    endings = {"it": ("o", "a"), "es": ("", "o", "a"), "de": ("", "r", "n", "s", "m")}.get(language, ("",))
    stems = enumerate(_ORDINALS.get(language, "").split(), 1)
    return {stem + ending: value for value, stem in stems if stem != "-" for ending in endings}


def denominator(word: str, language: str) -> int | None:
    """What "terzi" in "due terzi" divides by."""
    return _FRACTIONS.get(language, {}).get(word)


def is_half(word: str, language: str) -> bool:
    return word in _HALF_WORDS[language]


def is_group(word: str) -> bool:
    """Whether it is about as many: "una quarantina"."""
    return word in _IT_GROUPS
