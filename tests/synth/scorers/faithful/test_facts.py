"""Numbers, amounts, dates and names as texts tell them.

Covers synth.scorers.faithful.amounts, synth.scorers.faithful.dates, synth.scorers.faithful.lexicon,
synth.scorers.faithful.names, synth.scorers.faithful.numbers, synth.scorers.faithful.times,
synth.scorers.faithful.tokens.

Covers synth.scorers.faithful.
"""

from __future__ import annotations

import unicodedata
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.language.tables import languages, nearest
from synth.scorers.faithful.lexicon import lexicon
from synth.scorers.faithful.names import NameIndex, fold, is_syllable, names, quotes
from synth.scorers.faithful.numbers import mentions
from synth.scorers.faithful.tokens import tokens_of, values_of


def numbers(text: str, language: str) -> list[object]:
    """The values of the first mention that is a number."""
    return [reading[1] for reading in mentions(text, language)[0].readings if reading[0] in ("number", "plain")]


def the_number(text: str, language: str) -> tuple[object, object]:
    (mention,) = mentions(text, language)
    ((_, value, kind),) = (reading for reading in mention.readings if reading[0] == "number")
    assert text[mention.start : mention.end] == text
    return value, kind


def test_a_mark_behind_a_number_is_none_of_it() -> None:
    """In every Python that may run it (test_architecture.py says which had it otherwise)."""
    text = "Il 3/ e il 7-, poi 5. Sono 1 234, anzi 12.000,5: 2-1."
    numbers = [token.text for token in tokens_of(text) if token.kind == "number"]
    assert numbers == ["3", "7", "5", "1 234", "12.000,5", "2-1"]


@pytest.mark.parametrize(
    ("language", "text", "value", "kind"),
    [
        ("it", "tre milioni", 3_000_000, ""),
        ("it", "3 milioni", 3_000_000, ""),
        ("it", "3.000.000", 3_000_000, ""),
        ("it", "3 milioni e mezzo", 3_500_000, ""),
        ("it", "1 milione e 200mila", 1_200_000, ""),
        ("it", "duemilacinquecento", 2500, ""),
        ("it", "ventitré", 23, ""),
        ("it", "trecentoquarantotto", 348, ""),
        ("it", "millenovecento", 1900, ""),
        ("it", "mille miliardi", 10**12, ""),
        ("it", "1.234,5", Fraction(12345, 10), ""),
        ("it", "1 234 567", 1_234_567, ""),
        ("it", "25%", 25, "%"),
        ("it", "venticinque per cento", 25, "%"),
        ("it", "due terzi", Fraction(200, 3), "%"),
        ("it", "€ 20", 20, "money:EUR"),
        ("it", "€ 20 euro", 20, "money:EUR"),
        ("it", "un milione e un mezzo", 1_500_000, ""),
        ("it", "venti euro", 20, "money:EUR"),
        ("it", "venti\neuro", 20, "money:EUR"),
        ("it", "3 milioni di dollari", 3_000_000, "money:USD"),
        ("it", "2 km", 2000, "unit:length"),
        ("it", "due chilometri", 2000, "unit:length"),
        ("it", "12 metri quadrati", 12, "unit:area"),
        ("it", "30enne", 30, "unit:years"),
        ("it", "120 km/h", 120, "unit:per km"),
        ("vi", "ba triệu", 3_000_000, ""),
        ("vi", "hai mươi lăm", 25, ""),
        ("vi", "mười lăm", 15, ""),
        ("vi", "một trăm linh năm", 105, ""),
        ("vi", "hai trăm nghìn", 200_000, ""),
        ("vi", "7 trăm", 700, ""),
        ("vi", "7 trăm nghìn", 700_000, ""),
        ("vi", "3 triệu rưỡi", 3_500_000, ""),
        ("vi", "5 nghìn tỷ đồng", 5 * 10**12, "money:VND"),
        ("vi", "1,2 triệu đồng", 1_200_000, "money:VND"),
        ("vi", "25 phần trăm", 25, "%"),
        ("vi", "hai phần ba", Fraction(200, 3), "%"),
        ("vi", "2 giờ", 7200, "unit:time"),
        ("vi", "200 năm", 200, ""),
        ("en", "twenty-five percent", 25, "%"),
        ("en", "two thousand five hundred", 2500, ""),
        ("en", "two hundred and five", 205, ""),
        ("en", "$1.2 million", 1_200_000, "money:USD"),
        ("en", "two-thirds", Fraction(200, 3), "%"),
        ("fr", "quatre-vingt-dix-sept", 97, ""),
        ("fr", "soixante et onze", 71, ""),
        ("fr", "deux cents euros", 200, "money:EUR"),
        ("es", "treinta y cinco", 35, ""),
        ("es", "dos mil quinientos", 2500, ""),
        ("de", "fünfundzwanzig", 25, ""),
        ("de", "3,5 Millionen Euro", 3_500_000, "money:EUR"),
    ],
)
def test_the_same_value_in_every_form(language: str, text: str, value: int, kind: str) -> None:
    if text == "200 năm":
        # "năm" is five as well: two hundred, and years of it.
        assert mentions(text, language)[0].readings >= {("number", Fraction(200), "")}
        return
    assert the_number(text, language) == (value, kind)


