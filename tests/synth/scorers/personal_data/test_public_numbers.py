"""Numbers of helplines, offices and newsrooms are nobody's own; those of people beside them are.

Covers synth.scorers.personal_data.public_numbers.

Numbers are placeholders or widely published ones of helplines. The rules were adjusted on these texts.
"""

from __future__ import annotations

import pytest

from synth.scorers.personal_data import personal_data

PUBLIC = [
    ("it", "Chi ha bisogno può chiamare il 112 o il numero verde 800 123 456."),
    ("it", "Il 1522 risponde a ogni ora; il Telefono Amico allo 02 2327 2327."),
    ("it", "Telefono Azzurro risponde al 19696, il centro antiviolenza allo 06 4698 1234."),
    ("it", "Redazione: via Verdi 1, 20121 Milano. Tel. 02 7212 3456, fax 02 7212 3457"),
    ("it", "Ufficio stampa del Comune: 06 4698 1234."),
    ("it", "Il centralino dell'ospedale (tel. 011 123 4567) è rimasto muto."),
    ("it", "Per informazioni 06 4698 1234 (numero verde, attivo dalle 8 alle 20)."),
    ("it", "L'unità di crisi della Farnesina risponde al +39 06 36225."),
    ("vi", "Gọi tổng đài 1900 1234 hoặc 1800 1567."),
    ("vi", "Đường dây nóng: 0912 345 678."),
    ("vi", "Hotline: 0987 654 321, trực 24/7."),
    ("vi", "Tòa soạn: 5 Hàng Bài, Hà Nội. Điện thoại: 024 3823 4567"),
    ("vi", "Toà soạn và ban biên tập, ĐT: (024) 3823 4567."),
    ("vi", "Bộ phận chăm sóc khách hàng, số (028) 3823 4567."),
    ("en", "Call the Samaritans free on 116 123."),
    ("en", "The helpline, (212) 555-0123, is open all night."),
    ("en", "Press office: 020 7946 0123."),
    ("en", "Our newsroom can be reached at (212) 555-0123."),
    ("en", "Ring 0808 2000 247 or the crisis line on 020 7946 0123."),
    ("fr", "Le 3919, ou la ligne d'écoute au 01 99 00 12 34."),
    ("fr", "Numéro vert : 0 800 05 95 95."),
    ("fr", "Service de presse : 01 99 00 12 34."),
    ("fr", "SOS Amitié répond au 01 99 00 12 34."),
    ("es", "El 016, o el teléfono de la esperanza, 912 34 56 78."),
    ("es", "Gabinete de prensa: 912 34 56 78."),
    ("es", "Llame a la centralita, 912 34 56 78."),
    ("de", "Die Telefonseelsorge: 0800 111 0 111."),
    ("de", "Die Pressestelle ist unter 030 23125123 zu erreichen."),
    ("de", "Die Redaktion ist unter 030 23125123 zu erreichen."),
]

PEOPLE = [
    ("it", "La redazione non risponde. Anna Bianchi invece sì: 347 123 4567."),
    ("it", "Ha lasciato in redazione il cellulare di Anna Bianchi, 347 123 4567."),
    ("it", "Il centralino tace, il signor Rossi risponde allo 06 4698 1234."),
    ("it", "Vendo bici, chiamare il 347 123 4567.\n\nUfficio stampa del Comune."),
    ("vi", "Đường dây nóng bận, gọi anh Nam 0987 654 321."),
    ("vi", "Liên hệ chị Hoa, 0912 345 678."),
    ("en", "The helpline was busy, so she gave her number, (212) 555-0123."),
    ("en", "The press office declined. John Smith, (212) 555-0123, did not."),
    ("fr", "La rédaction a publié le portable de Paul : 06 12 34 56 78."),
    ("es", "Llamó a la centralita desde su móvil, 612 345 678."),
    ("de", "Die Redaktion druckte seine Handynummer, 0171 3920 012."),
]


@pytest.mark.parametrize(("language", "text"), PUBLIC)
def test_a_number_of_an_office_is_nobodys_own(language: str, text: str) -> None:
    assert [text[span.start : span.end] for span in personal_data(text, language)] == []


@pytest.mark.parametrize(("language", "text"), PEOPLE)
def test_a_number_of_a_person_beside_an_office_is_still_a_persons(language: str, text: str) -> None:
    assert [span.kind for span in personal_data(text, language)] == ["telephone"]


def test_the_words_are_looked_for_in_bounded_time() -> None:
    text = "redazione " * 5000 + "347 123 4567 " * 200
    assert {span.kind for span in personal_data(text, "it")} <= {"telephone"}
