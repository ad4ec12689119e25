"""English."""

from __future__ import annotations

from synth.language.numerals import AdditiveNumerals, cardinals, ordinals
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

_ATOMS = cardinals(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90"
)

TABLE = LanguageTable(
    code="en",
    name="English",
    rank=2,
    regions=("US", "GB"),
    shared=True,
    frequent=words("the of and to is was that with for on at by from are has have his its were an as this it be"),
    segmentation=SegmentationTable(
        before_names=words("cpl supt messrs mt ft e.g i.e"),
        before_numbers=words("nos arts approx jan feb mar apr aug sept oct nov dec"),
        may_end=words("p.m a.m inc ltd co corp"),
        openers=words(
            "the a an in on at he she it they we i this that these those but and or for from with as after when if "
            "there his"
        ),
    ),
    numbers=NumberTable(
        numerals=AdditiveNumerals(_ATOMS, words("and"), words("hundred hundreds")),
        weak=words("one a an"),
        ordinals=ordinals("third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"),
        fractions={
            "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10, "tenths": 10,
        },
        half=words("half"),
        halves=words("half"),
        half_articles=words("a"),
        magnitudes={
            10**3: "thousand", 10**6: "million millions", 10**9: "billion billions bn", 10**12: "trillion trillions",
        },
        conjunctions=words("and"),
        joins_magnitudes=True,
        joins_units=True,
        currencies={
            "EUR": "euro euros", "USD": "dollar dollars", "GBP": "pound pounds", "JPY": "yen", "CNY": "yuan",
            "CHF": "franc francs", "RUB": "ruble rubles",
        },
        percent=words("percent"),
        percent_pairs=frozenset({("per", "cent")}),
        units={
            "km": "kilometre kilometres kilometer kilometers", "m": "metre metres meter meters",
            "cm": "centimetres centimeters", "mm": "millimetres millimeters", "mile": "mile miles",
            "ha": "hectare hectares", "l": "litre litres liter liters", "t": "ton tons tonne tonnes",
            "kg": "kilo kilos kilogram kilograms", "g": "gram grams", "year": "year years old",
            "month": "month months", "week": "week weeks", "day": "day days", "hour": "hour hours",
            "minute": "minute minutes", "second": "second seconds", "°": "degrees",
        },
        links=words("of"),
        ordinal_suffixes=words("st nd rd th"),
        over=words("over least"),
        under=words("almost nearly"),
        about=words("about around roughly some approximately"),
        hedge_pairs={"more": "over", "less": "under"},
        hedge_links=words("than"),
        definite=words("the"),
        range_words=words("to and or"),
        no_context=words("which who when after before other others more most"),
        numbered=words("article number top"),
    ),
    dates=DateTable(
        months=(
            "January|jan", "February|feb", "March|mar", "April|apr", "May", "June|jun", "July|jul", "August|aug",
            "September|sept|sep", "October|oct", "November|nov", "December|dec",
        ),
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        unsure_months=words("may march mar sep sept dec jan jun oct"),
        capital=True,
        month_first=True,
        day_words=words("the on"),
        month_links=words("of"),
        year_links=words("of"),
        relative={"yesterday": -1, "tomorrow": 1},
        hour_words=words("at"),
    ),
    names=NameTable(
        common=words(
            "the a an in on at he she it they we i this that these those but and or for from with as after when if "
            "there his her their its by to of while during according however also meanwhile some many all both not no "
            "yes my our your"
        ),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "but and however also this these that those it he she they him her his its their then so thus therefore "
            "moreover meanwhile besides yet or nor such others another here there instead still in^addition we i you "
            "our"
        ),
        pointer=r"(?:\w+ ){1,2}(?:this|that|these|those|such)\b(?! (?:morning|evening|year|week|month))",
        first_person=any_word("i my we our us me"),
        relative_days=r"today|yesterday|tomorrow|tonight|this (?:morning|afternoon|evening)",
        boilerplate=r"read more|read also|sign up|all rights reserved",
    ),
    prompts=PromptTable(
        date_form="{day} {month} {year}", title="Title", source="Source", content=("Content", "Text"), summary="Summary"
    ),
)  # fmt: skip
