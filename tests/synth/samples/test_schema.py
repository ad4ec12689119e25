"""The table of fields: whole, consistent, and the source of everything written from it.

Covers synth.samples.field.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.items import Article, NewsmillError
from synth.samples.data_model import write_both
from synth.samples.field import TYPE_NAMES, Field, dotted
from synth.samples.sample import Sample
from synth.samples.schema import COLLECTIONS, NEW_SAMPLE, article_fields, fields_of, known_fields, sample_fields
from tests.synth.samples.rows import ARTICLE, CLUSTER, samples

ROOT = Path(__file__).resolve().parents[3]
ALL = [(f"{collection}.{name}", field) for collection in COLLECTIONS for name, field in dotted(fields_of(collection))]


@pytest.mark.parametrize("field", [field for _, field in ALL], ids=[name for name, _ in ALL])
def test_a_field_says_what_it_is(field: Field) -> None:
    assert field.type in TYPE_NAMES
    assert field.description
    assert bool(field.fields) == bool(field.record) == (field.type == "record")
    assert field.card in ("head", "first", "merged", "rest", "hidden")
    assert not field.values or field.type == "string"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_no_name_stands_twice(collection: str) -> None:
    names = [name for name, _ in dotted(fields_of(collection))]
    assert len(names) == len(set(names))
    columns = [field.column_name for _, field in dotted(fields_of(collection)) if "." not in _ and field.column_name]
    assert len(columns) == len(set(columns))


def test_the_fixed_rows_have_every_field() -> None:
    assert set(samples()[0]) | {"messages"} == {field.name for field in sample_fields()}
    assert {field.name for field in article_fields()} | {"_id"} == ARTICLE.keys()
    assert {field.name for field in fields_of("clusters")} | {"_id"} == CLUSTER.keys()


def test_articles_are_those_of_the_crawler() -> None:
    assert {item.name for item in dataclasses.fields(Article)} <= known_fields("articles")
    types = {field.name: (field.type, field.many, field.optional) for field in article_fields()}
    assert types["authors"] == ("string", True, False)
    assert types["date_modified"] == ("timestamp", False, True)
    assert types["revision"] == ("int64", False, False)


def test_a_new_sample_has_the_fields_of_the_table() -> None:
    assert {item.name for item in dataclasses.fields(Sample)} == {field.name for field in NEW_SAMPLE if field.stored}


@pytest.mark.parametrize(("words", "path"), [([], "docs/data-model.md"), (["--types"], "synth/samples/documents.py")])
def test_what_is_written_from_the_table_is_up_to_date(words: list[str], path: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "synth.samples.schema", *words], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == (ROOT / path).read_text(encoding="utf-8"), "run python -m synth.samples.schema --write"


def test_both_are_written_even_where_the_types_are_broken(tmp_path: Path) -> None:
    """As a redirect or a conflict leaves them: `synth.samples.documents` cannot be imported."""
    for path in ("docs", "synth/samples"):
        (tmp_path / path).mkdir(parents=True)
    script = (
        "import runpy, sys\nsys.modules['synth.samples.documents'] = None\n"
        f"sys.argv = ['schema', '--write', {str(tmp_path)!r}]\n"
        "runpy.run_module('synth.samples.schema', run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
    for path in ("docs/data-model.md", "synth/samples/documents.py"):
        assert (tmp_path / path).read_bytes() == (ROOT / path).read_bytes()


def test_what_is_no_checkout_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(NewsmillError, match="is no checkout"):
        write_both(tmp_path, {name: fields_of(name) for name in COLLECTIONS}, NEW_SAMPLE)
    assert not list(tmp_path.iterdir())


def test_a_score_is_one_file(tmp_path: Path) -> None:
    """A scorer in the folder of scorers: its field is known to filters, exports, the card and the query."""
    (tmp_path / "brevity.py").write_text(
        "from synth.samples.schema import Field, Heading\n"
        "FIELDS = (Field('brevity', 'float64', 'how short it is', unit='0 to 1', distribution=7,\n"
        "                table=Heading(85, 'brief')),)\n",
        encoding="utf-8",
    )
    script = f"""
import synth.scorers
synth.scorers.__path__.append({str(tmp_path)!r})
from synth.samples.schema import COLLECTIONS, NEW_SAMPLE, fields_of, known_fields
from synth.filters.check import warnings
from synth.export.arrow_schema import COLUMNS, DESCRIPTIONS
from synth.export.dataset_card import _SCORES
from synth.samples.data_model import page, types
from synth.query.display import table
tables = {{collection: fields_of(collection) for collection in COLLECTIONS}}
assert "brevity" in known_fields()
assert warnings({{"brevity": "x"}}) == ["brevity holds numbers, never equal to the text 'x'"]
assert COLUMNS["brevity"] == "float64" and DESCRIPTIONS["brevity"] == "how short it is"
assert _SCORES[-1] == "brevity"
assert "| `brevity` | number | 0 to 1 | how short it is | `brevity` |" in page(tables)
assert "    brevity: float" in types(tables, NEW_SAMPLE)
heading = table([{{"key": "k", "brevity": 0.5, "answer": "a"}}], "samples", width=80)[0]
assert heading.split() == ["key", "brief", "answer"]
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
