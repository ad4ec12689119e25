"""Folders of sheets as `train blind` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEXT = {
    "it": "Il ponte sul fiume riapre lunedì dopo quattordici mesi di lavori, ha detto il sindaco della città.",
    "vi": "Cây cầu bắc qua sông sẽ mở lại vào thứ hai sau mười bốn tháng sửa chữa, chủ tịch thành phố cho biết.",
}


def text_rows(rater: int, count: int = 4, guess: bool = True) -> list[dict[str, Any]]:
    """Unmarked rows of texts, in another order for each rater."""
    unmarked = None if guess else ""
    rows = [
        {
            "rater": rater, "item": f"T{number}", "request": "Scrivi del ponte. <b>" if number % 2 else "",
            "text": f"{TEXT['vi' if number % 2 else 'it']}\n\nT{number} & <i>altro</i>.",
            "style": None, "content": None, "guess": unmarked, "confidence": unmarked, "seconds": None, "remark": "",
        }
        for number in range(1, count + 1)
    ]  # fmt: skip
    return rows[rater - 1 :] + rows[: rater - 1]


def pair_rows(rater: int, count: int = 3) -> list[dict[str, Any]]:
    """Unmarked rows of pairs."""
    return [
        {"rater": rater, "item": f"P{number}", "request": "", "text_a": TEXT["it"], "text_b": TEXT["vi"],
         "choice": None, "seconds": None, "remark": ""}
        for number in range(1, count + 1)
    ]  # fmt: skip


def write_folder(folder: Path, *sheets: list[dict[str, Any]]) -> Path:
    """Sheets 1, 2 … and a key that whoever opens it stumbles over."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, rows in enumerate(sheets, 1):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"rater-{number}.jsonl").write_text(lines, encoding="utf-8")
    (folder / "key.json").mkdir()
    return folder


def rows_in(folder: Path, number: int) -> list[dict[str, Any]]:
    text = (folder / f"rater-{number}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]
