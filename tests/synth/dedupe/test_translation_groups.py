"""The same row in several languages has one `translation_group`.

Covers synth.dedupe.parallel_texts and synth.dedupe.translation_groups.
"""

from __future__ import annotations

from typing import Any

from synth.__main__ import main
from synth.dedupe.parallel_texts import parallel
from synth.dedupe.translation_groups import groups_of
from synth.samples.sample import Sample

PLACES = ("Trieste", "Palermo", "Bolzano", "Cagliari", "Perugia", "Ancona", "Potenza", "Catanzaro", "Campobasso")
PEOPLE = ("Verdelli", "Quarantotto", "Ferrarotti", "Zambelli", "Ottolenghi", "Malaguti", "Bevilacqua", "Sconfienza")


def rows(number: int) -> list[tuple[str, str]]:
    """(English, Vietnamese)."""
    names = [(PLACES[n % 9], PEOPLE[n % 8], 1300 + 17 * n, 31 * n + 7, f"compute_rate_{n}") for n in range(number)]
    return [
        (f"In {year} {person} built {count} houses in {place}; call {name}, then explain the cost to a child.",
         f"Năm {year} {person} xây {count} ngôi nhà ở {place}; hãy gọi {name}, rồi giải thích chi phí cho trẻ em.")
        for place, person, year, count, name in names
    ]  # fmt: skip


def test_translations_are_linked_and_nothing_else() -> None:
    pairs = rows(160)
    links = parallel([english for english, _ in pairs[:100]], [vietnamese for _, vietnamese in pairs[60:]])
    assert len(links) >= 30
    assert all(first == second + 60 for first, second in links)
    assert parallel([], ["a"]) == parallel(["a"], []) == []


def test_provenance_links() -> None:
    samples: list[dict[str, Any]] = [
        {"key": "a", "language": "it"}, {"key": "b", "language": "vi", "provenance": {"translated_from": "a"}},
        {"key": "c", "language": "en", "provenance": {"translated_from": "b"}},
        {"key": "d", "language": "it", "provenance": {"fragment": "f"}},
        {"key": "e", "language": "it", "provenance": {"fragment": "f"}},
        {"key": "f", "language": "vi", "provenance": {"translated_from": "gone"}},
        {"key": "g", "language": "en", "provenance": {"translated_from": "gone"}}, {"key": "h", "language": None},
    ]  # fmt: skip
    assert groups_of(samples) == {"a": "a", "b": "a", "c": "a", "f": "f", "g": "f"}


def test_groups_in_the_store(database: Any, database_uri: str) -> None:
    for number, pair in enumerate(rows(60)):
        for language, text in zip(("en", "vi"), pair, strict=True):
            key = f"{language}{number}"
            row = Sample(key=key, question=text, answer=f"{number}.", language=language, task="import").document()
            database.samples.insert_one(row)
    assert main(["dedupe", "--uri", database_uri, "--dry-run"]) == 0
    assert database.samples.count_documents({"translation_group": {"$ne": None}}) == 0
    assert main(["dedupe", "--uri", database_uri]) == 0
    linked = [*database.samples.find({"translation_group": {"$ne": None}})]
    assert len(linked) >= 40
    assert {row["translation_group"] for row in linked} == {row["key"] for row in linked if row["language"] == "en"}
    database.samples.delete_many({"language": "vi"})
    assert main(["dedupe", "--uri", database_uri]) == 0
    assert database.samples.count_documents({"translation_group": {"$ne": None}}) == 0
