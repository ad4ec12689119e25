"""The stage that writes instructions: drawn fragments -> instructions and scores -> samples of those that are kept."""

from __future__ import annotations

import argparse
import functools
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from crawler.items import NewsmillError
from synth.filters.read import read_filter
from synth.llm import LLM, LLMError
from synth.outages import outlast
from synth.reverse.admission import admit
from synth.reverse.attempt import Attempt
from synth.reverse.exclusions import articles_of, exclusions
from synth.reverse.fragments.draw import OF_ARTICLE, Draw
from synth.reverse.settings import Settings, configuration_of
from synth.stages.llm_stage import LLMStage
from synth.stages.stage import Stage, run_stage
from synth.translation.translator import Translator

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.workers import Outcome

    Store = Database[dict[str, Any]]

#: Fields of a fragment that say what it is, and not what was made of it.
_DRAWN = ("fragment", "article", *OF_ARTICLE, "start", "end", "text", "kind", "genre", "words", "event")


class Models(NamedTuple):
    """Who is asked: the writer, the judge (may be the same), and the translator of the detour."""

    writer: LLM
    judge: LLM
    translator: Translator | None


def reverse_articles(
    database: Store, models: Models, settings: Settings, options: argparse.Namespace | None = None
) -> Counter[str]:
    """Draw fragments, write their instructions, make samples of those that are kept; counts by outcome.

    Raises:
        LLMError: no call can succeed (wrong key, no such model, nobody there); what was written stays.
    """
    options = options or argparse.Namespace()
    stage = stage_of(database, models, settings, options)
    if getattr(options, "dry_run", False):
        return run_stage(database, stage, options)
    if stage.upcoming:
        _store(database, stage.upcoming)
    counts = run_stage(database, stage_after_draw(stage), options, configuration_of(settings, options))
    return counts + admit(database, settings, read_filter(getattr(options, "where", None), database, "fragments"))


def stage_of(
    database: Store, models: Models, settings: Settings, options: argparse.Namespace, *, planning: bool = False
) -> Stage:
    """The stage over the fragments that wait, with those that are drawn now as `upcoming`.

    Raises:
        NewsmillError: one single prompt is asked for, and there are no fragments to compare it on.
    """
    pending = {**settings.rows(), "state": "drawn"}
    work = Reverser(database, models, settings, planning)
    where = read_filter(getattr(options, "where", None), database, "fragments")
    return Stage(
        "reverse", "fragments", pending, work, batch_size=32, upcoming=_drawn(database, settings, where, options)
    )


def stage_after_draw(stage: Stage) -> Stage:
    """The same stage where what is drawn is stored."""
    return replace(stage, upcoming=())


