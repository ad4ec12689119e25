"""German."""

from __future__ import annotations

from synth.language.numerals import CompoundNumerals, ordinals
from synth.language.table import (
    DateTable,
    LanguageTable,
    NameTable,
    NumberTable,
    PromptTable,
    SegmentationTable,
    SentenceFilterTable,
    any_word,
    words,
)

_UNITS = "ein zwei drei vier fünf sechs sieben acht neun".split()
_TEENS = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_ONE = words("eine einen einem einer eines eins")


def _below_hundred() -> dict[str, int]:
    table = {word: value for value, word in enumerate([*_UNITS, *_TEENS], 1)} | dict.fromkeys(_ONE, 1)
    for position, tens in enumerate(_TENS, 2):
        table[tens] = 10 * position
        table |= {f"{unit}und{tens}": 10 * position + value for value, unit in enumerate(_UNITS, 1)}
    return table


def _numerals() -> dict[str, int]:
    """Every numeral of one word up to 999."""
    table = _below_hundred()
    small = {
        word: value for word, value in table.items() if not word.startswith("ein") or "und" in word or word == "eins"
    }
    for number, unit in enumerate(_UNITS, 1):
        for head in (unit + "hundert",) if number > 1 else ("einhundert", "hundert"):
            table[head] = 100 * number
            table |= {head + word: 100 * number + value for word, value in small.items()}
    return table


TABLE = LanguageTable(
    code="de",
    name="German",
    rank=5,
    regions=("DE", "AT"),
    shared=True,
    frequent=words(
        "der die das und ist nicht von mit dem den ein eine für auf im zu des sich auch wurde am bei als"
    ),
    segmentation=SegmentationTable(
        before_names=words("hr fr frl str z.b d.h u.a bzw bzgl evtl ggf inkl vgl zzgl sog"),
        before_numbers=words("abs bd"),
        may_end=words("usw"),
        openers=words(
            "der die das ein eine in im am auf und oder aber er sie es wir dies diese mit für von nach als wenn bei zu"
        ),
        ordinal_period=True,
    ),
    numbers=NumberTable(
        numerals=CompoundNumerals(_numerals(), "tausend"),
        weak=words("ein eine einen einem einer eines eins acht"),
        ordinals=ordinals("dritte vierte fünfte sechste siebte achte neunte zehnte", ("", "r", "n", "s", "m")),
        fractions={"drittel": 3, "viertel": 4, "fünftel": 5, "zehntel": 10},
        half=words("hälfte"),
        magnitudes={10**3: "tausend", 10**6: "million millionen", 10**9: "milliarde milliarden mrd"},
        conjunctions=words("und"),
        currencies={
            "EUR": "euro euros", "USD": "dollar dollars", "JPY": "yen", "CNY": "yuan", "CHF": "franken",
        },
        percent=words("prozent"),
        units={
            "km": "kilometer", "m": "meter", "l": "liter", "t": "tonne tonnen", "kg": "kilo kilos",
            "g": "gramm", "year": "jahr jahre jahren", "month": "monat monate monaten", "week": "woche wochen",
            "day": "tag tage tagen", "hour": "stunde stunden", "minute": "minute minuten", "second": "sekunden",
            "°": "grad",
        },
        over=words("über mindestens"),
        under=words("fast"),
        about=words("etwa rund"),
        hedge_pairs={"mehr": "over"},
        hedge_links=words("als"),
        definite=words("die den der"),
        range_words=words("und bis"),
    ),
    dates=DateTable(
        months=(
            "Januar|jänner", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
            "November", "Dezember",
        ),
        weekdays=(
            "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag|sonnabend", "Sonntag",
        ),
        unsure_months=words("mai"),
        capital=True,
        first=words("ersten"),
        day_words=words("am den vom"),
        relative={"gestern": -1, "morgen": 1},
        hour_words=words("um uhr"),
    ),
    names=NameTable(
        particles=words("von den der"),
        common=words(
            "der die das ein eine und ist im am zu mit auf für von nach bei er sie es wir dies diese aber oder den dem "
            "des"
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "aber und auch dies diese dieser dieses er sie es dann danach daher deshalb jedoch außerdem doch sondern "
            "oder zudem"
        ),
        first_person=any_word("ich mein meine wir unser unsere haben"),
        relative_days=r"heute|gestern|morgen",
    ),
    prompts=PromptTable(
        date_form="{day}. {month} {year}", title="Titel", source="Quelle", content=("Text",), summary="Zusammenfassung"
    ),
)  # fmt: skip
