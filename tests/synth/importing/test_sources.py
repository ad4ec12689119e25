"""Every kind of file that holds rows is read to its end, in pieces; what is none is refused by name.

Covers synth.importing.unpack, synth.importing.tables, synth.importing.rows.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.importing import rows as module
from synth.importing import tables
from synth.importing.rows import json_lines, json_values
from synth.importing.sources import check_source, files_of, kind_of, read_rows, size_of
from synth.importing.tables import separator_of
from synth.importing.unpack import FREE_BYTES, FileError

ARTICLES: list[dict[str, Any]] = [
    {"title": f"Il traghetto {number} riparte", "link": f"https://example.org/{number}", "date": "2026-05-04",
     "content": f"«Si riparte», dice il capitano;\nil traghetto {number} è pronto, perché no."}
    for number in range(3)
]  # fmt: skip
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ARTICLES)


def read(path: Path | str, **more: Any) -> list[dict[str, Any]]:
    """The fields of the rows; of what cannot be read, its reason."""
    return [
        dict(row.fields) if row.error is None else {"place": row.place, "reason": row.error.reason}
        for _, row in read_rows(str(path), **more)
    ]


def table(separator: str = ",", **form: Any) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ARTICLES[0]), delimiter=separator, **form)
    writer.writeheader()
    writer.writerows(ARTICLES)
    return text.getvalue()


FORMS: dict[str, str] = {
    "lines": LINES,
    "windows line ends": LINES.replace("\n", "\r\n"),
    "list": json.dumps(ARTICLES),
    "list over lines": json.dumps(ARTICLES, indent=2, ensure_ascii=False),
    "objects over lines": "\n".join(json.dumps(row, indent=1) for row in ARTICLES),
    "a server's answer": json.dumps({"status": "ok", "totalResults": 3, "articles": ARTICLES}, indent=2),
    "columns": json.dumps({name: {str(i): row[name] for i, row in enumerate(ARTICLES)} for name in ARTICLES[0]}),
    "comma": table(),
    "semicolon": table(";"),
    "tab": table("\t"),
    "bar": table("|"),
    "all quoted": table(";", quoting=csv.QUOTE_ALL),
    "Excel's own line": "sep=;\n" + table(";"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_in_every_form_and_encoding(tmp_path: Path, form: str, encoding: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(FORMS[form].encode(encoding))
    assert read(path) == ARTICLES


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "two members": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "zst": lambda data: bytes(pytest.importorskip("pyarrow").compress(data, codec="zstd", asbytes=True)),
}


@pytest.mark.parametrize("kind", PACKED)
def test_packed_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(PACKED[kind](LINES.encode()))
    assert read(path) == ARTICLES
    path.write_bytes(PACKED[kind](table(";").encode("utf-16")))
    assert read(path) == ARTICLES


def test_an_archive_gives_the_rows_of_its_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("one.jsonl", LINES)
        archive.writestr("folder/two.csv", table())
        archive.writestr("__MACOSX/one.jsonl", "{")
    assert read(tmp_path / "a.zip") == ARTICLES * 2
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(NewsmillError, match="an Excel workbook: save the sheet as CSV"):
        read(tmp_path / "a.zip")


def test_parquet_and_dumps_of_mongodb(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import bson
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(ARTICLES * 50), tmp_path / "file")
    assert read(tmp_path / "file") == ARTICLES * 50
    dump = b"".join(bson.encode(row) for row in ARTICLES)
    (tmp_path / "articles.bson").write_bytes(dump)
    assert read(tmp_path / "articles.bson") == ARTICLES
    (tmp_path / "articles.bson.gz").write_bytes(gzip.compress(dump))
    assert read(tmp_path / "articles.bson.gz") == ARTICLES
    for name, data in {"torn.bson": dump[:-5], "torn.parquet": (tmp_path / "file").read_bytes()[:-30]}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FileError, match="damaged_file"):
            read(tmp_path / name)


def test_a_saved_data_set_and_the_name_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    saved = datasets.Dataset.from_list(ARTICLES)
    saved.save_to_disk(str(tmp_path / "one"))
    datasets.DatasetDict({"train": saved, "test": saved.select([0])}).save_to_disk(str(tmp_path / "two"))
    assert read(tmp_path / "one") == ARTICLES
    assert read(tmp_path / "two") == [*ARTICLES, ARTICLES[0]]
    asked: list[Any] = []

    def load_dataset(name: str, config: str | None, *, streaming: bool) -> dict[str, Any]:
        asked.append((name, config, streaming))
        return {"train": ARTICLES}

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    monkeypatch.chdir(tmp_path)
    assert read("hf:people/news:it") == read("people/news") == ARTICLES
    assert asked == [("people/news", "it", True), ("people/news", None, True)]
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: 1 / 0)
    with pytest.raises(NewsmillError, match="cannot read the data set people/news: division by zero"):
        read("people/news")


def test_a_folder_of_texts(tmp_path: Path) -> None:
    folder = tmp_path / "archivio"
    (folder / "2026/05").mkdir(parents=True)
    (folder / "2026/05/04-il-ponte.txt").write_text("Il ponte riapre\n\nPrima frase.\n\nSeconda.", encoding="utf-8")
    (folder / "la-nave_arriva.txt").write_bytes("Tutto in una riga.".encode("utf-16"))
    os.utime(folder / "la-nave_arriva.txt", (1_700_000_000, 1_700_000_000))
    (folder / "wrong.txt").write_bytes("perché".encode("latin-1"))
    (folder / "image.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.txt").write_text("no")
    first, second, third = read(folder)
    assert first == {
        "title": "Il ponte riapre", "content": "\nPrima frase.\n\nSeconda.", "date": "2026-05-04",
        "link": "https://local.invalid/archivio/2026/05/04-il-ponte.txt",
    }  # fmt: skip
    assert (second["title"], second["content"]) == ("la nave arriva", "Tutto in una riga.")
    assert second["date"].isoformat() == "2023-11-14T22:13:20+00:00"
    assert third == {"place": "1", "reason": "not_utf8"}
    assert read(folder / "wrong.txt", encoding="windows-1252")[0]["content"] == "perché"
    assert size_of(str(folder)) == sum(file.stat().st_size for file in files_of(folder)) > 0


def test_wrong_rows_are_passed_over_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    rows = json.dumps(ARTICLES, indent=2).replace('"https://example.org/1"', "oops")
    path.write_text(rows, encoding="utf-8")
    assert read(path) == [ARTICLES[0], {"place": "8", "reason": "no_json"}, ARTICLES[2]]
    path.write_text(json.dumps(ARTICLES).replace('"https://example.org/1"', "oops"), encoding="utf-8")
    assert [row.get("reason") for row in read(path)] == [None, "no_json", None]
    text = table(";").splitlines(keepends=True)
    path.write_bytes("".join([*text, "a;b;c;d;e;f\n"]).encode() + b"x;y;z;\xff\n")
    assert read(path)[3:] == [{"place": "8", "reason": "wrong_cells"}, {"place": "9", "reason": "not_utf8"}]


def test_a_row_too_long_is_refused_and_the_rest_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (module, tables):
        monkeypatch.setattr(each, "MAX_ROW", 200_000)
    long = [ARTICLES[0] | {"content": "a" * 400_000}]
    for text in ("".join(json.dumps(row) + "\n" for row in [*long, *ARTICLES]), json.dumps(long + ARTICLES, indent=1)):
        (tmp_path / "file").write_text(text)
        first, *others = read(tmp_path / "file")
        assert first["reason"] == "too_large"
        assert others == ARTICLES
    (tmp_path / "file").write_text('title,content\na,"' + "b" * 300_000 + '"\nc,d\n')
    assert read(tmp_path / "file")[0]["reason"] == "no_csv"


BOMB = """
import sys
from pathlib import Path
from synth.importing.sources import read_rows
from synth.importing.unpack import FileError
try:
    for _ in read_rows(sys.argv[1]):
        pass
