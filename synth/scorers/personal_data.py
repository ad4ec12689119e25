"""Personal data in a text: found, named and left in place, because what to do about it is a person's decision.

Five kinds: e-mail addresses, telephone numbers (Italian, Vietnamese, and any number with + and a country code), IBANs
(ISO 13616: length of the country and remainder 97), Italian tax codes (check letter, omocodia included) and Vietnamese
identity numbers (CCCD of 12 digits by its structure; CMND of 9 digits only beside a word that says so). Free-phone and
premium numbers (800, 199, 1800, 1900) are nobody's own and are left out.

Time is linear in the text's length: what is looked at around a place is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from synth.samples.field import Field
from synth.scorers import Batch, Scorer, Scores

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


def personal_data(text: str) -> list[Span]:
    """All personal data of a text in the order of their places; no two overlap."""
    found: list[Span] = []
    # What has a check sum comes first: digits of an IBAN are no telephone number.
    for kind, places in (
        ("iban", _ibans(text)), ("tax_code", _tax_codes(text)), ("email", _emails(text)),
        ("identity_number", _identity_numbers(text)), ("telephone", _telephones(text)),
    ):  # fmt: skip
        found += [Span(kind, start, end) for start, end in places]
    return _apart(found)


def _apart(found: Sequence[Span]) -> list[Span]:
    """Of spans that overlap the one named first."""
    order = sorted(range(len(found)), key=lambda place: (found[place].start, place))
    kept: list[int] = []
    for place in order:
        if kept and found[place].start < found[kept[-1]].end:
            kept[-1] = min(kept[-1], place)
        else:
            kept.append(place)
    return [found[place] for place in kept]


def _within(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    from bisect import bisect_right

    before = bisect_right(spans, (place, 1 << 60)) - 1
    return before >= 0 and place < spans[before][1]


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
        if name and not name.endswith(".") and ".." not in name and not _LOGIN.search(text[max(0, start - 80) : start]):
            yield start, domain.end()


# ---- IBAN

#: Characters of an IBAN by country (SWIFT's registry, release 99).
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO FK GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[ -]?[0-9]{2}")


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(match[1].upper(), 0)
        end = _end_of(text, match.start(), length)
        if not end or text[end : end + 1].isalnum():
            continue
        told = text[match.start() : end]
        # Small letters with spaces between are words.
        if (told.isalnum() or told == told.upper()) and _remainder(re.sub(r"[ -]", "", told)) == 1:
            yield match.start(), end


def _end_of(text: str, start: int, length: int) -> int:
    """Where `length` letters and digits from `start` on end, single spaces or hyphens between them; 0 for nowhere."""
    place = start
    while length and place < len(text):
        if text[place].isascii() and text[place].isalnum():
            length -= 1
        elif text[place] not in " -" or text[place - 1] in " -":
            return 0
        place += 1
    return place if not length and place > start else 0


def _remainder(iban: str) -> int:
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(one, 36)) for one in turned)) % 97


# ---- Italian tax code

_TAX_CODE = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{3} ?[A-Z]{3} ?[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2} ?"
    r"[A-Z][0-9LMNPQRSTUV]{3} ?[A-Z](?![A-Za-z0-9])",
    re.IGNORECASE,
)
#: Letters that stand for digits where two people would have the same code.
_OMOCODIA = str.maketrans("LMNPQRSTUV", "0123456789")
#: What a digit or letter counts at the first, third, … place (decree of 23 December 1976).
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23],
        strict=True,
    )
)  # fmt: skip


def _tax_codes(text: str) -> Iterator[tuple[int, int]]:
    for match in _TAX_CODE.finditer(text):
        code = match[0].replace(" ", "").upper()
        day = int(code[9:11].translate(_OMOCODIA))
        # Sixteen letters without a digit are a word, unless they are written as codes are.
        plain = match[0].isupper() or any(one.isdigit() for one in code)
        if plain and (0 < day <= 31 or 40 < day <= 71) and tax_code_check(code[:15]) == code[15]:
            yield match.span()


def tax_code_check(code: str) -> str:
    """The check letter of the first fifteen characters of an Italian tax code (capitals and digits)."""
    total = sum(_ODD[one] for one in code[::2]) + sum(int(one, 36) - 10 * one.isalpha() for one in code[1::2])
    return chr(ord("A") + total % 26)


# ---- Vietnamese identity number

_NUMBER = re.compile(r"(?<![\w.,/=#&?-])[0-9]{3}(?:[ .]?[0-9]{3}){2,3}(?![\w%])(?![.,/-][0-9])")
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


def _identity_numbers(text: str) -> Iterator[tuple[int, int]]:
    addresses = _addresses(text)
    for match in _NUMBER.finditer(text):
        digits = re.sub(r"[ .]", "", match[0])
        said = _said(_IDENTITY_WORD, text, match.start(), match.end())
        whole = len(match[0]) == len(digits)
        wanted = _is_citizen(digits) and (whole or said) if len(digits) == 12 else said
        if wanted and not _within(match.start(), addresses):
            yield match.span()


def _is_citizen(digits: str) -> bool:
    """Province, then sex and century (0 and 1: born 19.., 2 and 3: 20..), then the year of birth, then any six."""
    century, year = int(digits[3]) // 2, int(digits[4:6])
    born = 1900 + 100 * century + year
    return int(digits[:3]) in _PROVINCES and 1905 <= born <= datetime.now(UTC).year


def _said(word: re.Pattern[str], text: str, start: int, end: int) -> bool:
    """Whether the word stands shortly before a place, or just after it."""
    return bool(word.search(text[max(0, start - 40) : start]) or word.search(text[end : end + 15]))


# ---- telephone

_BETWEEN = r"(?: ?[./\u2010\u2011\u2013-] ?|[ \u00a0\u202f])"
_GROUP = r"\(?[0-9]+(?:\)[0-9]*)?"
_RUN = re.compile(rf"\(?(?:\+ ?)?{_GROUP}(?:{_BETWEEN}{_GROUP}|\([0-9]+\)?)*")
_DIGITS = re.compile(r"[0-9]+")
_PHONE_WORD = re.compile(
    r"\b(?:tel|telefono|telefonico|telefonare|cell|cellulare|fax|whatsapp|chiamare|chiamate|phone|mobile|call|zalo|"
    r"hotline|viber|sđt|đt|đtdđ|liên hệ|gọi|di động)\b|điện thoại|số máy",
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
#: Vietnamese mobile numbers until 2018, and land lines since 2017: the only ones of eleven digits.
_ELEVEN = re.compile(r"01(?:2\d|6[2-9]|8[68]|99)\d{7}|02\d{9}")


def _telephones(text: str) -> Iterator[tuple[int, int]]:
    addresses = _addresses(text)
    for match in _RUN.finditer(text):
        start, end = match.span()
        # Most numbers are short: nothing more is asked about them.
        if end - start < 6 or _within(start, addresses):
            continue
        said = bool(_PHONE_WORD.search(text[max(0, start - 50) : start]))
        if not _stands_alone(text, start, end, said):
            continue
        for first, last in _numbers(match[0], said):
            yield start + first, start + last


def _stands_alone(text: str, start: int, end: int, said: bool) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    # Pages lose the spaces at their links: "Telefono Amico allo02 2327 2327oppure".
    if said:
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


def _numbers(run: str, said: bool) -> Iterator[tuple[int, int]]:
    """The telephone numbers of a run of digits: the whole, or its parts between slashes, hyphens or spaces."""
    told = _trimmed(run, 0, len(run))
    if _is_telephone(run[told[0] : told[1]], said):
        yield told
        return
    for sign in "/-– ":
        if sign in run:
            parts = list(_parts(run, sign))
            found = [part for part in parts if _is_telephone(run[part[0] : part[1]], False)]
            if found:
                yield from found
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


def _is_telephone(told: str, said: bool) -> bool:
    """`told` is digits in groups, `said` whether a word before it calls it a telephone number."""
    if not 6 <= len(told) <= 30:
        return False
    groups = _DIGITS.findall(told)
    digits = "".join(groups)
    # Without a sign, a country's code is one only where something says so.
    coded = digits.startswith(("39", "84")) and (said or told.startswith(("(84", "(39"))) and len(digits) > 10
    if "+" in told or digits.startswith(("0039", "0084")) or coded:
        return _is_international(digits if "+" in told else digits.removeprefix("00"), told)
    if _is_date(groups) or (_is_amount(told, groups) and not said):
        return False
    if digits[0] == "3":
        return _is_italian_mobile(digits, groups, said)
    return digits[0] == "0" and digits[1:2] != "0" and _is_national(digits, groups, said)


def _is_international(digits: str, told: str) -> bool:
    if digits.startswith("39"):
        return bool(re.fullmatch(r"39(?:3[2-9]\d{7,8}|0[1-9]\d{5,9})", digits))
    if digits.startswith("84"):
        return bool(re.fullmatch(r"840?(?:[35789]\d{8}|2\d{9}|1[2689]\d{8})", digits))
    # Sums are written with signs, too: 3 + 927 - 7239.
    if " - " in told or "+ " in told or _is_amount(told.lstrip("+"), _DIGITS.findall(told)):
        return False
    return 10 <= len(digits) <= 15 and digits[0] != "0"


def _is_date(groups: Sequence[str]) -> bool:
    """Two short groups and a year, anywhere; or nothing but day, month and year of two digits."""
    lengths = [len(group) for group in groups]
    if len(groups) == 3 and max(lengths) <= 2:
        return True
    return any(
        max(lengths[place : place + 2]) <= 2 and bool(_YEAR.match(groups[place + 2]))
        for place in range(len(groups) - 2)
    )


def _is_amount(told: str, groups: Sequence[str]) -> bool:
    """1 to 3 digits, then threes: how thousands are written."""
    return (
        len(groups) > 1
        and bool(re.fullmatch(r"\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ \u00a0\u202f]\d{3})+", told))
        and (told[0] != "0")
    )


def _is_italian_mobile(digits: str, groups: Sequence[str], said: bool) -> bool:
    if said:
        return bool(re.fullmatch(r"3[2-9]\d{7,8}", digits))
    return bool(re.fullmatch(r"3[2-9]\d{8}", digits)) and len(groups[0]) in (3, 10) and len(groups) <= 5


def _is_national(digits: str, groups: Sequence[str], said: bool) -> bool:
    """A number with the leading zero: Italian or Vietnamese land line, Vietnamese mobile."""
    if said:
        return 6 <= len(digits) <= 11
    # Results and drawn numbers come in ones and twos.
    if max(map(len, groups)) < 3 or not (2 <= len(groups[0]) <= 4 or len(groups) == 1) or len(groups) > 5:
        return False
    return 9 <= len(digits) <= 10 or bool(_ELEVEN.fullmatch(digits))


# ---- addresses of pages: their numbers are ids

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def _addresses(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _ADDRESS.finditer(text)]


# ---- what is stored


def _score(batch: Batch) -> list[Scores]:
    return [{"personal_data": list(_spans(sample))} for sample in batch.samples]


def _spans(sample: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("question", "answer"):
        for kind, start, end in personal_data(sample.get(name) or ""):
            yield {"kind": kind, "field": name, "start": start, "end": end}


def _outcomes(_: Mapping[str, Any], scores: Scores) -> Iterator[str]:
    if scores["personal_data"]:
        yield "with_personal_data"


SCORER = Scorer(FIELDS, _score, _outcomes)
