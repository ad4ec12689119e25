"""No call is paid twice: the ledger in a real MongoDB.

Covers synth.llm, synth.llm.completion, synth.llm.connection.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure
from pymongo.monitoring import CommandListener

from synth.llm import Limits, LLMError
from synth.llm.ledger import Ledgered, call_hash
from synth.llm.model_cards import ModelCard
from synth.llm.openai_client import ChatServer, Retries

T = TypeVar("T")
ASKED = [{"role": "user", "content": "Riassumi."}]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it, half a minute at most: nothing here hangs in order to fail."""
    return asyncio.run(asyncio.wait_for(work, 30))


def ledgered(stand: Any, database: Any, model: str = "tiny") -> Ledgered:
    return Ledgered(ChatServer(model, stand.url, retries=Retries(1)), database.llm_calls)


def test_the_second_call_costs_nothing(stand: Any, database: Any) -> None:
    first = run(ledgered(stand, database).complete(ASKED, temperature=0))
    second = run(ledgered(stand, database).complete(ASKED, temperature=0))
    assert (first.cached, second.cached) == (False, True)
    assert replace(first, cached=True) == second
    assert len(stand.asked) == 1
    row = database.llm_calls.find_one()
    assert row["hash"] == first.call == call_hash("openai:tiny", ASKED, {"temperature": 0})
    assert (row["llm"], row["text"], row["cost"]) == ("openai:tiny", stand.answer, 0.0125)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (11, 7)
    assert row["seconds"] >= 0
    assert database.llm_leases.count_documents({}) == 0


def test_another_request_is_another_call(stand: Any, database: Any) -> None:
    async def ask() -> None:
        llm = ledgered(stand, database)
        await llm.complete(ASKED)
        await llm.complete(ASKED, temperature=0)
        await llm.complete([*ASKED, {"role": "assistant", "content": "Sì."}])
        await ledgered(stand, database, "other").complete(ASKED)

    run(ask())
    assert len(stand.asked) == database.llm_calls.count_documents({}) == 4


def test_the_same_request_at_the_same_time_is_asked_once(stand: Any, database: Any) -> None:
    stand.delay = 0.2

    async def ask() -> list[bool]:
        async with ledgered(stand, database) as llm:
            return [reply.cached for reply in await asyncio.gather(*(llm.complete(ASKED) for _ in range(5)))]

    assert sorted(run(ask())) == [False, True, True, True, True]
    assert len(stand.asked) == 1


def test_a_call_without_a_reply_leaves_no_row(stand: Any, database: Any) -> None:
    stand.script = [(503, {}, "")]
    with pytest.raises(LLMError):
        run(ledgered(stand, database).complete(ASKED))
    assert database.llm_calls.count_documents({}) == 0
    # Whoever asks next need not wait until a lease has run out.
    assert database.llm_leases.count_documents({}) == 0
    assert run(ledgered(stand, database).complete(ASKED)).text == stand.answer


def test_two_processes_that_ask_the_same_go_on_with_the_same_reply(stand: Any, database: Any) -> None:
    async def ask() -> list[Any]:
        stand.delay = 0.2
        stand.script = [(200, {}, {"choices": [{"message": {"content": text}}]}) for text in ("uno", "due")]
        # Two ledgers know of each other only through the store, as two processes do.
        both = (ledgered(stand, database), ledgered(stand, database))
        return await asyncio.gather(*(llm.complete(ASKED) for llm in both))

    replies = run(ask())
    assert len({reply.text for reply in replies}) == 1
    assert len(stand.asked) == 1
    assert database.llm_calls.count_documents({}) == 1


def test_the_order_of_keys_is_no_other_request() -> None:
    left = call_hash("m", [{"role": "user", "content": "x"}], {"a": 1, "b": 2})
    assert left == call_hash("m", [{"content": "x", "role": "user"}], {"b": 2, "a": 1})
    assert left != call_hash("m", [{"role": "user", "content": "x"}], {"a": 1, "b": 3})
    # What was paid for under this key years ago is found under it for ever.
    accented = call_hash("openai:tiny", [{"role": "user", "content": "Perché? Tại sao?"}], {"temperature": 0})
    assert accented == "b696dae92fcc1eafd6a8634b2e7072e36f32d8846b7840d77c43551719c99313"


