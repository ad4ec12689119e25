"""Telephone numbers in a text: our own search, with the plans of phonenumbers of what a country's numbers are.

Our search, because phonenumbers' own (PhoneNumberMatcher, leniency VALID, regions IT and VN) takes 33 of the 83 texts
of the tests that only look like personal data (prices, page addresses, VAT numbers) for telephone numbers, this one
none; and misses what pages glue to a word.

Found are numbers with + and a country code of any country, local ones of Italy and Vietnam, and those of the countries
of the text's language. Free-phone and premium numbers (800, 199, 1800, 1900) are nobody's own and are left out, and so
are those that the words beside them give to a helpline, an office or a newsroom (public_numbers.py).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from synth.language.tables import languages
from synth.scorers.personal_data.addresses import Addresses
from synth.scorers.personal_data.public_numbers import is_public

#: Countries of the newspapers: their local numbers stand in texts of any language, and are grouped freely.
_HOME = ("IT", "VN")
_BETWEEN = r"(?: ?[./\u2010\u2011\u2013-] ?|[ \u00a0\u202f])"
_GROUP = r"\(?[0-9]+(?:\)[0-9]*)?"
_RUN = re.compile(rf"\(?(?:\+ ?)?{_GROUP}(?:{_BETWEEN}{_GROUP}|\([0-9]+\)?)*")
_DIGITS = re.compile(r"[0-9]+")
_CUE = re.compile(
    r"\b(?:tel|telefono|telefonico|telefonare|cell|cellulare|fax|whatsapp|chiamare|chiamate|phone|mobile|call|zalo|"
    r"hotline|viber|sđt|đt|đtdđ|liên hệ|gọi|di động|teléfono|móvil|llam(?:ar|e|en)|tél|téléphone|portable|"
    r"appel(?:er|ez)|telefon|telefonnummer|rufnummer|handy|handynummer|telefone|telemóvel|celular|ligar|ligue)\b|"
    r"điện thoại|số máy",
    re.IGNORECASE,
)
#: What a number beside such a word counts or names; a telephone number it is not.
_OTHER_BEFORE = re.compile(
    r"(?:[€$£#№]|\b(?:iva|isbn|issn|codice|cod\.?|prot(?:\.|ocollo)|matr(?:\.|icola)|conto|postale|gps|pratica|"
    r"serie|mã số|mst|stk|tài khoản|usd|"
    r"eur|vnd|id|ticket|ordine|fattura))[ :.n°]*\Z",
    re.IGNORECASE,
)
_OTHER_AFTER = re.compile(
    r"[ \u00a0]?(?:[€$£%°‰]|(?:euro|eur|dollari|usd|vnd|vnđ|đồng|đ|triệu|tỷ|tỉ|milioni|miliardi|mila|km|kg|mq|m2|m²|ha|"
    r"voti|phiếu|người|persone|volte|copie|lượt|cổ phiếu|abitanti|metri)\b)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\Z")
#: Vietnamese mobile numbers until 2018, which no plan of today has.
_OLD_VIETNAMESE = re.compile(r"0?1(?:2\d|6[2-9]|8[68]|99)\d{7}")


def telephones(text: str, addresses: Addresses, language: str | None = None) -> Iterator[tuple[int, int]]:
    """Where telephone numbers stand in a text of a language."""
    table = languages().get(language or "")
    regions = [region for region in (table.regions if table else ()) if region not in _HOME]
    for match in _RUN.finditer(text):
        start, end = match.span()
        # Most numbers are short: nothing more is asked about them.
        if end - start < 6 or start in addresses:
            continue
        cued = bool(_CUE.search(text[max(0, start - 50) : start]))
        if not _stands_alone(text, start, end, cued):
            continue
        for first, last in _numbers(match[0], cued, regions):
            if not is_public(text, start + first, start + last):
                yield start + first, start + last


def _stands_alone(text: str, start: int, end: int, cued: bool) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    # Pages lose the spaces at their links: "Telefono Amico allo02 2327 2327oppure".
    if cued:
        before, after = ("" if before[-1:].isalpha() else before), ("" if after[:1].isalpha() else after)
    if before[-1:].isalnum() or before[-1:] in set("_/=#@&?%$€£\\"):
        return False
    if len(before) == 2 and (
        (before[1] in ".,:" and before[0].isdigit()) or (before[1] in "-–" and before[0].isalnum())
    ):
        return False
    if after[:1].isalnum() or after[:1] in set("_@=\\") or (after[:1] in set(",:'") and after[1:].isdigit()):
        return False
    return not (_OTHER_BEFORE.search(text[max(0, start - 20) : start]) or _OTHER_AFTER.match(text, end))


def _numbers(run: str, cued: bool, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The telephone numbers of a run of digits: the whole, or its parts between slashes, hyphens or spaces."""
    start, end = _trimmed(run, 0, len(run))
    if _is_telephone(run[start:end], cued, regions):
        yield start, end
        return
    for sign in "/-– ":
        if sign in run:
            numbers = [part for part in _parts(run, sign) if _is_telephone(run[part[0] : part[1]], False, regions)]
            if numbers:
                yield from numbers
                return


