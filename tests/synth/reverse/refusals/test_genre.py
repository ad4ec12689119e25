from __future__ import annotations

import pytest

from synth.reverse.refusals.genre import genres_of, is_wrong_genre, lengths_of
from synth.reverse.refusals.table import instruction_table

NEWS = "Il sindaco ha inaugurato ieri la nuova palestra, costata 2 milioni di euro. Potrà ospitare 300 atleti."
POEM = "Sul ponte la nebbia\nsi siede e aspetta\nun treno che tarda\ndal mese di marzo."
CODE = "def somma(a, b):\n    return a + b"
LETTER = "Gentile direttrice,\nle chiedo un incontro la prossima settimana.\nCordiali saluti"


@pytest.mark.parametrize(
    ("text", "language", "genres"),
    [
        ("Scrivi una breve poesia sul mare.", "it", ["poem"]),
        ("Scrivi un articolo sulla lettera del presidente.", "it", []),
        ("Spiega la poesia di Montale.", "it", []),
        ("Descrivi la palestra in forma di intervista.", "it", ["interview"]),
        ("Prepara cinque domande sul mare", "it", ["questions"]),
        ("Hãy viết cho tôi một bài thơ ngắn.", "vi", ["poem"]),
        ("Viết bài báo về bức thư của chủ tịch.", "vi", []),
        ("Scrivi un itinerario turistico di due giorni a Trieste.", "it", ["howto"]),
        ("Scrivi un menu settimanale.", "it", ["cv"]),
        ("Write step-by-step instructions for a bicycle.", "en", ["howto"]),
        ("Viết bài văn tả cánh đồng.", "vi", ["essay"]),
        ("Viết hướng dẫn từng bước sửa xe đạp.", "vi", ["howto"]),
        ("Kể chuyện đó dưới dạng đối thoại.", "vi", ["dialogue"]),
    ],
)
def test_the_genre_is_the_object_of_the_request(text: str, language: str, genres: list[str]) -> None:
    assert genres_of(text, instruction_table(language)) == genres


def test_lengths_are_read_in_digits_and_in_words() -> None:
    table = instruction_table("it")
    assert sorted(lengths_of("Scrivi due paragrafi di 80 parole", table)) == [(2, "paragraph"), (80, "word")]


@pytest.mark.parametrize(
    ("request_for", "fragment"),
    [
        ("una poesia", POEM),
        ("un codice in Python", CODE),
        ("una lettera", LETTER),
        ("un titolo", "Nuova palestra in città"),
    ],
)
def test_a_fragment_of_the_genre_is_right_and_news_is_not(request_for: str, fragment: str) -> None:
    assert not is_wrong_genre(f"Scrivi {request_for}.", fragment, "it")
    assert is_wrong_genre(f"Scrivi {request_for}.", f"{NEWS} {NEWS}", "it")


def test_a_length_far_from_the_fragments_is_wrong() -> None:
    assert is_wrong_genre("Scrivi 200 parole sulla palestra.", NEWS, "it")
    assert not is_wrong_genre("Scrivi circa 20 parole sulla palestra.", NEWS, "it")


def test_what_names_people_and_places_is_no_tale() -> None:
    news = "La società di Trieste non ha un accordo con i soci, e gli stabilimenti in Friuli restano chiusi."
    assert is_wrong_genre("Scrivi una fiaba su una fabbrica.", news, "it")
    assert is_wrong_genre("Scrivi le istruzioni per una fabbrica.", news, "it")
    tale = "C'era una volta un re che non sapeva contare, e la regina rideva di lui ogni sera."
    assert not is_wrong_genre("Scrivi una fiaba su un re.", tale, "it")