@pytest.mark.parametrize(
    ("language", "text", "reading"),
    [
        ("it", "il 4 maggio 2024", ("date", 2024, 5, 4)),
        ("it", "1° maggio", ("date", None, 5, 1)),
        ("it", "primo maggio", ("date", None, 5, 1)),
        ("it", "il 4/5", ("date", None, 5, 4)),
        ("it", "4-5-2024", ("date", 2024, 5, 4)),
        ("it", "4.5.2024", ("date", 2024, 5, 4)),
        ("it", "2024-05-04", ("date", 2024, 5, 4)),
        ("it", "a giugno", ("date", None, 6, None)),
        ("it", "nel 1998", ("date", 1998, None, None)),
        ("it", "lunedì", ("weekday", 0)),
        ("it", "alle 18.30", ("time", 18, 30)),
        ("it", "18:30", ("time", 18, 30)),
        ("it", "alle 9", ("time", 9, 0)),
        ("vi", "ngày 4/5/2024", ("date", 2024, 5, 4)),
        ("vi", "ngày 4 tháng 5 năm 2024", ("date", 2024, 5, 4)),
        ("vi", "tháng 5/2024", ("date", 2024, 5, None)),
        ("vi", "tháng mười một", ("date", None, 11, None)),
        ("vi", "tháng mười hai năm 2024", ("date", 2024, 12, None)),
        ("vi", "tháng 2", ("date", None, 2, None)),
        ("vi", "ngày 1 tháng 5 năm 2024", ("date", 2024, 5, 1)),
        ("vi", "tháng giêng", ("date", None, 1, None)),
        ("vi", "tháng tư năm 2024", ("date", 2024, 4, None)),
        ("vi", "tháng chạp năm 2024", ("date", 2024, 12, None)),
        ("vi", "thứ hai", ("weekday", 0)),
        ("vi", "chủ nhật", ("weekday", 6)),
        ("vi", "18h30", ("time", 18, 30)),
        ("vi", "8 giờ 30", ("time", 8, 30)),
        ("en", "May 4, 2024", ("date", 2024, 5, 4)),
        ("en", "May 1, 2024", ("date", 2024, 5, 1)),
        ("en", "the 4th of May", ("date", None, 5, 4)),
        ("en", "6:30 pm", ("time", 6, 30)),
        ("fr", "4 mai 2024", ("date", 2024, 5, 4)),
        ("es", "4 de mayo de 2024", ("date", 2024, 5, 4)),
        ("de", "4. Mai 2024", ("date", 2024, 5, 4)),
    ],
)
def test_dates_and_times(language: str, text: str, reading: tuple[object, ...]) -> None:
    (mention,) = mentions(text, language)
    assert reading in mention.readings
    assert mention.kind == "date"


@pytest.mark.parametrize(("language", "text"), [
    ("it", "3/7 dei voti"), ("it", "vinta per 3.7"), ("en", "3/7 of the votes"), ("it", "il 3/13"), ("it", "il 32/7"),
    ("vi", "32/7"), ("vi", "3/13"), ("vi", "tỷ số 3-7"),
])  # fmt: skip
def test_a_fraction_a_score_and_what_is_no_day_are_no_date(language: str, text: str) -> None:
    for mention in mentions(text, language):
        assert mention.kind != "date"
        assert not [reading for reading in mention.readings if reading[0] == "date"]


def test_a_day_behind_its_word_is_a_date_and_nothing_else() -> None:
    """Otherwise a fraction in a source would stand for the day in an answer."""
    (marked,) = mentions("ngày 3/7", "vi")
    assert marked.readings == {("date", None, 7, 3)}
    (bare,) = mentions("3/7", "vi")
    assert bare.readings == {("date", None, 7, 3), ("number", Fraction(3, 7), ""), ("text", "3/7")}


@pytest.mark.parametrize(("text", "values"), [
    ("1.234", {1234, Fraction(1234, 1000)}), ("1,5", {Fraction(3, 2)}), ("1.234.567", {1234567}), ("12.34.56", set()),
    ("1,234.5", {Fraction(12345, 10)}), ("0,123", {Fraction(123, 1000)}), ("1'000", {1000}), ("1" * 30, set()),
])  # fmt: skip
def test_digits_may_have_two_values(text: str, values: set[object]) -> None:
    assert values_of(text) == values


def grouped(value: int, mark: str) -> str:
    return f"{value:,}".replace(",", mark)


