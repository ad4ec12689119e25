"""Personal data in texts of the seven languages, true and look-alikes.

Covers: synth.scorers.personal_data, synth.scorers.personal_data.addresses, synth.scorers.personal_data.identifiers,
synth.scorers.personal_data.telephones.

Numbers are placeholders (runs of digits, ranges kept for fiction) or the examples of python-stdnum.
The rules were adjusted on these texts: they guard against regressions and estimate no error rate.
"""

from __future__ import annotations

import pytest

from synth.language.tables import languages
from synth.scorers.personal_data import personal_data

TRUE = [
    ("it", "Per informazioni 06 4698 1234, ore ufficio.", "telephone", "06 4698 1234"),
    ("it", "Il cellulare è 347 123 4567.", "telephone", "347 123 4567"),
    ("it", "Codice fiscale RCCMNL83S18D969H.", "tax_code", "RCCMNL83S18D969H"),
    ("vi", "Liên hệ anh Nam, 0987 654 321.", "telephone", "0987 654 321"),
    ("vi", "Số máy cũ 01681234567 đã đổi.", "telephone", "01681234567"),
    ("vi", "Gọi (028) 3823 4567 để đặt chỗ.", "telephone", "(028) 3823 4567"),
    ("en", "The office answers at (212) 555-0123 on weekdays.", "telephone", "(212) 555-0123"),
    ("en", "Call 2125550123 before noon.", "telephone", "2125550123"),
    ("en", "Her number, 202-555-0147, was printed.", "telephone", "202-555-0147"),
    ("en", "Witnesses should ring 020 7946 0123.", "telephone", "020 7946 0123"),
    ("en", "Write to +44 161 496 0123 instead.", "telephone", "+44 161 496 0123"),
    ("es", "Teléfono: 612 345 678, preguntar por Ana.", "telephone", "612 345 678"),
    ("es", "Puede escribir al 612 34 56 78 por la tarde.", "telephone", "612 34 56 78"),
    ("es", "Llame al +34 912 34 56 78.", "telephone", "+34 912 34 56 78"),
    ("es", "Escriba al +34 612 345 678.", "telephone", "+34 612 345 678"),
    ("es", "Con DNI 12345678Z y domicilio en Madrid.", "identity_number", "12345678Z"),
    ("es", "El NIE X1234567L figura en el acta.", "identity_number", "X1234567L"),
    ("es", "IBAN ES91 2100 0418 4502 0005 1332.", "iban", "ES91 2100 0418 4502 0005 1332"),
    ("fr", "Joindre la mairie au 01 99 00 12 34.", "telephone", "01 99 00 12 34"),
    ("fr", "Son portable, 06 12 34 56 78, ne répond pas.", "telephone", "06 12 34 56 78"),
    ("fr", "Appelez le 0612345678.", "telephone", "0612345678"),
    ("fr", "Numéro de sécurité sociale 2 95 10 99 126 111 93.", "identity_number", "2 95 10 99 126 111 93"),
    ("de", "Der Bäcker ist unter 030 23125123 zu erreichen.", "telephone", "030 23125123"),
    ("de", "Handy: 0171 3920 012.", "telephone", "0171 3920 012"),
    ("de", "Anruf bei +49 89 99998123 genügt.", "telephone", "+49 89 99998123"),
    ("de", "Die Steuer-ID lautet 36 574 261 809.", "tax_code", "36 574 261 809"),
    ("pt", "Ligue para 912 345 678.", "telephone", "912 345 678"),
    ("pt", "O telefone da loja é (11) 91234-5678.", "telephone", "(11) 91234-5678"),
    ("pt", "O contribuinte n.º 123456789 reclamou.", "tax_code", "123456789"),
    ("pt", "CPF 390.533.447-05, segundo o processo.", "tax_code", "390.533.447-05"),
]

LOOK_ALIKES = [
    ("it", "Nel 1999-2000 e dal 12.03.2021 al 15.04.2021."), ("it", "Costa 347.123.456 euro, nel 2019 320 000 000."),
    ("it", "Finisce 21-19 18-21 15-12."), ("it", "L'articolo 0347-12 del codice 0123456789."),
    ("vi", "Ngày 02-09-1945, 20.11.2023 và 1975-2025."), ("vi", "Giá 912.345.678 đồng, hơn 987 654 321 đồng."),
    ("vi", "Tỷ số 3-0 (25-20 25-18 25-22)."), ("vi", "Mã số 0987654321, mã đơn 12345678Z."),
    ("en", "Between 2019-2020 and 2021-22, 01/02/2024."), ("en", "It cost $212,555,0123 and then 212 555 000 dollars."),
    ("en", "They won 21-17, 25-23 and 15-13."), ("en", "Model 212-5550123X, item 4412-778-33, bill 117-2021."),
    ("en", "A mobile 2019 2020 season, call 1066 1492."), ("en", "Numbers 12345678 and 123456789 on a list."),
    ("es", "De 1936 a 1939, el 12/10/1492 y 2004-2005."), ("es", "Cuesta 612.345.678 euros o 612 345 678."),
    ("es", "Subió a +1.612.345.678 en total."), ("es", "Ganó por 6-4 7-5 6-3."),
    ("es", "El artículo 12345678Z y el pedido 2024-612-34."),
    ("fr", "De 1914 à 1918, le 14.07.1789, en 2022-2023."), ("fr", "Un budget de 639 981 234 euros, soit 1 234 567."),
    ("fr", "Score final 25-22 25-19 21-25."), ("fr", "Article 639-98-12, dossier 2024/0199."),
    ("de", "Von 1949 bis 1990, am 09.11.1989 und 2020-2021."), ("de", "Kosten von 171.392.001 Euro oder 30 231 251."),
    ("de", "Endstand 25:21, 25:19, Sätze 6-4 6-3."), ("de", "Telefon 2019-2020, Paragraf 36574261809."),
    ("pt", "De 1964 a 1985, 25/04/1974 e 2013-2014."), ("pt", "Custa 912.345.678 euros ou 912 345 678."),
    ("pt", "Venceu por 3-1 (25-20 22-25 25-18)."), ("pt", "Processo 123456789, artigo 11-91234, item 390.533.447-06."),
]  # fmt: skip


def spans(text: str, language: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in personal_data(text, language)]


@pytest.mark.parametrize(("language", "text", "kind", "data"), TRUE)
def test_personal_data_of_a_language(language: str, text: str, kind: str, data: str) -> None:
    assert spans(text, language) == [(kind, data)]


@pytest.mark.parametrize(("language", "text"), LOOK_ALIKES)
def test_look_alikes_of_a_language(language: str, text: str) -> None:
    assert spans(text, language) == []


def test_local_numbers_are_those_of_the_language() -> None:
    assert spans("06 12 34 56 78", "fr") == [("telephone", "06 12 34 56 78")]
    assert spans("06 12 34 56 78", "en") == []
    assert all(table.regions for table in languages().values())
