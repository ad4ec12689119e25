"""What is no prose of a reporter, in several languages, and what is cut off in front of a sentence."""

from __future__ import annotations

import pytest

from synth.llm.extractive.prose import begins_with_verb, context_of, defect, has_verb, without_heading


@pytest.mark.parametrize(
    ("language", "sentence", "reason"),
    [
        ("it", "Il sindaco ha annunciato che i lavori della scuola cominceranno a settembre.", ""),
        ("it", "Sindaco: i lavori della scuola cominceranno a settembre, dopo le vacanze.", "label"),
        ("it", "PV: i lavori della scuola cominceranno a settembre, dopo le vacanze.", "label"),
        ("it", "Il sindaco (ANSA) ha annunciato che i lavori cominceranno a settembre.", "credit"),
        ("it", "Un trionfo assoluto per la squadra del paese, in una gara di mille metri.", "verbless"),
        ("it", "Una scuola che cade a pezzi e un comune senza un soldo in cassa.", "verbless"),
        ("it", "Il sindaco ha annunciato i lavoriIl consiglio ha votato contro la proposta.", "glued_words"),
        ("en", "The council said that work on the school will begin in September.", ""),
        ("en", "A school without a roof in a town without any money at all.", "verbless"),
        ("fr", "Le maire a annoncé que les travaux de l'école commenceront en septembre.", ""),
        ("fr", "Une école sans toit dans une ville sans le moindre argent public.", "verbless"),
        ("es", "El alcalde anunció que las obras de la escuela comenzarán en septiembre.", ""),
        ("es", "Una escuela sin techo en una ciudad con muy poco dinero público.", "verbless"),
        ("de", "Der Bürgermeister kündigte an, dass die Arbeiten im September beginnen.", ""),
        ("de", "Eine Schule ohne Dach in einer Stadt ohne jedes Geld.", "verbless"),
        ("vi", "Chiều 4/5, lãnh đạo thành phố cho biết trường học sẽ được sửa trong tháng 9.", ""),
        ("vi", "Toàn cảnh ngôi trường cũ ở phường trung tâm thành phố.", "verbless"),
        ("vi", "Thị trưởng Trần Văn Một và Bộ trưởng Nguyễn Thị Hai Ba.", "joined_line"),
    ],
)
def test_defects(language: str, sentence: str, reason: str) -> None:
    assert defect(sentence, context_of(sentence), language) == reason


def test_a_space_that_was_lost_between_words_of_the_texts() -> None:
    others = ["Un accordo tra i soci manca. Non c'è accordo, dicono i soci."]
    sentence = "Il comune ha trovato un accordotra i soci della società dei trasporti."
    assert defect(sentence, context_of(sentence, others), "it") == "glued_words"


@pytest.mark.parametrize(
    ("language", "sentence", "rest"),
    [
        ("it", "Il prezzo della casa Lo studio della banca dice che le case costano troppo.",
         "Lo studio della banca dice che le case costano troppo."),
        ("vi", "(Ảnh: VNA) Chiều 4/5, lãnh đạo thành phố cho biết trường sẽ được sửa.",
         "Chiều 4/5, lãnh đạo thành phố cho biết trường sẽ được sửa."),
        ("vi", "Trường học xuống cấp nặng Theo lãnh đạo phường, trường sẽ được sửa trong tháng 9.",
         "Theo lãnh đạo phường, trường sẽ được sửa trong tháng 9."),
        ("it", "Il sindaco ha annunciato che La Scala riaprirà a settembre con un concerto.",
         "Il sindaco ha annunciato che La Scala riaprirà a settembre con un concerto."),
        ("en", "The council said that work on the school will begin in September.",
         "The council said that work on the school will begin in September."),
    ],
)  # fmt: skip
def test_headings_are_cut_off(language: str, sentence: str, rest: str) -> None:
    assert without_heading(sentence, context_of(sentence), language) == rest


def test_a_name_that_comes_again_is_no_heading() -> None:
    sentence = "Công an thành phố Thủ Dầu Một cho biết trường sẽ được sửa trong tháng 9."
    others = ["Trường ở Thủ Dầu Một."]
    assert without_heading(sentence, context_of(sentence, others), "vi") == sentence


def test_verbs() -> None:
    assert has_verb("L'uomo che ha ferito il vicino è stato arrestato.", "it")
    assert not has_verb("L'uomo che ha ferito il vicino.", "it")
    assert has_verb("Whatever words these are.", "xx")
    assert begins_with_verb("Difende la scelta del consiglio.", "it")
    assert not begins_with_verb("Il consiglio difende la scelta.", "it")
