"""`synth cluster`: events in the store, current in one piece; how good they are on articles with known events.

Covers synth.cluster, synth.cluster.events, synth.cluster.settings.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError, article_from_record
from synth.__main__ import main, parser_for
from synth.cluster import agglomerate
from synth.cluster.command import check
from synth.cluster.events import event_key
from synth.cluster.incremental import cluster_articles
from synth.cluster.settings import Settings
from synth.embed import NewsEmbedder, article_text


def bcubed(found: Sequence[Any], gold: Sequence[Any]) -> float:
    """F of A. Bagga and B. Baldwin's B-cubed precision and recall."""
    both, ours, theirs = Counter(zip(found, gold, strict=True)), Counter(found), Counter(gold)
    pairs = list(zip(found, gold, strict=True))
    precision = sum(both[a, b] / ours[a] for a, b in pairs) / len(pairs)
    recall = sum(both[a, b] / theirs[b] for a, b in pairs) / len(pairs)
    return 2 * precision * recall / (precision + recall)


def fill(database: Any, records: Sequence[dict[str, Any]]) -> None:
    database.articles.insert_many([article_from_record(row).document() for row in records])


def run(database: Any, language: str = "it", number: str = "r1", **more: Any) -> Counter[str]:
    wanted = more.pop("wanted", {})
    return cluster_articles(database, number, language, Settings(**more), wanted)


def partition(database: Any) -> set[frozenset[str]]:
    return {frozenset(row["links"]) for row in database.clusters.find({"current": True})}


def labels(articles: Sequence[dict[str, Any]]) -> list[int]:
    """The clusters of an archive of these articles by the defaults, but without a window."""
    now = Settings().with_threshold(len(articles))
    vectors = NewsEmbedder().encode([article_text(row, now.sentences) for row in articles])
    return [int(label) for label in agglomerate(vectors, distance_threshold=now.threshold or 0.0)]


def options(*words: str) -> argparse.Namespace:
    return parser_for(["cluster", *words]).parse_args(["cluster", *words])


def test_events_of_the_sample_articles(database: Any, sample_records: list[dict[str, Any]]) -> None:
    fill(database, sample_records)
    for language in ("it", "vi"):
        rows = [row for row in sample_records if row["language"] == language]
        counts = run(database, language)
        of = {
            link: str(cluster["number"])
            for cluster in database.clusters.find({"language": language})
            for link in cluster["links"]
        }
        links = [article_from_record(row).link for row in rows]
        assert bcubed([of.get(link, link) for link in links], [row["event"] for row in rows]) > 0.95
        assert counts["articles"] == len(rows) == counts["in_events"] + counts["alone"]