def question(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Riassumi {number}."}]


# ---- many at a time


class Commands(CommandListener):
    """Names of the commands sent to MongoDB."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.concerns: list[Any] = []

    def started(self, event: Any) -> None:
        self.sent[event.command_name] += 1
        if event.command_name == "insert":
            self.concerns.append(event.command["writeConcern"])

    def succeeded(self, event: Any) -> None:
        return

    def failed(self, event: Any) -> None:
        return


def test_many_calls_at_a_time_take_few_commands(stand: Any, database_uri: str) -> None:
    stand.delay = 0.05
    commands = Commands()
    with MongoClient(database_uri, event_listeners=[commands]) as client:
        server = ChatServer("tiny", stand.url, limits=Limits(concurrency=50))
        llm = Ledgered(server, client.get_default_database().llm_calls)

        async def ask() -> None:
            async with llm:
                await asyncio.gather(*(llm.complete(question(number)) for number in range(200)))

        run(ask())
        calls = client.get_default_database().llm_calls
        assert calls.count_documents({}) == 200
    assert commands.sent["find"] < 20
    assert commands.sent["insert"] < 100
    assert commands.concerns[0] == {"w": "majority", "j": True}


def test_a_reply_is_in_the_store_before_anybody_has_it(stand: Any, database: Any) -> None:
    async def ask() -> None:
        async with ledgered(stand, database) as llm:

            async def one(number: int) -> None:
                reply = await llm.complete(question(number))
                found = await asyncio.to_thread(database.llm_calls.find_one, {"hash": reply.call})
                assert found["text"] == reply.text

            await asyncio.gather(*(one(number) for number in range(30)))

    run(ask())


def test_a_store_that_fails_is_told_to_everybody_who_waits(stand: Any) -> None:
    with MongoClient("mongodb://127.0.0.1:9/none", serverSelectionTimeoutMS=200) as client:
        llm = Ledgered(ChatServer("tiny", stand.url), client.none.llm_calls, patience=0.2)

        async def ask() -> list[Any]:
            calls = (llm.complete(question(number)) for number in range(3))
            return await asyncio.gather(*calls, return_exceptions=True)

        told = run(ask())
    assert {type(error).__name__ for error in told} == {"ServerSelectionTimeoutError"}
    assert stand.asked == []


def test_parameters_that_no_store_takes_are_refused_before_they_cost_anything(stand: Any, database: Any) -> None:
    with pytest.raises(TypeError, match="no store takes"):
        run(ledgered(stand, database).complete(ASKED, seed=2**70))
    assert stand.asked == []


# ---- replies that are no good are kept, too


@pytest.mark.parametrize(
    ("content", "finish"), [("Il cons", "length"), ("", "content_filter"), ("", "stop"), ("No.", "refusal")]
)
def test_cut_off_refused_and_empty_replies_are_not_asked_again(
    stand: Any, database: Any, content: str, finish: str
) -> None:
    told = {"content": content, "refusal": "No." if finish == "refusal" else None}
    stand.script = [(200, {}, {"choices": [{"message": told, "finish_reason": finish}]})]
    first = run(ledgered(stand, database).complete(ASKED, max_tokens=5))
    again = run(ledgered(stand, database).complete(ASKED, max_tokens=5))
    assert (first.finish_reason, again.finish_reason, again.cached) == (finish, finish, True)
    # With other parameters it is another request.
    assert run(ledgered(stand, database).complete(ASKED, max_tokens=500)).text == stand.answer
    assert len(stand.asked) == 2


def test_each_row_has_its_cost_and_no_key(stand: Any, database: Any) -> None:
    stand.reply = lambda body: {
        "choices": [{"message": {"content": "sì"}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
    }
    server = ChatServer("tiny", stand.url, "sk-secret", card=ModelCard("tiny", None, None, 0.15, 0.6))
    llm = Ledgered(server, database.llm_calls)
    assert run(llm.complete(ASKED)).cost == pytest.approx(0.00021)
    row = database.llm_calls.find_one()
    assert row["cost"] == pytest.approx(0.00021)
    assert row["server"] == stand.url.split("/")[2]
    assert "sk-secret" not in str(row)
    # What the ledger gives was paid before: the run's budget has only the first.
    run(llm.complete(ASKED))
    assert server.budget.spent == pytest.approx(0.00021)


# ---- callers who leave


def test_who_leaves_loses_no_reply_that_is_under_way(stand: Any, database: Any) -> None:
    stand.delay = 0.3

    async def ask() -> None:
        async with ledgered(stand, database) as llm:
            tasks = [asyncio.create_task(llm.complete(question(number))) for number in range(20)]
            while len(stand.asked) < 8:
                await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
            told = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(one) for one in told} == {asyncio.CancelledError}

    run(ask())
    # Eight at a time: those were with the server, the others had not been sent and never are.
    assert len(stand.asked) == database.llm_calls.count_documents({}) == 8


def test_one_of_two_callers_may_leave(stand: Any, database: Any) -> None:
    stand.delay = 0.2

    async def ask() -> str:
        async with ledgered(stand, database) as llm:
            first, second = (asyncio.create_task(llm.complete(ASKED)) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            return (await second).text

    assert run(ask()) == stand.answer
    assert len(stand.asked) == 1


def test_nothing_is_tried_again_while_the_run_ends(stand: Any, database: Any) -> None:
    stand.script = [(503, {"X-Delay": "0.2"}, "")]

    async def ask() -> None:
        server = ChatServer("tiny", stand.url, retries=Retries(first_wait=120.0))
        async with Ledgered(server, database.llm_calls) as llm:
            task = asyncio.create_task(llm.complete(ASKED))
            while not stand.asked:
                await asyncio.sleep(0.01)
            task.cancel()

    # Another attempt would come in two minutes.
    run(ask())
    assert len(stand.asked) == 1


def test_the_last_calls_of_a_budget_are_kept(stand: Any, database: Any) -> None:
    stand.delay = 0.05
    card = ModelCard("tiny", input_price=0.0, output_price=1e6)
    stand.reply = lambda body: {
        "choices": [{"message": {"content": "a"}}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1},
    }

    async def ask() -> list[Any]:
        server = ChatServer("tiny", stand.url, limits=Limits(concurrency=4, max_cost=10.5), card=card)
        async with Ledgered(server, database.llm_calls) as llm:
            calls = (llm.complete(question(number), max_tokens=1) for number in range(30))
            return await asyncio.gather(*calls, return_exceptions=True)

    told = run(ask())
    assert Counter(getattr(one, "reason", "answered") for one in told) == {"answered": 10, "max_cost": 20}
    assert len(stand.asked) == 10
    assert sum(row["cost"] for row in database.llm_calls.find()) == pytest.approx(10)


# ---- a store that fails, and a run that ends


def test_a_store_that_fails_after_the_reply_keeps_it(
    stand: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice an outage, then it is stored; what is no outage is raised at once."""
    errors: list[Exception] = [AutoReconnect("gone"), OperationFailure("no primary", 10107)]
    insert = Collection.insert_many

    def failing(collection: Any, rows: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop(0)
        return insert(collection, rows, **options)

    monkeypatch.setattr(Collection, "insert_many", failing)
    llm = Ledgered(ChatServer("tiny", stand.url), database.llm_calls)
    assert run(llm.complete(question(1))).text == stand.answer
    assert (len(stand.asked), database.llm_calls.count_documents({})) == (1, 1)
    for error in (OperationFailure("not allowed", 13), BulkWriteError({"writeErrors": [{"code": 121, "index": 0}]})):
        errors.append(error)
        with pytest.raises(type(error)):
            run(llm.complete(question(2)))
    assert database.llm_calls.count_documents({}) == 1


def test_a_duplicate_in_the_middle_of_a_batch_loses_nothing_behind_it(stand: Any, database: Any) -> None:
    """Somebody without leases (an older version) asked every third as well, and was first."""
    stand.delay = 0.3

    def stored_already(body: dict[str, Any]) -> None:
        if int(body["messages"][0]["content"][9:-1]) % 3 == 1:
            key = call_hash("openai:tiny", body["messages"], {})
            row = {"hash": key, "text": "theirs", "model": "tiny", "finish_reason": "stop"}
            row |= dict.fromkeys(("prompt_tokens", "completion_tokens", "cost"))
            database.llm_calls.update_one({"hash": key}, {"$setOnInsert": row}, upsert=True)

    stand.judge = stored_already

    async def ask() -> list[str]:
        limits = Limits(concurrency=30)
        async with Ledgered(ChatServer("tiny", stand.url, limits=limits), database.llm_calls) as llm:
            replies = await asyncio.gather(*(llm.complete(question(number)) for number in range(30)))
        return [reply.text for reply in replies]

    texts = run(ask())
    assert database.llm_calls.count_documents({}) == 30
    assert texts == ["theirs" if number % 3 == 1 else stand.answer for number in range(30)]


def test_after_stop_nothing_is_sent(stand: Any, database: Any) -> None:
    async def ask() -> None:
        async with Ledgered(ChatServer("tiny", stand.url), database.llm_calls) as llm:
            llm.stop()
            with pytest.raises(LLMError, match="the run ends") as caught:
                await llm.complete(question(1))
            assert caught.value.reason == "stopped"

    run(ask())
    assert stand.asked == []


def test_a_call_given_up_while_the_store_is_away_is_not_sent(stand: Any, database: Any) -> None:
    async def ask() -> None:
        async with Ledgered(ChatServer("tiny", stand.url), database.llm_calls) as llm:
            # A reply that has waited for the store for a while.
            llm.unacknowledged[None] = asyncio.get_running_loop().time() - 10
            task = asyncio.create_task(llm.complete(question(1)))
            await asyncio.sleep(0.5)
            assert stand.asked == []
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert llm.llm.budget.spent == 0
            llm.unacknowledged.clear()
            # The store is back, and nobody wants that reply any more.
            await asyncio.sleep(0.3)
            assert stand.asked == []

    run(ask())
    assert stand.asked == []
    assert database.llm_leases.count_documents({}) == 0