except FileError as error:
    print(error.reason, Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured by /proc")
@pytest.mark.parametrize("text", [b"0" * 1_000_000, b'{"a": 1}\n' * 100_000, b"[" + b"[" * 999_999])
def test_a_bomb_is_refused_and_takes_no_memory(tmp_path: Path, text: bytes) -> None:
    # A peak in memory as /proc has it: getrusage's is the parent's where that was larger.
    with gzip.open(tmp_path / "bomb.gz", "wb", compresslevel=9) as file:
        for _ in range(FREE_BYTES // len(text) + 60):
            file.write(text)
    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(tmp_path / "bomb.gz")], capture_output=True, text=True, check=True
    )
    reason, kilobytes = done.stdout.split()
    assert reason == "too_large_unpacked"
    assert int(kilobytes) < 200_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"SQLite format 3\x00", "SQLite"), (b"%PDF-1.7", "a PDF"), (b"\n<html>", "XML or HTML"),
        (gzip.compress(b"x" * 257 + b"ustar", mtime=0), "a tar archive: unpack it first"),
    ],
)  # fmt: skip
def test_what_holds_no_rows_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(NewsmillError, match=said):
        read(tmp_path / "file")


def test_a_torn_packed_file_gives_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(gzip.compress((LINES * 2000).encode())[:-2000])
    rows = read_rows(str(tmp_path / "file.gz"))
    assert [next(rows)[1].fields for _ in range(100)] == [ARTICLES[number % 3] for number in range(100)]
    with pytest.raises(FileError, match="damaged_file"):
        list(rows)


