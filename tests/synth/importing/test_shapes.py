"""A file that gives no article says what it holds beside what is wanted, and ends with another exit status than 0.

Covers synth.importing.store.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.importing.shapes import SHAPES, Profile

ROWS: dict[str, dict[str, Any]] = {
    "ShareGPT": {"conversations": [{"from": "human", "value": "Chi?"}, {"from": "gpt", "value": "Io."}]},
    "OpenAI": {"messages": [{"role": "user", "content": "Chi?"}, {"role": "assistant", "content": "Io."}]},
    "LIMA": {"conversations": ["Chi?", "Io."], "source": "x"},
    "preference pairs": {"prompt": "Chi?", "chosen": "Io.", "rejected": "Tu."},
    "Alpaca (instruction, input": {"instruction": "Riassumi.", "input": "Testo.", "output": "T."},
    "Alpaca (instruction, response": {"instruction": "Riassumi.", "response": "T."},
    "prompts (prompt, completion": {"prompt": "Chi?", "completion": "Io."},
    "prompts (prompt, response": {"prompt": "Chi?", "response": "Io."},
    "questions": {"question": "Chi?", "answer": "Io."},
    "MURI": {"input": "Chi?", "output": "Io.", "language": "vie"},
}


@pytest.fixture
def imported(database: Any, database_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """(text of a file, words) -> (exit status, stdout, stderr)."""

    def run(text: str | bytes, *words: str) -> tuple[int, str, str]:
        path = tmp_path / "file"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        status = main(["import", "--uri", database_uri, str(path), *words])
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


@pytest.mark.parametrize("name", ROWS)
def test_instruction_rows_are_recognised(imported: Any, database: Any, name: str) -> None:
    status, out, err = imported("".join(json.dumps(ROWS[name]) + "\n" for _ in range(3)))
    assert status == 1
    assert f"no articles but instruction rows, {name}" in err.splitlines()[-1]
    assert "100% of the first" in err
    assert "next:" not in out
    assert database.articles.count_documents({}) == 0
    assert len(ROWS) == len(SHAPES)


def test_fields_beside_those_wanted_with_the_option_that_names_them(imported: Any, database: Any) -> None:
    table = "titolo;testo;data;indirizzo\nIl ponte;Il ponte riapre.;04/05/2026;https://example.org/a\n"
    status, out, err = imported(table)
    assert (status, out) == (1, "import: 1 no link\n")
    assert err.splitlines()[-1].endswith(
        "its fields: titolo, testo, data, indirizzo; wanted: link, title, content, date; nothing under link, title, "
        "content, date: --map link=indirizzo --map title=titolo --map content=testo --map date=data"
    )
    words = err.rpartition("date: ")[2].split()
    assert imported(table, *words) == (0, "import: 1 stored; next: synth cluster\n", "")
    row = database.articles.find_one()
    assert (row["title"], row["content"]) == ("Il ponte", "Il ponte riapre.")
    assert f"{row['date']:%Y-%m-%d}" == "2026-05-04"


@pytest.mark.parametrize("text", ["", "\n\n", "[]", "title,link\n"])
def test_a_file_without_rows_is_no_success(imported: Any, text: str) -> None:
    status, out, err = imported(text)
    assert status == 1
    assert out == "import: nothing to do\n"
    assert err.endswith("file holds no rows\n")


def test_a_torn_file_is_stored_as_far_as_it_goes_and_is_no_success(imported: Any, database: Any) -> None:
    rows = [
        {"link": f"https://example.org/{i}", "title": f"T{i}", "content": f"Testo {i * 7919}.", "date": "2026-05-04"}
        for i in range(3000)
    ]
    packed = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
    status, out, err = imported(packed[: len(packed) // 2], "--language", "it")
    assert status == 1
    assert "damaged_file" in err
    assert 500 < database.articles.count_documents({}) < 3000
    assert "1 damaged file" in out
    assert imported(packed)[0] == 0
    assert database.articles.count_documents({}) == 3000


def test_a_row_of_another_type_stops_no_other(imported: Any, database: Any) -> None:
    good = {"title": "Il faro", "content": "Il faro cambia lampada.", "date": "2026-05-04"}
    rows: list[dict[str, Any]] = [good | {"link": f"https://example.org/{i}"} for i in range(8)]
    rows[2]["tags"], rows[5]["title"] = 5, 7
    status, out, err = imported("".join(json.dumps(row) + "\n" for row in rows))
    assert (status, out) == (0, "import: 6 stored, 2 wrong type; next: synth cluster\n")
    assert [line.split(": ", 2)[1].rpartition(":")[2] for line in err.splitlines()] == ["3", "6"]
    assert database.articles.count_documents({}) == 6


@pytest.mark.parametrize(("words", "said"), [
    (["--map", "testo"], "--map testo: write OURS=THEIRS"), (["--encoding", "utf-99"], "--encoding utf-99"),
])  # fmt: skip
def test_a_wrong_option_is_one_line(imported: Any, words: list[str], said: str) -> None:
    status, out, err = imported("{}", *words)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_an_unknown_language_is_one_line(imported: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        imported("{}", "--language", "klingon")
    assert "no language 'klingon'" in capsys.readouterr().err


def test_the_share_of_a_shape_is_of_the_rows_that_were_looked_at() -> None:
    profile = Profile()
    for number in range(400):
        profile.add({"instruction": "a", "output": "b"} if number % 4 else {"x": 1}, {})
    assert profile.shape() == ("Alpaca (instruction, input, output)", 0.75)
