"""An export of invented news, in the forms that `synth export` writes, for the tests of `train evaluate`."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

_WORDS = {
    "it": (
        "il sindaco la giunta comunale un cantiere nuovo ponte ferrovia ritardo collaudo quartiere scuola biblioteca "
        "apertura autunno lavori fondi regione protesta residenti mercato porto turisti spiaggia vendemmia raccolto "
        "allerta pioggia fiume argine volontari ospedale reparto medici concorso teatro stagione festival ragazzi"
    ).split(),
    "vi": (
        "thành phố dự án cầu mới đường sắt khởi công hoàn thành người dân khu phố trường học thư viện mùa thu "
        "ngân sách tỉnh phản đối chợ cảng du khách bãi biển thu hoạch cảnh báo mưa lớn sông đê tình nguyện bệnh viện "
        "bác sĩ tuyển nhà hát lễ hội thanh niên doanh nghiệp xuất khẩu gạo cà phê"
    ).split(),
}
_ASKED = {
    "it": "Riassumi gli articoli in un unico testo, neutro e senza ripetizioni, che dica solo ciò che dicono.",
    "vi": "Tóm tắt các bài báo dưới đây thành một văn bản duy nhất, khách quan, chỉ nêu những gì đã viết.",
}
_LABELS = {"it": ("Titolo", "Testo"), "vi": ("Tiêu đề", "Nội dung")}


def sentence(language: str, source: random.Random, length: int) -> str:
    return " ".join(source.choices(_WORDS[language], k=length)).capitalize() + "."


def row(number: int, language: str) -> dict[str, Any]:
    """A sample of two sources; its answer has a sentence of each, and one of its own."""
    source = random.Random(f"{language}{number}")
    texts = [[sentence(language, source, 16) for _ in range(3)] for _ in range(2)]
    title, body = _LABELS[language]
    given = "\n\n".join(f"- {title}: {' '.join(text[0].split()[:5])}\n  {body}: {' '.join(text)}" for text in texts)
    answer = f"{texts[0][0]} {sentence(language, source, 12)} {texts[1][1]}"
    return {
        "instruction": _ASKED[language], "input": given, "output": answer, "language": language,
        "key": f"{language}{number:04}", "event": f"event{number // 2}",
        "date": f"2026-{'03' if number < 100 else '05'}-{number % 28 + 1:02}",
    }  # fmt: skip


def rows(first: int, count: int) -> list[dict[str, Any]]:
    return [row(number, "it" if number % 2 else "vi") for number in range(first, first + count)]


def write_export(folder: Path, train: list[dict[str, Any]], test: list[dict[str, Any]], name: str = "test") -> Path:
    """A folder whose JSON rows tell language, event and date, as the columns of a dataset folder do."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, told in (("train", train), (name, test)):
        lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in told)
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    return folder
