"""A file that gives neither articles nor samples says what it holds beside what is wanted; its exit status is not 0.

Covers synth.importing.store.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main


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


def test_preference_pairs_are_told_what_reads_them(imported: Any, database: Any) -> None:
    row = {"prompt": "Chi?", "chosen": "Io.", "rejected": "Tu."}
    status, out, err = imported("".join(json.dumps(row) + "\n" for _ in range(3)))
    assert status == 1
    assert "holds preference pairs (chosen, rejected), 100% of the first rows" in err.splitlines()[-1]
    assert "next:" not in out
    assert database.articles.count_documents({}) == database.samples.count_documents({}) == 0


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


def test_rows_of_no_format_are_asked_for_question_and_answer(imported: Any, database: Any) -> None:
    text = "".join(json.dumps({"frage": f"Was ist {n}?", "antwort": f"Eine Zahl, {n}."}) + "\n" for n in range(7))
    status, out, err = imported(text)
    assert (status, out) == (1, "import: 7 unknown format\n")
    first, last = err.splitlines()
    assert first.endswith("file: no known format; its fields: frage, antwort")
    assert "--map question=NAME --map answer=NAME, or --format NAME" in last
    status, out, _ = imported(text, "--map", "question=frage", "--map", "answer=antwort")
    assert (status, out) == (0, "import: 7 samples stored; next: synth score\n")
    assert database.samples.count_documents({}) == 7


def test_articles_without_a_link_are_still_taken_for_articles(imported: Any) -> None:
    _, out, err = imported(json.dumps({"titolo": "Il ponte", "testo": "Il ponte riapre.", "data": "04/05/2026"}))
    assert out == "import: 1 no link\n"
    assert err.splitlines()[-1].endswith("--map link=NAME --map title=titolo --map content=testo --map date=data")
    assert "question" not in err