def _drawn(
    database: Store, settings: Settings, where: Mapping[str, Any], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """The rows of fragments that are not stored yet: those of other ways first, so that ways can be compared."""
    mine = settings.rows()
    limit = getattr(options, "limit", None)
    if limit:
        waiting = database.fragments.count_documents({"$and": [{**mine, "state": "drawn"}, dict(where)]}, limit=limit)
        if not (limit := limit - waiting):
            return []
    own = list(database.fragments.find(mine, dict.fromkeys(_DRAWN, 1)))
    elsewhere = _of_other_ways(database, settings, where, {row["fragment"] for row in own})[:limit]
    fragments = elsewhere
    if not settings.single_prompt and (limit is None or len(elsewhere) < limit):
        draw = Draw(database, where, settings.language, settings.seed, settings.per_article)
        draw.count_drawn([*own, *elsewhere])
        fragments = elsewhere + draw.rows(limit and limit - len(elsewhere))
    elif settings.single_prompt and not own and not elsewhere:
        raise NewsmillError(
            f"--single-prompt {settings.single_prompt}: compares on fragments that have instructions, and there are "
            "none yet: run synth reverse without it first, with the same models"
        )
    turn = len(own)
    return [_row(fragment, settings, turn + number) for number, fragment in enumerate(fragments)]


def _of_other_ways(
    database: Store, settings: Settings, where: Mapping[str, Any], own: set[str]
) -> list[dict[str, Any]]:
    """Fragments that another way has and this one has not, in the order in which they were drawn.

    One single prompt is compared with the pool of the same way and models, and with nothing else.
    """
    query: dict[str, Any] = {"language": settings.language} if settings.language else {}
    if settings.single_prompt:
        query |= {**settings.setup, "single_prompt": ""}
    rows = database.fragments.find({"$and": [query, dict(where)]}, {"_id": 0, **dict.fromkeys(_DRAWN, 1)})
    unique: dict[str, dict[str, Any]] = {}
    for row in rows.sort([("turn", 1), ("_id", 1)]):
        if row["fragment"] not in own:
            unique.setdefault(row["fragment"], row)
    return list(unique.values())


def _row(fragment: Mapping[str, Any], settings: Settings, turn: int) -> dict[str, Any]:
    """A row of `fragments` for one way of asking."""
    from bson import ObjectId

    prompt = settings.prompt_id(str(fragment["language"]))
    parts = (fragment["fragment"], *settings.setup.values(), prompt)
    task = settings.single_prompt or settings.tasks.draw(fragment, settings.seed)
    return {
        "_id": ObjectId(), "key": hashlib.sha256("\0".join(parts).encode()).hexdigest(),
        **{name: fragment[name] for name in _DRAWN}, **settings.setup, "prompt": prompt, "task_prompt": task,
        "seed": settings.seed, "turn": turn, "state": "drawn", "drawn_at": datetime.now(UTC),
    }  # fmt: skip


def _store(database: Store, rows: Sequence[Mapping[str, Any]]) -> None:
    """In their order: after a kill the first ones are there, and the same draw goes on behind them."""
    from pymongo import UpdateOne

    for start in range(0, len(rows), 500):
        writes = [
            UpdateOne({"key": row["key"]}, {"$setOnInsert": dict(row)}, upsert=True)
            for row in rows[start : start + 500]
        ]
        outlast(functools.partial(database.fragments.bulk_write, writes))


class Reverser(LLMStage):
    """Writes the instructions of fragments."""

    def __init__(self, database: Store, models: Models, settings: Settings, planning: bool = False) -> None:
        super().__init__(models.writer, "reverse", settings.concurrency)
        self.database, self.models, self.settings, self.planning = database, models, settings, planning
        self._open = AsyncExitStack()

    def prepare(self, batch: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
        """Each fragment with the reason why it may not be used any longer, "" for none."""
        reasons = exclusions(self.database, batch, articles_of(self.database, batch))
        return [(row, reasons.get(row["key"], "")) for row in batch]

    async def process(self, item: tuple[dict[str, Any], str]) -> Outcome:
        """The update of a fragment, or the name of the reason why there is none."""
        row, reason = item
        if reason:
            return [self._write(row, {"state": "excluded", "reason": reason})], Counter({reason: 1})
        attempt = Attempt(row, self.settings, *self.models, self.planning)
        try:
            state = await attempt.run()
        except LLMError as error:
            if error.fatal:
                raise
            self.report(f"fragment {row['key'][:12]}", error)
            return [], attempt.counts + Counter({error.reason: 1})
        changes = {
            **attempt.results, "state": state, "calls": attempt.calls, "run": self.run.id if self.run else "",
            "finished_at": datetime.now(UTC),
        }  # fmt: skip
        outcome = "instructed" if state == "judged" else attempt.results["reason"]
        return [self._write(row, changes)], attempt.counts + Counter({outcome: 1})

    def _write(self, row: Mapping[str, Any], changes: Mapping[str, Any]) -> Any:
        from pymongo import UpdateOne

        return UpdateOne({"_id": row["_id"], "state": "drawn"}, {"$set": dict(changes)})

    async def __aenter__(self) -> Self:
        await self._open.__aenter__()
        for model in _distinct(self.models):
            await self._open.enter_async_context(model)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.__aexit__(kind, error, trace)

    def stop(self) -> None:
        for model in _distinct(self.models):
            if stop := getattr(model, "stop", None):
                stop()


def _distinct(models: Models) -> list[Any]:
    """What is to be opened, each once: judge and translator may be the writer."""
    own = {id(models.writer): models.writer, id(models.judge): models.judge}
    engine = models.translator and models.translator.engine
    if engine is not None and id(getattr(engine, "llm", engine)) not in own:
        own[id(engine)] = engine  # type: ignore[assignment]
    return list(own.values())