@given(
    value=st.integers(0, 10**12),
    mark=st.sampled_from([".", ",", " ", "\u00a0", ""]),
    language=st.sampled_from(list(languages())),
)
def test_whole_numbers_are_read_back(value: int, mark: str, language: str) -> None:
    assert Fraction(value) in numbers(grouped(value, mark), language)


@given(value=st.integers(1000, 10**9), decimals=st.integers(1, 99), marks=st.sampled_from([".,", ",.", " ,"]))
def test_decimals_are_read_back(value: int, decimals: int, marks: str) -> None:
    text = f"{grouped(value, marks[0])}{marks[1]}{decimals:02d}"
    assert Fraction(f"{value}.{decimals:02d}") in numbers(text, "it")


def vietnamese(value: int) -> str:
    """A number below a thousand in words."""
    units = ["", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    hundreds, tens, unit = value // 100, value // 10 % 10, value % 10
    parts = [f"{units[hundreds]} trăm"] if hundreds else []
    if tens == 0 and unit:
        return " ".join([*parts, *(["linh"] if hundreds else []), units[unit]])
    if tens == 1:
        parts.append("mười")
    elif tens:
        parts.append(f"{units[tens]} mươi")
    if unit:
        last = {5: "lăm", 1: "mốt" if tens > 1 else "một"}.get(unit, units[unit])
        parts.append(last)
    return " ".join(parts)


@given(value=st.integers(1, 999))
def test_vietnamese_words_are_read_back(value: int) -> None:
    words = vietnamese(value).split()
    assert lexicon("vi").numeral(words, 0) == (value, len(words))


def english(value: int) -> str:
    low = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
           "seventeen eighteen nineteen").split()  # fmt: skip
    tens = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
    parts = [f"{low[value // 100]} hundred"] if value >= 100 else []
    rest = value % 100
    if rest >= 20:
        parts.append(tens[rest // 10] + (f"-{low[rest % 10]}" if rest % 10 else ""))
    elif rest:
        parts.append(low[rest])
    return " and ".join(parts)


@given(value=st.integers(2, 999), magnitude=st.sampled_from(["", " thousand", " million"]))
def test_english_words_are_read_back(value: int, magnitude: str) -> None:
    size = {"": 1, " thousand": 1000, " million": 10**6}[magnitude]
    assert Fraction(value * size) in numbers(english(value) + magnitude, "en")


ITALIAN = ["", *"uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici "
           "sedici diciassette diciotto diciannove".split()]  # fmt: skip


def italian(value: int) -> str:
    if value < 20:
        return ITALIAN[value]
    if value < 100:
        tens = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()[value // 10 - 2]
        return (tens[:-1] if value % 10 in (1, 8) else tens) + ITALIAN[value % 10]
    if value < 1000:
        return (ITALIAN[value // 100] if value >= 200 else "") + "cento" + italian(value % 100)
    head = "mille" if value < 2000 else italian(value // 1000) + "mila"
    return head + italian(value % 1000)


@given(value=st.integers(2, 999_999))
def test_italian_words_are_read_back(value: int) -> None:
    assert lexicon("it").numeral([italian(value)], 0) == (value, 1)


@pytest.mark.parametrize("text", ["Covid-19 e F-16", "un gatto e una casa", "secondo il sindaco"])
def test_what_is_no_number(text: str) -> None:
    assert [mention for mention in mentions(text, "it") if not mention.weak] == []


def test_the_month_comes_first_in_english_alone() -> None:
    days = {("date", 2024, 5, 4), ("date", 2024, 4, 5)}
    for language, expected in (("en", days), ("it", {("date", 2024, 5, 4)}), ("vi", {("date", 2024, 5, 4)})):
        (mention,) = mentions("4/5/2024", language)
        assert mention.readings >= expected, language
        assert (mention.readings & days) == expected, language


@pytest.mark.parametrize(
    ("text", "context"),
    [("l'articolo 5", "articolo #"), ("5 feriti", "feriti"), ("per 5", ""), ("alle 5 di ieri", "")],
)
def test_what_a_number_counts(text: str, context: str) -> None:
    assert mentions(text, "it")[0].context == context


def test_hedges_and_ranges() -> None:
    assert [mention.hedge for mention in mentions("una ventina di persone", "it") if not mention.weak][-1] == "about"
    assert [mention.hedge for mention in mentions("oltre 30, circa 40, più di 50, quasi 60, 1,2 milioni", "it")] == [
        "over", "about", "over", "under", "form"
    ]  # fmt: skip
    low = mentions("dal 3 al 5%", "it")[0]
    assert ("number", Fraction(3), "%") in low.readings


def test_languages_by_their_small_words() -> None:
    assert nearest("Il sindaco ha detto che non è vero") == "it"
    assert nearest("Ông cho biết các nạn nhân đã được đưa vào viện") == "vi"
    assert nearest("The mayor said that it was not true") == "en"
    assert nearest("Le maire a dit que ce n'est pas vrai et il est parti dans la rue") == "fr"
    assert nearest("") == "it"


# ---- names


def found(text: str) -> list[str]:
    return [text[name.start : name.end] for name in names(tokens_of(text))]


@pytest.mark.parametrize(("text", "expected"), [
    ("Nel Regno Unito l'Aquila e dell'Ucraina", ["Regno Unito", "Aquila", "Ucraina"]),
    ("Ha parlato Luigi De Magistris, poi Leonardo da Vinci", ["Ha", "Luigi De Magistris", "Leonardo da Vinci"]),
    ("ông Nguyễn Văn An ở TP. Hồ Chí Minh", ["Nguyễn Văn An", "TP. Hồ Chí Minh"]),
    ("il presidente S. Mattarella. Roma brucia", ["S. Mattarella", "Roma"]),
])  # fmt: skip
def test_names_in_a_text(text: str, expected: list[str]) -> None:
    assert [name for name in found(text) if name != "Ha"] == [name for name in expected if name != "Ha"]


def has(source: str, name: str, vietnamese: bool = False) -> bool:
    index = NameIndex()
    index.add(tokens_of(source))
    (span,) = names(tokens_of("x " + name))
    return index.has(span, vietnamese)


@pytest.mark.parametrize(("source", "name", "known"), [
    ("ha detto Giorgia Meloni a Roma", "Meloni", True), ("ha detto Giorgia Meloni a Roma", "Giorgia Meloni", True),
    ("ha detto Giorgia Meloni a Roma", "Elly Schlein", False), ("ha detto Meloni a Roma", "Giorgia Meloni", False),
    ("il presidente Sergio Mattarella", "Presidente Sergio Mattarella", True), ("visita in Perù", "Peru", True),
    ("l'Unione Europea decide", "Ue", True), ("la Ue decide", "Unione Europea", True), ("va a Roma", "Milano", False),
    ("i Carabinieri indagano", "Carabiniere", True),
])  # fmt: skip
def test_names_in_sources(source: str, name: str, known: bool) -> None:
    assert has(source, name) is known


@pytest.mark.parametrize(("source", "name", "known"), [
    ("anh Nguyễn Văn Bình ở Hải Phòng", "Nguyễn Văn Bình", True), ("anh Nguyễn Văn Bình ở Hải Phòng", "Bình", True),
    ("anh Nguyễn Văn Bình ở Hải Phòng", "Trần Văn Bình", False), ("ở Hà Nội, ông Hải và anh Nam", "Hải Nam", False),
    ("công ty ở Thủy Nguyên", "Thuỷ Nguyên", True), ("má và mà", "Mạ", False),
])  # fmt: skip
def test_vietnamese_names_in_sources(source: str, name: str, known: bool) -> None:
    assert has(source, name, vietnamese=True) is known


def test_tones_are_one_wherever_they_are_set() -> None:
    assert fold("Hoà") == fold("Hòa")
    assert fold("thuỷ") == fold("thủy")
    assert fold("má") != fold("mạ")
    assert fold("Perù") == fold("peru")
    assert is_syllable(fold("Nghiêng"))
    assert not is_syllable(fold("Toshiba"))


def test_quotes_of_every_form() -> None:
    text = '«uno due tre» e “quattro cinque” poi "sei sette" e ‘otto nove’, l’uomo'
    assert [text[start:end] for start, end in quotes(text)] == [
        "uno due tre",
        "quattro cinque",
        "sei sette",
        "otto nove",
    ]


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(alphabet="0123456789.,:/-–’' €%đmilatrchục\nAÀ«»“”\"‘’", max_size=200),
    language=st.sampled_from(list(languages())),
)
def test_any_text_is_read(text: str, language: str) -> None:
    text = unicodedata.normalize("NFC", text)
    ends = [0]
    for mention in mentions(text, language):
        assert ends[-1] <= mention.start < mention.end <= len(text)
        assert mention.readings
        ends.append(mention.end)
    for name in names(tokens_of(text)):
        assert 0 <= name.start < name.end <= len(text)
    quotes(text)


def test_a_chain_of_magnitudes_ends() -> None:
    assert mentions("ba " + "triệu " * 5000, "vi")[0].readings


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('Trung tá Thuận nói: "Chúng tôi sẽ xét xử".', "vi"),
        ("Nguyễn Văn Thiệu", "vi"),
        ("Il presidente Nguyễn Phú Trọng è arrivato a Roma con la moglie.", "it"),
        ("Il sindaco", "it"),
        ("5", "it"),
        ("The mayor of the town", "en"),
    ],
)
def test_which_tables_a_text_is_read_with(text: str, language: str) -> None:
    assert nearest(text) == language
