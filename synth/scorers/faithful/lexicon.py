"""Words that numbers, dates and amounts are written with, in Italian, Vietnamese, English, French, Spanish, German."""

from __future__ import annotations

import re
from fractions import Fraction

LANGUAGES = ("it", "vi", "en", "fr", "es", "de")
#: Words that hardly occur in the other five: what a text is in, for choosing among the tables.
_TELLING = {
    "it": "il lo gli di che e è non per una della dei nel con sono ha del alla dal delle più anche al le da si",
    "vi": "là của và các được không những một cho đã với người trong này có khi đến ông bà tại ngày về vào từ ra năm",
    "en": "the of and to is was that with for on at by from are has have his its were an as this it be",
    "fr": "le les des et est une du dans pour que qui sur pas au par il plus avec ce sont à ont aux la",
    "es": "el los las y es una del para que con por se su al más lo como fue en han ha sus no la",
    "de": "der die das und ist nicht von mit dem den ein eine für auf im zu des sich auch wurde am bei als",
}  # fmt: skip
_TELLING_SETS = {code: frozenset(text.split()) for code, text in _TELLING.items()}
_LETTERS = re.compile(r"[^\W\d_]+")
#: Letters that only Vietnamese has: with two marks, a hook, a dot below, or a bar.
_VIETNAMESE = re.compile(r"[ăơưđĩũạ-ỹ]")


def language_of(text: str) -> str:
    """The one of LANGUAGES that has most of the text's small words; "it" where none has any.

    Words with letters that only Vietnamese has count half: names in another language have them, too.
    """
    found = [word.lower() for word in _LETTERS.findall(text[:4000])]
    votes: dict[str, float] = {code: sum(word in telling for word in found) for code, telling in _TELLING_SETS.items()}
    votes["vi"] += sum(_VIETNAMESE.search(word) is not None for word in found) / 2
    return max(LANGUAGES, key=lambda code: votes[code])


def _numbered(lists: dict[str, str], first: int = 1) -> dict[str, dict[str, int]]:
    """language -> word -> its place; places are divided by blanks, other spellings by a stroke."""
    return {
        code: {word: place for place, words in enumerate(text.split(), first) for word in words.split("|")}
        for code, text in lists.items()
    }


MONTHS = _numbered({
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "vi": "giêng - - - - - - - - - - chạp",
    "en": "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sept|sep "
          "october|oct november|nov december|dec",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre",
    "de": "januar|jänner februar märz april mai juni juli august september oktober november dezember",
})  # fmt: skip
#: Months that are other words, too: dates only beside a day or a year.
UNSURE_MONTHS = frozenset({"may", "march", "mar", "mars", "mai", "sep", "sept", "dec", "jan", "jun", "oct", "-"})
#: Monday is 0. Vietnamese weekdays are "thứ" and a number, read elsewhere.
WEEKDAYS = _numbered({
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "en": "monday tuesday wednesday thursday friday saturday sunday",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "de": "montag dienstag mittwoch donnerstag freitag samstag|sonnabend sonntag",
}, 0)  # fmt: skip
#: Words after which a source's own date is meant, and how many days from it.
RELATIVE = {
    "ieri": -1, "yesterday": -1, "hier": -1, "gestern": -1, "ayer": -1, "qua": -1, "anoche": -1,
    "domani": 1, "tomorrow": 1, "demain": 1, "morgen": 1, "mañana": 1, "mai": 1, "ngày mai": 1,
    "dopodomani": 2, "kia": 2, "altroieri": -2,
}  # fmt: skip

_MAGNITUDES = {
    10**3: "mila mille nghìn ngàn thousand mil tausend k",
    10**6: "milione milioni mln mio triệu tr million millions m millón millones millionen",
    10**9: "miliardo miliardi mld mrd tỷ tỉ billion billions bn milliard milliards milliarde milliarden",
    10**12: "trillion trillions bilione bilioni",
}  # fmt: skip
MAGNITUDES = {word: size for size, words in _MAGNITUDES.items() for word in words.split()}
#: "m" is metres, "tr" pages and "k" a letter unless they stand at the number or money follows.
SHORT_MAGNITUDES = frozenset({"m", "k", "tr"})
HALVES = ("mezzo", "mezza", "rưỡi", "half", "demi", "demie", "medio", "media")

_CURRENCIES = {
    "EUR": "€ euro euros eur",
    "USD": "$ us$ usd dollaro dollari dollar dollars đô đôla dólar dólares",
    "VND": "₫ đồng vnd vnđ đ dong",
    "GBP": "£ gbp sterlina sterline pound pounds bảng livre libras",
    "JPY": "¥ yen jpy yên",
    "CNY": "yuan cny rmb tệ renminbi",
    "CHF": "chf franco franchi franc francs franken",
    "RUB": "rublo rubli rubles ruble rúp",
}  # fmt: skip
CURRENCIES = {word: code for code, words in _CURRENCIES.items() for word in words.split()}
#: Second words that belong to the amount: "đô la", "phần trăm", "per cento", "metri quadrati".
PERCENT_SECOND = {("per", "cento"), ("phần", "trăm"), ("per", "cent"), ("pour", "cent"), ("por", "ciento")}
PERCENT_WORDS = frozenset({"%", "percento", "percent", "prozent", "pct"})

