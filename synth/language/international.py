"""What is written alike in every language: symbols of units and money, abbreviations and particles of names."""

from __future__ import annotations

from fractions import Fraction

from synth.language.table import words

#: Capitals of Latin letters, for a class of a pattern: the ranges of Unicode hold small letters, too.
UPPER = "".join(letter for letter in map(chr, [*range(0x41, 0x250), *range(0x1E00, 0x1F00)]) if letter.isupper())

#: Abbreviations that a name follows, that a number follows, and that may end a sentence.
BEFORE_NAMES = words("dr mr mrs ms st prof gen lt sgt capt rev hon gov sen rep col")
BEFORE_NUMBERS = words("n no nr nº art p pp vol fig cap c ca op tel par reg tab")
MAY_END = words("etc jr sr min max sec")

#: Symbol -> (dimension, its size in the dimension's smallest unit, how it is written): 3 km are 3,000 m.
UNITS: dict[str, tuple[str, Fraction, str]] = {
    "km": ("length", Fraction(1000), "km"),
    "m": ("length", Fraction(1), "m"),
    "cm": ("length", Fraction(1, 100), "cm"),
    "mm": ("length", Fraction(1, 1000), "mm"),
    "mile": ("miles", Fraction(1), ""),
    "m²": ("area", Fraction(1), "m2 m²"),
    "ha": ("area", Fraction(10000), "ha"),
    "km²": ("area", Fraction(10**6), "km2 km²"),
    "m³": ("volume", Fraction(1), "m3 m³"),
    "l": ("volume", Fraction(1, 1000), "l"),
    "t": ("mass", Fraction(1000), "t"),
    "q": ("mass", Fraction(100), ""),
    "kg": ("mass", Fraction(1), "kg"),
    "g": ("mass", Fraction(1, 1000), "g"),
    "year": ("years", Fraction(1), ""),
    "month": ("months", Fraction(1), ""),
    "week": ("days", Fraction(7), ""),
    "day": ("days", Fraction(1), ""),
    "hour": ("time", Fraction(3600), "h"),
    "minute": ("time", Fraction(60), "min"),
    "second": ("time", Fraction(1), ""),
    "km/h": ("speed", Fraction(1), "kmh km/h"),
    "kWh": ("energy", Fraction(1), "kwh"),
    "MWh": ("energy", Fraction(1000), "mwh"),
    "GWh": ("energy", Fraction(10**6), "gwh"),
    "TWh": ("energy", Fraction(10**9), "twh"),
    "kW": ("power", Fraction(1), "kw kilowatt"),
    "MW": ("power", Fraction(1000), "mw megawatt"),
    "GW": ("power", Fraction(10**6), "gw gigawatt"),
    "°": ("temperature", Fraction(1), "°"),
}
#: ISO 4217 code -> signs and codes.
CURRENCIES = {
    "EUR": "€ eur", "USD": "$ us$ usd", "VND": "₫ vnd vnđ", "GBP": "£ gbp", "JPY": "¥ jpy", "CNY": "cny rmb renminbi",
    "CHF": "chf",
}  # fmt: skip
PERCENT = words("% pct")
MAGNITUDES = {10**3: "k", 10**6: "m"}
SHORT_MAGNITUDES = words("m k")
ORDINAL_SUFFIXES = words("º ª °")
#: "articolo", "article": short in all of them.
NUMBERED = words("art")

#: Particles of names, and what is written short before a name or after it.
PARTICLES = words("van den ten bin ibn al el dos do du")
NAME_ABBREVIATIONS = words("st dr mr mrs ms prof jr s")

#: Addresses, signs of pictures and of agencies: no sentence of an article.
BOILERPLATE = r"copyright|©|newsletter|\bvideo:|>>|https?://|www\."
#: Credits of pictures, of agencies and of rights within a sentence, handles and tags.
CREDITS = (
    r"\((?:ANSA|Adnkronos|Reuters|AGI|LaPresse|TTXVN|AFP|AP|EFE|dpa|Xinhua|Getty|EPA)\b[^)]*\)|/(?:ANSA|AFP|AP|EPA)\b|"
    r"\bgetty images\b|(?<![\w.])[@#]\w{2,}|pic\.twitter|\bt\.me/|\w\.(?:com|it|vn|org|net)/"
)
