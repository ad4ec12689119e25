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
        ("Che cosa vuol dimostrare lo scritto?", "it"),
        ("Spiega la metafora della terza riga.", "it"),
        ("Secondo il cronista, chi doveva vigilare?", "it"),
        ("Leggi con attenzione e indica i responsabili.", "it"),
        ("Termina il racconto in modo lieto.", "it"),
        ("Valuta quanto sopra.", "it"),
        ("Chi sono le persone di cui si parla?", "it"),
        ("Tóm tắt bài viết sau.", "vi"),
        ("Kết luận của bài báo là gì?", "vi"),
        ("Sau khi đọc kỹ, hãy nêu nguyên nhân.", "vi"),
        ("Từ in đậm có nghĩa là gì?", "vi"),
        ("Trả lời bức thư sau.", "vi"),
        ("Viết tiếp câu chuyện cho đến hết.", "vi"),
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
        ("Racconta il pezzo forte della mostra e il resoconto di Marco Polo.", "it"),
        ("Secondo il giornalista Enzo Biagi, che cos'era la televisione?", "it"),
        ("Leggi e regolamenti sulla caccia: spiega i principali.", "it"),
        ("Continua la storia di Cenerentola.", "it"),
        ("Recita la prima frase della Costituzione.", "it"),
        ("Viết bài báo về trận đấu.", "vi"),
        ("Viết tiếp câu chuyện của Thạch Sanh.", "vi"),
        ("Người viết kịch bản đoạt giải là ai?", "vi"),
        ("Đoạn cuối quốc lộ 1 đi qua đâu?", "vi"),
        ("Giá lúa năm nay thế nào?", "vi"),
        ("Người dân nói gì sau vụ cháy?", "vi"),
        ("Bình luận về thông tin trên mạng xã hội.", "vi"),
        ("Ai là tác giả của ca khúc?", "vi"),
        ("Giới thiệu văn bản luật mới.", "vi"),
    ],
)
def test_what_names_its_text_does_not(text: str, language: str) -> None:
    assert not is_dangling(text, instruction_table(language))