def _parts(run: str, sign: str) -> Iterator[tuple[int, int]]:
    start = 0
    for part in run.split(sign):
        yield _trimmed(run, start, start + len(part))
        start += len(part) + 1


def _trimmed(run: str, start: int, end: int) -> tuple[int, int]:
    """Without spaces and without brackets that have no other half."""
    while start < end and run[start] == " ":
        start += 1
    while end > start and run[end - 1] == " ":
        end -= 1
    part = run[start:end]
    if part.startswith("(") and part.count("(") > part.count(")"):
        start += 1
    if part.endswith(")") and part.count(")") > part.count("("):
        end -= 1
    return start, end


def _is_telephone(number: str, cued: bool, regions: Sequence[str]) -> bool:
    """`number` is digits in groups, `cued` whether a word before it calls it a telephone number."""
    if not 6 <= len(number) <= 30:
        return False
    groups = _DIGITS.findall(number)
    digits = "".join(groups)
    # Without a sign, a country's code is one only where something says so.
    coded = digits.startswith(("39", "84")) and (cued or number.startswith(("(84", "(39"))) and len(digits) > 10
    if "+" in number or digits.startswith(("0039", "0084")) or coded:
        return _is_international(digits if "+" in number else digits.removeprefix("00"), number)
    if _is_date(groups) or (_is_amount(number) and not cued):
        return False
    return _is_home(digits, groups, cued) or any(_is_local(digits, groups, cued, region) for region in regions)


def _is_international(digits: str, number: str) -> bool:
    # Sums are written with signs, too: 3 + 927 - 7239; and so are changes of large amounts.
    arithmetic = " - " in number or "+ " in number or ("." in number and _is_amount(number.lstrip("+")))
    if arithmetic and not digits.startswith(("39", "84")):
        return False
    old = digits.startswith("84") and _OLD_VIETNAMESE.fullmatch(digits[2:])
    return bool(old or _national_groups(f"+{digits}"))


def _is_date(groups: Sequence[str]) -> bool:
    """Two short groups and a year, anywhere; or nothing but day, month and year of two digits."""
    lengths = [len(group) for group in groups]
    if len(groups) == 3 and max(lengths) <= 2:
        return True
    return any(
        max(lengths[index : index + 2]) <= 2 and bool(_YEAR.match(groups[index + 2]))
        for index in range(len(groups) - 2)
    )


def _is_amount(number: str) -> bool:
    """1 to 3 digits, then threes: how thousands are written."""
    return bool(re.fullmatch(r"(?!0)\d{1,3}(?:(?:\.\d{3})+|(?:[ \u00a0\u202f]\d{3})+)", number))


def _is_home(digits: str, groups: Sequence[str], cued: bool) -> bool:
    """An Italian or Vietnamese number without country code: a mobile number of Italy, or one with the leading zero."""
    if digits[0] not in "03" or not (cued or _is_grouped_as_home(digits, groups)):
        return False
    return any(map(functools.partial(_is_written_whole, digits), _HOME)) or bool(_OLD_VIETNAMESE.fullmatch(digits))


def _is_grouped_as_home(digits: str, groups: Sequence[str]) -> bool:
    if digits[0] == "3":
        return len(digits) == 10 and len(groups[0]) in (3, 10) and len(groups) <= 5
    # Results and drawn numbers come in ones and twos.
    if max(map(len, groups)) < 3 or not (2 <= len(groups[0]) <= 4 or len(groups) == 1) or len(groups) > 5:
        return False
    return 9 <= len(digits) <= 11


def _is_local(digits: str, groups: Sequence[str], cued: bool, region: str) -> bool:
    """A number of a region beside a word for it, grouped as the plan says, or a zero and nine or ten digits."""
    if cued or (len(groups) == 1 and digits[0] == "0" and len(digits) in (10, 11)):
        return _is_written_whole(digits, region)
    return len(groups) > 1 and _national_groups(digits, region) == tuple(groups)


def _is_written_whole(digits: str, region: str) -> bool:
    """Whether the digits are all of a number as the region's people write it, with the zero that it begins with."""
    return "".join(_national_groups(digits, region)) == digits


@functools.lru_cache(maxsize=4096)
def _national_groups(digits: str, region: str | None = None) -> tuple[str, ...]:
    """The groups of digits of a person's number as its country writes them; () where it is none."""
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return ()
    if phonenumbers.number_type(number) in (
        PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL, PhoneNumberType.UNKNOWN,
    ) or (region and not phonenumbers.is_valid_number_for_region(number, region)):  # fmt: skip
        return ()
    return tuple(_DIGITS.findall(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)))
