"""Numbers that name a person or an account, told from others by python-stdnum's check digits and by words beside them.

IBANs; tax codes of Italy (omocodia included), Germany, Portugal and Brazil; identity numbers of Vietnam (CCCD of 12
digits by its structure; CMND of 9 digits only beside a word that says so), Spain and France. What one number in ten
would pass is looked for beside its name only.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from synth.scorers.personal_data.addresses import Addresses

Offsets = Iterator[tuple[int, int]]

# ---- IBAN

_IBAN_START = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[ -]?[0-9]{2}")


def ibans(text: str) -> Offsets:
    """Where IBANs stand."""
    for match in _IBAN_START.finditer(text):
        end = _end_of(text, match.start(), _iban_length(match[1].upper()))
        if not end or text[end : end + 1].isalnum():
            continue
        iban = text[match.start() : end]
        # Small letters with spaces between are words.
        if (iban.isalnum() or iban == iban.upper()) and _is_iban(iban):
            yield match.start(), end


@functools.cache
def _iban_length(country: str) -> int:
    """Characters of an IBAN of a country, 0 where it has none."""
    from stdnum import numdb

    structure = next((facts.get("bban", "") for _, facts in numdb.get("iban").info(country)), "")
    return 4 + sum(map(int, re.findall(r"\d+", structure))) if structure else 0


def _is_iban(iban: str) -> bool:
    from stdnum.iban import is_valid

    return bool(is_valid(iban))


def _end_of(text: str, start: int, length: int) -> int:
    """Where `length` letters and digits from `start` on end, single spaces or hyphens between them; 0 for nowhere."""
    offset = start
    while length and offset < len(text):
        if text[offset].isascii() and text[offset].isalnum():
            length -= 1
        elif text[offset] not in " -" or text[offset - 1] in " -":
            return 0
        offset += 1
    return offset if not length and offset > start else 0


# ---- Italian tax code

_TAX_CODE = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{3} ?[A-Z]{3} ?[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2} ?"
    r"[A-Z][0-9LMNPQRSTUV]{3} ?[A-Z](?![A-Za-z0-9])",
    re.IGNORECASE,
)
#: Letters that stand for digits where two people would have the same code.
_OMOCODIA = str.maketrans("LMNPQRSTUV", "0123456789")


def tax_codes(text: str) -> Offsets:
    """Where tax codes stand."""
    for match in _TAX_CODE.finditer(text):
        code = match[0].replace(" ", "").upper()
        # Sixteen letters without a digit are a word, unless they are written as codes are.
        if (match[0].isupper() or any(character.isdigit() for character in code)) and _is_italian_tax_code(code):
            yield match.span()
    yield from _numbers(text, "tax_code")


def _is_italian_tax_code(code: str) -> bool:
    """Not stdnum's `is_valid`: that refuses a code with 29 February in a common year, which the check letter allows."""
    from stdnum.it.codicefiscale import calc_check_digit

    day = int(code[9:11].translate(_OMOCODIA))
    return (0 < day <= 31 or 40 < day <= 71) and bool(calc_check_digit(code[:15]) == code[15])


# ---- numbers of other countries


class _Number(NamedTuple):
    """A number of a form that stdnum's `module` checks; with a `cue` it counts only beside such a word."""

    kind: str
    module: str
    form: re.Pattern[str]
    cue: re.Pattern[str] | None


def _number(kind: str, module: str, form: str, cue: str = "") -> _Number:
    pattern = re.compile(rf"(?<![\w.,/=#&?-])(?:{form})(?![\w%])(?![.,/-][0-9])")
    return _Number(kind, module, pattern, re.compile(cue, re.IGNORECASE) if cue else None)


_NUMBERS = (
    _number("tax_code", "de.idnr", r"\d{11}|\d{2} \d{3} \d{3} \d{3}",
            r"\bIdNr\b|Steuer-?(?:ID|identifikations|nummer)|Identifikationsnummer"),
    _number("tax_code", "pt.nif", r"\d{9}|\d{3} \d{3} \d{3}", r"\bN\.?I\.?F\b|contribuinte|identificação fiscal"),
    _number("tax_code", "br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}"),
    _number("tax_code", "br.cpf", r"\d{11}", r"\bCPF\b"),
    _number("identity_number", "es.nif", r"\d{8}[ -]?[A-Z]|\d{2}\.\d{3}\.\d{3}[ -]?[A-Z]",
            r"\bD\.?N\.?I\b|\bN\.?I\.?F\b|documento nacional"),
    _number("identity_number", "es.nie", r"[XYZ][ -]?\d{7}[ -]?[A-Z]"),
    _number("identity_number", "fr.nir", r"[12] ?\d\d ?[01]\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d"),
)  # fmt: skip


def _numbers(text: str, kind: str) -> Offsets:
    for number in _NUMBERS:
        if number.kind != kind:
            continue
        for match in number.form.finditer(text):
            cued = number.cue is None or _has_word(number.cue, text, *match.span())
            if cued and _is_valid(number.module, match[0]):
                yield match.span()


def _is_valid(module: str, number: str) -> bool:
    return bool(importlib.import_module(f"stdnum.{module}").is_valid(number))


# ---- identity numbers

_GROUPS = re.compile(r"(?<![\w.,/=#&?-])[0-9]{3}(?:[ .]?[0-9]{3}){2,3}(?![\w%])(?![.,/-][0-9])")
#: Code of the province where a person was registered at birth (Circular 07/2016/TT-BCA).
_PROVINCES = {
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44, 45,
    46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92,
    93, 94, 95, 96,
}  # fmt: skip
_IDENTITY_WORD = re.compile(
    r"\bcm(?:t|nd|tnd)\b|\bcccd\b|chứng minh|căn cước|định danh cá nhân|giấy tờ tùy thân|\bid card\b|"
    r"identity (?:card|n)",
    re.IGNORECASE,
)


def identity_numbers(text: str, addresses: Addresses) -> Offsets:
    """Where numbers of identity cards and the like stand."""
    for match in _GROUPS.finditer(text):
        digits = re.sub(r"[ .]", "", match[0])
        cued = _has_word(_IDENTITY_WORD, text, *match.span())
        contiguous = len(match[0]) == len(digits)
        likely = _is_citizen(digits) and (contiguous or cued) if len(digits) == 12 else cued
        if likely and match.start() not in addresses:
            yield match.span()
    yield from _numbers(text, "identity_number")


def _is_citizen(digits: str) -> bool:
    """Province, then sex and century (0 and 1: born 19.., 2 and 3: 20..), then the year of birth, then any six."""
    century, year = int(digits[3]) // 2, int(digits[4:6])
    birth = 1900 + 100 * century + year
    return int(digits[:3]) in _PROVINCES and 1905 <= birth <= datetime.now(UTC).year


def _has_word(word: re.Pattern[str], text: str, start: int, end: int) -> bool:
    """Whether the word stands shortly before a number, or just after it."""
    return bool(word.search(text[max(0, start - 40) : start]) or word.search(text[end : end + 15]))