def test_vietnamese_news_of_199_events(shared: Path) -> None:
    with (shared / "data/vi_vnmds/docs.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    articles = [{"title": row["title"], "content": row["text"]} for row in rows]
    assert bcubed(labels(articles), [row["cluster"] for row in rows]) > 0.94


def test_unrelated_articles_stay_apart(sample_records: list[dict[str, Any]]) -> None:
    """A handful of articles, one of each event: nothing to join."""
    one_each = {row["event"]: row for row in sample_records if row["language"] == "it"}
    for size in (2, 5, 10, 20):
        assert len(set(labels(list(one_each.values())[:size]))) == size


@pytest.fixture(scope="module")
def italian(sample_records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in sample_records if row["language"] == "it"][:40]


def test_one_threshold_holds_for_every_size() -> None:
    assert {Settings().with_threshold(size).threshold for size in (2, 99, 100, 100_000)} == {0.75}


def test_the_threshold_of_tfidf_goes_with_the_size_of_the_archive(
    database: Any, sample_records: list[dict[str, Any]]
) -> None:
    italian = [row for row in sample_records if row["language"] == "it"]
    fill(database, italian[:40])
    run(database, embedder="tfidf", sentences=10)
    assert database.clusters.distinct("threshold", {"current": True}) == [0.75]
    for copy in range(3):
        fill(database, [row | {"link": row["link"].replace("://", f"://{copy}.")} for row in italian[:40]])
    run(database, number="r2", embedder="tfidf", sentences=10)
    assert database.clusters.distinct("threshold", {"current": True}) == [0.80]


def test_an_embedder_that_nobody_measured_wants_a_threshold(database: Any, italian: list[dict[str, Any]]) -> None:
    with pytest.raises(NewsmillError, match=r"no threshold was measured for embedder st:some.*--threshold"):
        Settings(embedder="st:some").with_threshold(1000)
    assert Settings(embedder="st:some", threshold=0.4).with_threshold(1000).threshold == 0.4
    assert options("--sentences", "0").sentences == 0


@pytest.mark.parametrize(
    ("words", "threshold", "sentences"),
    [
        ((), 0.75, None), (("--sentences", "3"), 0.75, 3), (("--linkage", "complete"), 0.77, None),
        (("--embedder", "tfidf"), 0.80, 10), (("--embedder", "tfidf", "--sentences", "0"), 0.80, None),
        (("--embedder", "use"), 0.375, 10), (("--embedder", "use", "--linkage", "single"), 0.35, 10),
        (("--embedder", "st:all-MiniLM-L6-v2"), 0.5, 10),
        (("--embedder", "use", "--sentences", "5", "--threshold", "0.3"), 0.3, 5),
    ],
)  # fmt: skip
def test_threshold_and_sentences_follow_the_embedder(
    words: tuple[str, ...], threshold: float, sentences: int | None
) -> None:
    found = check(options(*words)).with_threshold(1000)
    assert (found.threshold, found.sentences) == (threshold, sentences)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_order_of_articles_changes_no_event(data: st.DataObject, italian: list[dict[str, Any]]) -> None:
    order = data.draw(st.permutations(range(len(italian))))
    texts = [article_text(row) for row in italian]

    def events(indices: Sequence[int]) -> set[frozenset[int]]:
        vectors = NewsEmbedder().encode([texts[index] for index in indices])
        labels = agglomerate(vectors, distance_threshold=0.75).tolist()
        groups: dict[int, set[int]] = {}
        for index, label in zip(indices, labels, strict=True):
            groups.setdefault(label, set()).add(index)
        return {frozenset(group) for group in groups.values()}

    assert events(order) == events(range(len(italian)))


def test_what_a_cluster_says(database: Any, italian: list[dict[str, Any]]) -> None:
    fill(database, italian)
    run(database)
    for cluster in database.clusters.find():
        members = list(database.articles.find({"_id": {"$in": cluster["articles"]}}))
        assert cluster["links"] == sorted(row["link"] for row in members)
        assert cluster["size"] == len(members) >= 2
        assert cluster["first_date"] == min(row["date"] for row in members)
        assert cluster["last_date"] == max(row["date"] for row in members)
        assert cluster["event"] == event_key(cluster["links"])
        assert {cluster["language"], cluster["embedder"], cluster["linkage"]} == {"it", "news", "average"}
        assert cluster["threshold"] == 0.75
        assert cluster["run"] == "r1:it"
    numbers = sorted(row["number"] for row in database.clusters.find())
    assert numbers == list(range(len(numbers)))


def test_the_same_again_changes_nothing(database: Any, italian: list[dict[str, Any]]) -> None:
    fill(database, italian)
    events = run(database)["events"]
    before = list(database.clusters.find())
    assert run(database, number="r2")["unchanged"] == events
    assert list(database.clusters.find()) == before


def test_numbers_do_not_hang_on_the_order_of_crawling(database: Any, italian: list[dict[str, Any]]) -> None:
    numbers = []
    for records in (italian, italian[::-1]):
        database.articles.drop()
        database.clusters.drop()
        fill(database, records)
        run(database)
        numbers.append([row["links"] for row in database.clusters.find().sort("number", 1)])
    assert numbers[0] == numbers[1]


def test_new_articles_replace_the_events_they_change_and_the_old_ones_are_kept(
    database: Any, italian: list[dict[str, Any]]
) -> None:
    fill(database, italian[:-5])
    old = run(database)["events"]
    before = {row["event"]: row for row in database.clusters.find()}
    fill(database, italian[-5:])
    counts = run(database, number="r2")
    assert counts["unchanged"] + counts["changed"] == counts["events"]
    assert database.clusters.count_documents({"current": True}) == counts["events"]
    assert database.clusters.count_documents({"run": "r2:it", "current": True}) == counts["changed"] > 0
    assert database.clusters.count_documents({"run": "r1:it"}) == old
    for row in database.clusters.find({"run": "r1:it"}):
        assert row | {"current": True} == before[row["event"]]


def test_events_grow_as_news_come_in_as_if_all_had_come_at_once(database: Any, italian: list[dict[str, Any]]) -> None:
    for part, number in ((italian[:15], "r1"), (italian[15:30], "r2"), (italian[30:], "r3")):
        fill(database, part)
        run(database, number=number)
    in_parts = partition(database)
    database.articles.drop()
    database.clusters.drop()
    fill(database, italian)
    run(database)
    assert in_parts == partition(database)


def test_the_languages_do_not_disturb_each_other(database: Any, sample_records: list[dict[str, Any]]) -> None:
    fill(database, sample_records)
    run(database, "it")
    run(database, "vi", number="r2")
    italian = database.clusters.count_documents({"language": "it", "current": True})
    run(database, "vi", number="r3", threshold=0.3)
    assert database.clusters.count_documents({"language": "it", "current": True}) == italian


def test_a_window_parts_what_lies_years_apart(database: Any) -> None:
    text = "Una scossa di terremoto nelle Marche ha svegliato Visso e Norcia prima dell'alba."
    start = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    fill(database, [
        {"link": f"https://example.org/{i}", "title": "Terremoto", "content": text, "language": "it",
         "date": (start + timedelta(days=days)).isoformat()}
        for i, days in enumerate((0, 2, 800, 802))
    ])  # fmt: skip
    assert run(database, window=3.0)["events"] == 2
    assert run(database, number="r2", window=None)["events"] == 1


def test_articles_without_a_date_meet_no_others(database: Any) -> None:
    for i in range(3):
        database.articles.insert_one({"link": f"l{i}", "title": "Scossa", "content": "Visso", "language": "it"})
    assert run(database, window=3.0)["events"] == 0
    assert run(database, number="r2", window=None)["events"] == 1


def test_nothing_in_the_store(database: Any) -> None:
    assert run(database)["articles"] == 0
    assert database.clusters.count_documents({}) == 0


def test_what_is_gone_is_no_event_any_more(database: Any, database_uri: str, italian: list[dict[str, Any]]) -> None:
    fill(database, italian)
    run(database)
    database.articles.delete_many({})
    assert main(["cluster", "--uri", database_uri]) == 0
    assert database.clusters.count_documents({"current": True}) == 0


def test_the_command(
    database: Any, database_uri: str, italian: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database, italian)
    assert main(["cluster", "--uri", database_uri, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"articles": 40}
    assert database.clusters.count_documents({}) == database.runs.count_documents({}) == 0
    assert main(["cluster", "--uri", database_uri, "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["events"] == database.clusters.count_documents({"current": True}) > 5
    assert database.runs.find_one()["counts"]["events"] == counts["events"]


def test_where_keeps_the_events_of_languages_it_does_not_name(
    database: Any, database_uri: str, sample_records: list[dict[str, Any]]
) -> None:
    fill(database, sample_records)
    assert main(["cluster", "--uri", database_uri]) == 0
    italian = {"language": "it", "current": True}
    before = sorted(row["event"] for row in database.clusters.find(italian))
    assert main(["cluster", "--uri", database_uri, "--where", '{"language": "vi"}', "--threshold", "0.4"]) == 0
    assert sorted(row["event"] for row in database.clusters.find(italian)) == before
    assert database.clusters.distinct("threshold", {"language": "vi", "current": True}) == [0.4]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--threshold", "2.5"], "no cosine distance"),
        (["--threshold", "nan"], "no cosine distance"),
        (["--window", "-1"], "no number of days"),
        (["--embedder", "none"], "no embedder"),
        (["--where", '{"date": {"$foo": 1}}'], "no operator '$foo'"),
        (["--where", "{"], "bad filter"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], told: str, database: Any, database_uri: str, italian: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fill(database, italian[:3])
    assert main(["cluster", "--uri", database_uri, *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("cluster: ")
    assert told in error
    assert error.count("\n") == 1


def test_an_unknown_linkage_is_refused_by_the_function_too() -> None:
    with pytest.raises(NewsmillError, match="no linkage"):
        agglomerate([[1.0]], distance_threshold=0.5, linkage="ward")


def test_refit_counts_the_statistics_anew(database: Any, database_uri: str, italian: list[dict[str, Any]]) -> None:
    fill(database, italian[:25])
    assert main(["cluster", "--uri", database_uri]) == 0
    fill(database, italian[25:])
    assert main(["cluster", "--uri", database_uri]) == 0
    assert database.statistics.find_one({"_id": "news:it:all"})["texts"] == 25
    assert main(["cluster", "--uri", database_uri, "--refit"]) == 0
    assert database.statistics.find_one({"_id": "news:it:all"})["texts"] == 40


@pytest.mark.parametrize(
    "words", [["--embedder", "news:18"], ["--embedder", "tfidf"], ["--sentences", "3"], ["--linkage", "complete"]]
)
def test_other_settings(words: list[str], database: Any, database_uri: str, italian: list[dict[str, Any]]) -> None:
    fill(database, italian)
    assert main(["cluster", "--uri", database_uri]) == 0
    numbers = {row["event"]: row["number"] for row in database.clusters.find({"current": True})}
    assert main(["cluster", "--uri", database_uri, *words]) == 0
    after = {row["event"]: row["number"] for row in database.clusters.find({"current": True})}
    assert len(after) > 5
    assert all(after[event] == numbers[event] for event in after.keys() & numbers.keys())


def test_a_store_of_the_old_settings_is_worked_again_with_a_word_about_it(
    database: Any, database_uri: str, italian: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, and never silently; or goes on as it was, where that is asked for."""
    fill(database, italian)
    old = ["cluster", "--uri", database_uri, "--embedder", "tfidf"]
    assert main(old) == 0
    assert main(old) == 0
    assert "before:" not in capsys.readouterr().err
    assert main(["cluster", "--uri", database_uri]) == 0
    assert (
        "cluster: it: before: tfidf, average linkage below 0.75, 3 days, 10 sentences; now all articles are "
        "clustered again: news, average linkage below 0.75, 3 days, whole texts" in capsys.readouterr().err
    )
    assert database.clusters.distinct("embedder", {"current": True}) == ["news"]
    assert main(["cluster", "--uri", database_uri]) == 0
    assert "before:" not in capsys.readouterr().err


def test_use_refuses_vietnamese_unless_forced(
    database: Any, database_uri: str, sample_records: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database, [row for row in sample_records if row["language"] == "vi"][:5])
    assert main(["cluster", "--uri", database_uri, "--embedder", "use"]) == 2
    assert "--force-language" in capsys.readouterr().err
    assert main(["cluster", "--uri", database_uri, "--embedder", "use:no/such/folder", "--force-language"]) == 2
    assert "not made for" not in capsys.readouterr().err
