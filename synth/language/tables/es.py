"""Spanish."""

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
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve treinta cuarenta=40 cincuenta=50 sesenta=60 setenta=70 ochenta=80 noventa=90 un=1 "
    "una=1 cien=100 ciento=100 doscientos=200 trescientos=300 cuatrocientos=400 quinientos=500 seiscientos=600 "
    "setecientos=700 ochocientos=800 novecientos=900 doscientas=200 trescientas=300 quinientas=500 "
    "decena=10 docena=12"
)

TABLE = LanguageTable(
    code="es",
    name="Spanish",
    rank=4,
    regions=("ES",),
    shared=True,
    frequent=words("el los las y es una del para que con por se su al más lo como fue en han ha sus no la"),
    segmentation=SegmentationTable(
        before_names=words(
            "sra srta dra ud uds d dña lic arq gral cnel av avda p.ej cía sta sto sr"
        ),
        before_numbers=words("núm nº pág págs"),
        openers=words(
            "el la los las un una en de del al y o pero no se su sus es son este esta con por para como cuando según "
            "tras"
        ),
    ),
    numbers=NumberTable(
        numerals=AdditiveNumerals(_ATOMS, words("y")),
        weak=words("un uno una once"),
        ordinals=ordinals("tercer cuart quint sext séptim octav noven décim", ("", "o", "a")),
        fractions={"tercio": 3, "tercios": 3, "cuarto": 4, "cuartos": 4, "quinto": 5, "quintos": 5},
        half=words("mitad"),
        halves=words("medio media"),
        half_articles=words("un una"),
        magnitudes={10**3: "mil", 10**6: "millón millones"},
        conjunctions=words("y"),
        joins_magnitudes=True,
        currencies={"EUR": "euro euros", "USD": "dólar dólares", "GBP": "libras", "JPY": "yen", "CNY": "yuan"},
        percent_pairs=frozenset({("por", "ciento")}),
        units={
            "km": "kilómetros", "m": "metros", "t": "toneladas", "kg": "kilo kilos", "g": "gramos",
            "year": "año años", "month": "mes meses", "week": "semana semanas", "day": "día días",
            "hour": "hora horas", "minute": "minutos", "second": "segundos", "°": "grados",
        },
        square=words("cuadrados"),
        links=words("de"),
        ordinal_suffixes=words("o a"),
        over=words("más"),
        under=words("casi"),
        about=words("unos unas"),
        hedge_pairs={"más": "over", "menos": "under"},
        hedge_links=words("de del"),
        definite=words("los las"),
        range_words=words("a y o al"),
    ),
    dates=DateTable(
        months=(
            "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre|setiembre",
            "octubre", "noviembre", "diciembre",
        ),
        weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        first=words("primero"),
        day_words=words("el al del"),
        month_links=words("de"),
        year_links=words("de del"),
        relative={"ayer": -1, "anoche": -1, "mañana": 1},
        hour_words=words("las"),
    ),
    names=NameTable(
        particles=words("de del la"),
        common=words("el la los las y es una para como pero este esta su sus lo según tras"),
    ),
    sentence_filter=SentenceFilterTable(
        dependent=(
            "pero y e también este esta esto estos estas ese esa eso él ella ellos además sin^embargo por^eso así "
            "luego entonces o"
        ),
        first_person=any_word("yo mi mis nosotros nuestro nuestra hemos somos"),
        relative_days=r"hoy|ayer|mañana|esta (?:mañana|tarde|noche)",
    ),
    prompts=PromptTable(
        date_form="{day} de {month} de {year}", title="Título", source="Fuente", content=("Texto",), summary="Resumen"
    ),
)  # fmt: skip