def test_what_cannot_be_opened_is_said_before_anything_is_read(tmp_path: Path) -> None:
    for path, said in {
        "https://example.org/a.jsonl": "download the file first", str(tmp_path / "none.csv"): "no such file",
        str(tmp_path): "none of its files holds rows",
    }.items():  # fmt: skip
        with pytest.raises(NewsmillError, match=said):
            check_source(path)
    with pytest.raises(NewsmillError, match="--encoding klingon"):
        check_source("-", "klingon")


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        ("", "x", "lines"), ("[1]", "x", "values"), ('{"a": 1}', "x", "lines"), ("{\n", "x.json", "lines"),
        ("a;b\n", "x", "table"), ("a\n", "x.csv.gz", "table"),
        ("Ciao, mondo\n", "x.txt", "text"), ("ciao", "x", "lines"),
    ],
)  # fmt: skip
def test_kinds(head: str, name: str, kind: str) -> None:
    assert kind_of(head, name) == kind


def test_separators_inside_quotes_do_not_count() -> None:
    assert separator_of('"a,b,c";d\n') == ";"
    assert separator_of("title\nx;y") == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x, max_size=3), max_leaves=5
)


@given(st.lists(st.dictionaries(st.text(min_size=1), JSON, min_size=1, max_size=3), min_size=1), st.integers(1, 40))
def test_any_objects_are_read_in_any_pieces(objects: list[dict[str, Any]], piece: int) -> None:
    """Printed in a list over lines, however the text is cut."""

    class Slow(io.StringIO):
        def read(self, size: int | None = -1) -> str:
            return super().read(min(size or 1, piece))

    values = [dict(row.fields) for row in json_values(Slow(json.dumps(objects, indent=1)))]
    lines = [dict(row.fields) for row in json_lines(io.StringIO("".join(json.dumps(o) + "\n" for o in objects)))]
    assert values == lines


@given(st.text())
def test_no_text_stops_a_reader(text: str) -> None:
    for reader in (json_lines, json_values):
        assert all(row.error is None or row.error.reason == "no_json" for row in reader(io.StringIO(text)))
    list(tables.csv_rows(io.StringIO(text), ";"))
