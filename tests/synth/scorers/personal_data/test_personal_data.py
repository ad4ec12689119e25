"""Personal data: what is found, what only looks like it, and how long a hostile text takes."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.it.codicefiscale import calc_check_digit

from synth.scorers.personal_data import KINDS, Span, personal_data

#: Written for these tests; no person has them.
TELEPHONES = [
    "+39 333 1234567", "+393331234567", "0039 333 123 4567", "333 1234567", "333-1234567", "333.1234567", "333/1234567",
    "3331234567", "333 12 34 567", "+39 06 12345678", "06 12345678", "06/12345678", "(0532) 123456", "0532-123456",
    "02.12345678", "+39 (06) 1234567", "(+39) 347 1234567", "347 - 1234567",
    "+84 912 345 678", "+84912345678", "0084912345678", "+84 (0)912 345 678", "(+84) 912 345 678", "0912345678",
    "0912 345 678", "0912.345.678", "091 234 5678", "024 3825 1234", "(024) 3825 1234", "024.38251234", "02838251234",
    "0236 3821 234", "01681234567", "+84 24 3825 1234", "+1 212 555 0123", "+44 20 7946 0123",
    "(84-24) 3825 1234", "(84) 912 345 678",
]  # fmt: skip
MORE = [
    ("email", "mario.rossi@example.it"), ("email", "m_rossi+news@posta.example.com.vn"), ("email", "a@b.vn"),
    ("email", "tran.van-a@xn--bcher-kva.example"), ("email", "rossi [at] example.com"),
    ("iban", "IT60X0542811101000000123456"), ("iban", "IT60 X054 2811 1010 0000 0123 456"),
    ("iban", "IT 60 X 05428 11101 000000123456"), ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "GB82WEST12345698765432"), ("iban", "it60x0542811101000000123456"),
    ("tax_code", "RSSMRA80A01H501U"), ("tax_code", "rssmra80a01h501u"), ("tax_code", "RSS MRA 80A01 H501U"),
    ("tax_code", "RSSMRAU0A01H50M" + calc_check_digit("RSSMRAU0A01H50M")),
    ("identity_number", "001085001234"), ("identity_number", "079203004321"),
]  # fmt: skip


def found(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in personal_data(text)]


@pytest.mark.parametrize("number", TELEPHONES)
@pytest.mark.parametrize("text", ["{}", "Chiamare {}.", "Liên hệ: {}, gặp anh An", "(tel. {})", "A\n{}\nB", "{}; {}"])
def test_telephone_numbers(number: str, text: str) -> None:
    told = text.format(number, number)
    assert found(told) == [("telephone", number)] * text.count("{}")


@pytest.mark.parametrize(("kind", "data"), MORE)
@pytest.mark.parametrize("text", ["{}", "Ecco: {}.", "«{}», ha detto", "Số {}, cấp năm 2021", "({})"])
def test_other_kinds(kind: str, data: str, text: str) -> None:
    assert found(text.format(data)) == [(kind, data)]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("CMND số 123456789", ("identity_number", "123456789")),
        ("chứng minh nhân dân: 012 345 678", ("identity_number", "012 345 678")),
        ("số căn cước 001 085 001 234", ("identity_number", "001 085 001 234")),
        ("tel. 06 462001", ("telephone", "06 462001")),
        ("cellulare 333 123456", ("telephone", "333 123456")),
        ("può telefonare a chi ascolta allo02 2327 2327oppure", ("telephone", "02 2327 2327")),
        ("ĐT: 04.38251234", ("telephone", "04.38251234")),
    ],
)
def test_a_word_beside_it_decides(text: str, data: tuple[str, str]) -> None:
    assert found(text) == [data]


def test_several_in_one_text() -> None:
    text = "Scrivere a a@example.it o chiamare il 333 1234567 / 06 12345678; IBAN IT60X0542811101000000123456."
    assert [kind for kind, _ in found(text)] == ["email", "telephone", "telephone", "iban"]
    assert found("0912345678 - 0987654321") == [("telephone", "0912345678"), ("telephone", "0987654321")]
    assert found("nel 2024 0912345678") == [("telephone", "0912345678")]


@pytest.mark.parametrize(
    "text",
    [
        "", "nel 2024", "2023-2024", "dal 01.02.2024 al 03.02.2024", "01-02-2024", "02/01/2024 10.30", "il 9.1.24",
        "350.000.000 di euro", "3.331.234.567 euro", "3331234567 euro", "€ 3331234567", "350 000 000 đồng",
        "0912345678 đồng", "333.123.456", "340 123 456 abitanti", "1.234.567,89", "0,3331234567", "0.123456789",
        "0-6 1-6 6-4 6-4 6-2", "6-4 7-5 6-3", "25-20 25-18 20-25", "2-0", "01 12 34 56 78", "03 12 34 56 78 90",
        "08.30-12.30/14.30-18.30", "ore 09.00", "https://www.ansa.it/a_3331234567.html", "https://e.vn/tin-0912345678.html",
        "tin-4695123.html", "https://e.vn/?id=0912345678", "id=3331234567", "#0912345678", "P.IVA 01234567890",
        "P. Iva: 0123456789",
        "prot. n. 0123456789", "84 912 345 678", "39333 1234567",
        "ISBN 0306406152", "+39 305 contagi", "+1.234.567.890 euro", "1900 1234", "800 123456",
        "12345678901234567890", "3331234567123", "codice 0123456789", "mã số 0912345678", "123456789", "990085001234",
        "001985001234", "001299001234", "x001085001234", "1.001085001234", "RSSMRA80A01H501A", "RSSMRA80A00H501X",
        "IT60X0542811101000000123457", "IT60X054281110100000012345", "XX60X0542811101000000123456", "@mario", "a@b",
        "logo@2x.png", "mario@", "@example.it", "a..b@example.it", "google.com/maps/@41.89,12.49", "41.8902, 12.4922",
        "192.168.100.100", "rossi at example.com", "straordinariamente", "precipitevolissimevolmente", "0000000000",
        "300-400 500", "Covid-19", "MH370-0123456789", "1234567890", "2024.0912345678x", "$0912345678",
        "quota 0,0912345678", "mongodb+srv://user:word@cluster.example.net/x", "3 + 927 - 7239 - 2377",
        "+ 927 7239 2377",
        "sono 3331234567 voti", "3-2 (25-20, 25-18)", "320 - 330 340",
    ],
)  # fmt: skip
def test_what_only_looks_like_it(text: str) -> None:
    assert found(text) == []


def test_a_wrong_character_is_seen_by_the_check_sums() -> None:
    """All single changes of a tax code; an IBAN's remainder sees all, the letter of a tax code nearly all."""
    code, iban = "RSSMRA80A01H501U", "IT60X0542811101000000123456"
    digits = "0123456789"
    for place, one in enumerate(iban):
        for other in digits.replace(one, ""):
            if one in digits:
                assert found(iban[:place] + other + iban[place + 1 :]) == []
    for place, one in enumerate(code):
        for other in digits.replace(one, ""):
            if one in digits:
                assert found(code[:place] + other + code[place + 1 :]) == []


