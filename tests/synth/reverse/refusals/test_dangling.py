from __future__ import annotations

import pytest

from synth.reverse.refusals.dangling import is_dangling
from synth.reverse.refusals.table import instruction_table


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Riassumi il brano.", "it"),
        ("Commenta i dati riportati qui sopra.", "it"),
        ("Secondo l'autore, chi ha torto?", "it"),
        ("Che cosa dice l'articolo della crisi?", "it"),
        ("Riscrivi quest'articolo.", "it"),
        ("Perché questa scelta divide?", "it"),
        ("Traduci la lettera.", "it"),
        ("Usa le informazioni fornite.", "it"),
        ("Quale dei punti elencati sopra è più urgente?", "it"),
        ("Dove si svolge la scena descritta?", "it"),
        ("Qual è la tesi di chi scrive?", "it"),
        ("Di che cosa trattano le righe precedenti?", "it"),
        ("Tóm tắt bài viết sau.", "vi"),
        ("Người được nhắc tên trong bài là ai?", "vi"),
        ("Chủ đề của đoạn trích là gì?", "vi"),
        ("Tấm ảnh ở trên cho thấy điều gì?", "vi"),
        ("Theo đoạn trích, ai thắng?", "vi"),
        ("Bài báo nói về điều gì?", "vi"),
        ("Dựa vào thông tin đã cho, hãy viết tiếp.", "vi"),
        ("Tác giả muốn nói gì?", "vi"),
        ("Vì sao quyết định này gây tranh cãi?", "vi"),
    ],
)
def test_what_points_at_a_text_that_is_not_there_dangles(text: str, language: str) -> None:
    assert is_dangling(text, instruction_table(language))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Spiega l'articolo 18 dello statuto.", "it"),
        ("Scrivi un articolo sulla crisi.", "it"),
        ("Presenta il testo della legge.", "it"),
        ("Come va l'economia quest'anno?", "it"),
        ("Chi è l'autore del romanzo?", "it"),
        ("Commenta i dati forniti dall'istituto.", "it"),
        ("Racconta il sequestro di un peschereccio e le reazioni a questo episodio.", "it"),
        ("Viết bài báo về trận đấu.", "vi"),
        ("Giá lúa năm nay thế nào?", "vi"),
        ("Người dân nói gì sau vụ cháy?", "vi"),
        ("Bình luận về thông tin trên mạng xã hội.", "vi"),
        ("Ai là tác giả của ca khúc?", "vi"),
        ("Giới thiệu văn bản luật mới.", "vi"),
    ],
)
def test_what_names_its_text_does_not(text: str, language: str) -> None:
    assert not is_dangling(text, instruction_table(language))
