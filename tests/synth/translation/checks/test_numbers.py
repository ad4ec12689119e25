"""Numbers by value and by the custom of each language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.translate import doubts


def _is_doubted(source: str, translation: str, source_language: str, language: str) -> bool:
    return "number_changed" in doubts({"instruction": source}, {"instruction": translation}, source_language, language)


SAME = [
    ("It cost 1,000.5 euros.", "È costato 1.000,5 euro.", "en", "it"),
    ("It cost 1,000.5 euros.", "Il a coûté 1 000,5 euros.", "en", "fr"),
    ("It cost 1,000.5 euros.", "Costó 1,000.5 euros.", "en", "es"),
    ("Chi phí là 1.000,5 euro.", "Il costo è di 1.000,5 euro.", "vi", "it"),
    ("There are three cats and 12 dogs.", "Ci sono 3 gatti e dodici cani.", "en", "it"),
    ("There are three cats and 12 dogs.", "Có 3 con mèo và mười hai con chó.", "en", "vi"),
    ("About 1.5 million people left.", "Circa 1.500.000 persone sono partite.", "en", "it"),
    ("A debt of $34 trillion.", "Une dette de 34 000 milliards de dollars.", "en", "fr"),
    ("It weighs 100k tons.", "Pèse 100 000 tonnes.", "en", "fr"),
    ("In March 2024 they met.", "Họ gặp nhau vào tháng 3 năm 2024.", "en", "vi"),
    ("On Monday they met.", "Họ gặp nhau vào thứ 2.", "en", "vi"),
    ("The train leaves at 8:30 pm.", "Il treno parte alle 20:30.", "en", "it"),
    ("The shop closes at 6 p.m.", "Cửa hàng đóng cửa lúc 18 giờ.", "en", "vi"),
    ("In the 19th century it was new.", "Nel XIX secolo era nuovo.", "en", "it"),
    ("Music of the 1960s.", "Musica degli anni '60.", "en", "it"),
    ("Music of the 1960s.", "Musica degli anni sessanta.", "en", "it"),
    ("A dozen eggs, please.", "12 œufs, s'il vous plaît.", "en", "fr"),
    ("A hundred people came.", "Vinieron 100 personas.", "en", "es"),
    ("The 3rd chapter is long.", "Il terzo capitolo è lungo.", "en", "it"),
    ("Half past six, 1 apple.", "Sei e mezza, una mela.", "en", "it"),
    ("He drove 27 miles.", "Il a roulé 43 kilomètres.", "en", "fr"),
    ("It was 90°F outside.", "Fuori c'erano 32 °C.", "en", "it"),
    ("See https://example.com/12 for 3 tips.", "Per 3 consigli vedi https://example.com/12", "en", "it"),
    ("Từ 5 đến 10 ngày.", "Da 5 a 10 giorni.", "vi", "it"),
    ("2 + 2 = 4 and 007", "2 + 2 = 4 e 007", "en", "it"),
]
OTHER = [
    ("It cost 1,500 euros.", "È costato 1.800 euro.", "en", "it"),
    ("It cost 3.5 euros.", "È costato 3.500 euro.", "en", "it"),
    ("There are 12 dogs.", "Có 15 con chó.", "en", "vi"),
    ("There are fourteen dogs.", "Il y a seize chiens.", "en", "fr"),
    ("In March 2024 they met.", "Họ gặp nhau vào tháng 5 năm 2024.", "en", "vi"),
    ("It opened in 1998.", "Abrió en 1989.", "en", "es"),
    ("It opened in 1998.", "Ha aperto qualche anno fa.", "en", "it"),
    ("It grew by a lot.", "È cresciuto del 45%.", "en", "it"),
    ("About 1.5 million people left.", "Circa 1,5 miliardi di persone sono partite, 1.500.000.000.", "en", "it"),
    ("He drove 27 miles.", "Il a roulé 90 kilomètres.", "en", "fr"),
    ("The numbers 4, 5 and 5.", "I numeri 4, 4 e 5.", "en", "it"),
]


@pytest.mark.parametrize(("source", "translation", "source_language", "language"), SAME)
def test_the_same_number_in_another_form_is_no_doubt(
    source: str, translation: str, source_language: str, language: str
) -> None:
    assert not _is_doubted(source, translation, source_language, language)


@pytest.mark.parametrize(("source", "translation", "source_language", "language"), OTHER)
def test_another_number_is_doubted(source: str, translation: str, source_language: str, language: str) -> None:
    assert _is_doubted(source, translation, source_language, language)


@given(
    whole=st.integers(min_value=0, max_value=10**12),
    decimals=st.integers(min_value=0, max_value=99),
    language=st.sampled_from(["it", "vi", "fr", "es", "de", "pt"]),
)
def test_numbers_set_by_the_custom_of_the_target_are_no_doubt(whole: int, decimals: int, language: str) -> None:
    english = f"{whole:,}.{decimals:02d}"
    other = english.translate(str.maketrans(",.", " ," if language == "fr" else ".,"))
    assert not _is_doubted(f"The sum is {english} now.", f"Xyz {other} xyz.", "en", language)


@given(number=st.integers(min_value=13, max_value=10**6), step=st.integers(min_value=3, max_value=11))
def test_a_number_that_differs_is_doubted(number: int, step: int) -> None:
    assert _is_doubted(f"There are {number} trees.", f"Ci sono {number + step} alberi.", "en", "it")