NOISE = st.text(st.sampled_from("0123456789 .-/+()@aAITRS[]at,€\n"), max_size=200)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), NOISE))
def test_any_text(text: str) -> None:
    spans = personal_data(text)
    assert all(
        isinstance(span, Span) and span.kind in KINDS and 0 <= span.start < span.end <= len(text) for span in spans
    )
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([("telephone", number) for number in TELEPHONES] + MORE), st.sampled_from(["il dottore", "anh"]))
def test_found_among_words(data: tuple[str, str], words: str) -> None:
    text = f"{words} {data[1]}, {words}"
    assert personal_data(text) == [Span(data[0], len(words) + 1, len(words) + 1 + len(data[1]))]


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"\A[A-Z]{6}[0-9]{2}[ABCDEHLMPRST][0-2][1-9][A-Z][0-9]{3}\Z"))
def test_any_tax_code_with_its_letter(code: str) -> None:
    assert found(code + calc_check_digit(code)) == [("tax_code", code + calc_check_digit(code))]


@pytest.mark.parametrize(
    "piece",
    ["a", "0", "a@", "@", "a.", "1 ", "1.", "0 ", "+", "(", "+39 ", "IT60", "IT60 ", "AA00", "RSSMRA", "a@a.", "@a.",
     "[at]", "https://", "www.a ", "001085001234", "0912345678 ", "(0", "1-", "a@b-", "CMND ", "tel. 1", " ", "0/"],
)  # fmt: skip
def test_time_is_linear(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        began = time.process_time()
        personal_data(text)
        return time.process_time() - began

    # A quadratic search takes minutes.
    assert seconds(400_000) < 10


def test_real_news_raise_no_false_alarm(shared: Path) -> None:
    """858 and 628 articles: what is found are an address to write to and a telephone number printed twice."""
    hits = []
    for name in ("it_news_2024/articles.jsonl", "vi_vnmds/docs.jsonl"):
        for line in (shared / "data" / name).read_text(encoding="utf-8").rstrip("\n").split("\n"):
            row = json.loads(line)
            hits += [kind for value in row.values() if isinstance(value, str) for kind, _ in found(value)]
    assert hits == ["telephone"] * 2 + ["email"]
