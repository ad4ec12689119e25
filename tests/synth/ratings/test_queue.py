"""Queues and their leases: who gets which row, in which order, for how long.

Covers synth.ratings.row_leases.
"""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.filters.saved import save_filter
from synth.ratings.queue import fill, open_queue, progress, queue_of
from synth.ratings.row_leases import active_seconds, keep_draft, take, take_skips_back
from tests.synth.ratings.review_store import end_lease, fill_samples, mark, sample


def keys(database: Any, queue: Any, rater: str, decision: str = "skip") -> list[str]:
    """The rows of a queue in the order in which a rater gets them, each passed over."""
    order = []
    while (lease := take(database, queue, rater)) is not None:
        order.append(lease.sample["key"])
        mark(database, queue, rater, decision)
    return order


def test_the_order_is_shuffled_by_the_seed_and_the_same_for_everybody(database: Any) -> None:
    fill_samples(database, 12)
    queue = open_queue(database, '{"language": "it"}')
    order = keys(database, queue, "anna")
    assert sorted(order) != order
    assert len(order) == 12
    assert keys(database, open_queue(database, '{"language": "it"}'), "bao") == order
    assert keys(database, open_queue(database, '{"language": "it"}', seed=1), "anna") != order


def test_without_a_filter_all_new_samples_come_the_most_doubtful_first(database: Any) -> None:
    database.samples.insert_many([
        sample(1), sample(2, doubts=["length"]), sample(3, doubts=["length", "numbers"]), sample(4, status="accepted"),
        sample(5, superseded=True), sample(6, unsupported=["40"], doubts=["length", "copies"]),
    ])  # fmt: skip
    assert keys(database, open_queue(database), "anna") == ["k006", "k003", "k002", "k001"]


def test_a_saved_filter_names_a_queue_and_a_wrong_one_is_one_line(database: Any) -> None:
    fill_samples(database, 2)
    database.samples.insert_many([sample(7, language="vi"), sample(8, language="vi", status="rejected")])
    save_filter(database, "viet", {"language": "vi"}, "samples")
    assert keys(database, open_queue(database, ":viet"), "anna") == ["k007"]
    with pytest.raises(NewsmillError, match="bad filter"):
        open_queue(database, "{nonsense")


def test_a_new_start_goes_on_and_finds_what_is_new(database: Any) -> None:
    fill_samples(database, 2)
    queue = open_queue(database)
    mark(database, queue, "anna", "accept")
    database.samples.insert_one(sample(9))
    again = open_queue(database)
    assert again == queue
    assert progress(database, again, "anna") | {"own": 0} == {
        "total": 3, "done": 1, "own": 0, "skipped": 0, "adjudication": 0, "absent": 0,
    }  # fmt: skip
    assert queue_of(database, queue.name) == queue
    assert queue_of(database, "none") is None


def test_opened_again_the_page_shows_the_same_row(database: Any) -> None:
    fill_samples(database, 3)
    queue = open_queue(database)
    first, second = take(database, queue, "anna"), take(database, queue, "anna")
    assert first is not None
    assert second is not None
    assert first.sample["key"] == second.sample["key"]
    assert second.until >= first.until
    assert second.until - second.now == timedelta(seconds=queue.lease)


def test_two_raters_never_have_one_row_and_an_ended_lease_comes_back(database: Any) -> None:
    fill_samples(database, 2)
    queue = open_queue(database)
    first, second = take(database, queue, "anna"), take(database, queue, "bao")
    assert first is not None
    assert second is not None
    assert first.sample["key"] != second.sample["key"]
    assert take(database, queue, "chi") is None
    end_lease(database, queue, "anna")
    third = take(database, queue, "chi")
    assert third is not None
    assert third.sample["key"] == first.sample["key"]
    assert take(database, queue, "anna") is None


def test_many_raters_at_once_get_a_row_each(database: Any) -> None:
    fill_samples(database, 8)
    queue = open_queue(database)
    leased: list[tuple[str, str]] = []

    def work(name: str) -> None:
        lease = take(database, queue, name)
        assert lease is not None
        leased.append((name, lease.sample["key"]))

    # Each rater opens two pages at once.
    threads = [threading.Thread(target=work, args=(f"rater {number % 4}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leased) == 8
    assert set(Counter(key for _, key in set(leased)).values()) == {1}
    assert len(set(leased)) == 4


def test_as_many_raters_as_are_wanted_get_a_row(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2)
    assert take(database, queue, "anna")
    assert take(database, queue, "bao")
    assert take(database, queue, "chi") is None
    mark(database, queue, "anna", "accept")
    assert take(database, queue, "anna") is None
    assert take(database, queue, "chi") is None
    end_lease(database, queue, "bao")
    assert take(database, queue, "chi")


def test_what_was_passed_over_can_be_taken_again(database: Any) -> None:
    fill_samples(database, 2)
    queue = open_queue(database)
    order = keys(database, queue, "anna")
    assert progress(database, queue, "anna")["skipped"] == 2
    assert take_skips_back(database, queue, "anna") == 2
    assert keys(database, queue, "anna") == order


def test_a_sample_that_was_removed_or_replaced_is_shown_to_nobody(database: Any) -> None:
    fill_samples(database, 3)
    queue = open_queue(database)
    database.samples.delete_one({"key": "k000"})
    database.samples.update_one({"key": "k001"}, {"$set": {"superseded": True}})
    assert keys(database, queue, "anna") == ["k002"]
    assert progress(database, queue, "anna")["total"] == 1
    database.samples.update_one({"key": "k001"}, {"$set": {"superseded": False}})
    fill(database, queue)
    assert keys(database, queue, "anna") == ["k001"]


def test_what_was_typed_stays_with_the_row(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database)
    take(database, queue, "anna")
    assert keep_draft(database, queue, "anna", "k000", {"answer": "A metà"})
    assert not keep_draft(database, queue, "bao", "k000", {"answer": "x"})
    end_lease(database, queue, "anna")
    lease = take(database, queue, "anna")
    assert lease is not None
    assert lease.draft == {"answer": "A metà"}


def test_time_on_a_row_leaves_out_what_is_idle(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database)
    lease = take(database, queue, "anna")
    assert lease is not None
    mine = lease.row["leases"][0]
    assert active_seconds(mine, lease.now + timedelta(seconds=40)) == 40
    assert active_seconds(mine | {"active": 10.0}, lease.now + timedelta(hours=5)) == 310
    assert active_seconds(mine, lease.now - timedelta(seconds=5)) == 0