#: (dimension, its unit in the dimension's smallest): 3 km are 3,000 m.
_UNITS: dict[tuple[str, Fraction], str] = {
    ("length", Fraction(1000)): "km chilometro chilometri kilometre kilometres kilometer kilometers kilomètres "
                                "kilómetros cây",
    ("length", Fraction(1)): "m metro metri mét metre metres meter meters mètre mètres metros",
    ("length", Fraction(1, 100)): "cm centimetro centimetri centimetres centimeters phân",
    ("length", Fraction(1, 1000)): "mm millimetro millimetri millimetres millimeters",
    ("miles", Fraction(1)): "miglio miglia mile miles dặm",
    ("area", Fraction(1)): "m2 m² mq",
    ("area", Fraction(10000)): "ha ettaro ettari hecta hectare hectares héc",
    ("area", Fraction(10**6)): "km2 km² kmq",
    ("volume", Fraction(1)): "m3 m³ mc",
    ("volume", Fraction(1, 1000)): "litro litri lít litre litres liter liters l",
    ("mass", Fraction(1000)): "t tonnellata tonnellate tấn ton tons tonne tonnes tonnen toneladas",
    ("mass", Fraction(100)): "quintale quintali tạ",
    ("mass", Fraction(1)): "kg chilo chili chilogrammo chilogrammi kilo kilos kilogram kilograms cân ký",
    ("mass", Fraction(1, 1000)): "g grammo grammi gam gram grams grammes gramos gramm",
    ("years", Fraction(1)): "anno anni enne enni year years old an ans año años jahr jahre jahren tuổi",
    ("months", Fraction(1)): "mese mesi month months mois mes meses monat monate monaten",
    ("days", Fraction(7)): "settimana settimane week weeks tuần semaine semaines semana semanas woche wochen",
    ("days", Fraction(1)): "giorno giorni day days jour jours día días tag tage tagen ngày hôm",
    ("time", Fraction(3600)): "ora ore hour hours giờ tiếng heure heures hora horas stunde stunden h",
    ("time", Fraction(60)): "minuto minuti minute minutes phút minutos minuten min",
    ("time", Fraction(1)): "secondi second seconds giây secondes segundos sekunden",
    ("speed", Fraction(1)): "kmh km/h",
    ("energy", Fraction(1)): "kwh chilowattora",
    ("energy", Fraction(1000)): "mwh megawattora",
    ("energy", Fraction(10**6)): "gwh",
    ("energy", Fraction(10**9)): "twh",
    ("power", Fraction(1)): "kw kilowatt",
    ("power", Fraction(1000)): "mw megawatt",
    ("power", Fraction(10**6)): "gw gigawatt",
    ("temperature", Fraction(1)): "gradi grado degrees độ degrés grados grad °",
}  # fmt: skip
UNITS = {word: key for key, words in _UNITS.items() for word in words.split()}
#: Words between an amount and its unit: "3 milioni di euro", "twenty million of euros".
LINKS = frozenset({"di", "de", "of", "d"})
SQUARE = frozenset({"quadrati", "quadrato", "quadri", "vuông", "carrés", "cuadrados"})
CUBIC = frozenset({"cubi", "cubo", "khối", "cubes"})
ORDINAL_SUFFIXES = frozenset("st nd rd th º ª o a ° esimo esima e er ère ème".split())

#: Words that make an amount round, by which side the true one may lie on.
HEDGES = {
    "over": "oltre almeno hơn trên over plus über más mindestens least than di",
    "under": "quasi gần almost nearly presque fast casi dưới sotto meno entro",
    "about": "circa intorno attorno khoảng tầm chừng about around roughly environ etwa rund unos unas some qualche "
             "approximately",
}  # fmt: skip
HEDGE_OF = {word: side for side, words in HEDGES.items() for word in words.split() if word not in {"di", "than"}}
#: "più di", "more than", "meno di", "less than": the word before the link says it.
HEDGE_PAIRS = {"più": "over", "more": "over", "meno": "under", "less": "under", "plus": "over", "moins": "under",
               "más": "over", "menos": "under", "mehr": "over", "prima": "under"}  # fmt: skip

#: What stands before a day of the month told by its number alone.
DAY_WORDS = frozenset("il dal al del nel dall all dell l le du au el am den vom ngày mùng mồng giorno the on".split())
#: What stands before an hour told by its number alone.
HOUR_WORDS = frozenset("alle dalle ore h lúc at às um vers uhr las à".split())
#: Definite articles: "i due" are those told of before, no number of their own.
DEFINITE = frozenset("i le gli dei delle degli ai alle agli dai dalle nei nelle sui sulle the les des los las "
                     "die den der tutti tutte entrambi cả".split())  # fmt: skip
#: What joins the two numbers of a range.
RANGE_WORDS = frozenset("a e o al all ai to and or và đến tới hoặc à et ou y und bis i".split())
#: Words after a number that do not say what is counted.
NO_CONTEXT = frozenset().union(*_TELLING_SETS.values()) | frozenset(
    "come dopo prima alle dalle nella nelle sulla sulle dello volta volte punti hanno erano stati state altri altre "
    "trong ngoài bằng cùng theo sau trước nữa khác nhau triệu which who when after before other others more most "
    "người".split()
)
#: Words before a number that say what has it: "articolo 5", "thứ 5".
NUMBERED = frozenset(
    "articolo art comma numero punto canale thứ lần top khóa khoá article number điều quận phường".split()
)
