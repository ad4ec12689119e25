"""The list of samples: filtered, searched, sorted by any score; all of it stands in the address."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crawler.items import NewsmillError
from synth.filters.cookbook import recipes
from synth.filters.saved import saved_filters
from synth.ratings.calibration import DIMENSIONS, ENOUGH_ROWS, Calibration
from synth.review.browse.order import ensure_order_indexes, is_ordered, scores
from synth.review.browse.sample_list import Choice, Page, SampleList
from synth.review.figures import calibration_in
from synth.review.languages import translate, words
from synth.review.rendering import render
from synth.review.requests import app_object, database_of, language_of, parameter
from synth.samples.sample import ensure_lengths

if TYPE_CHECKING:
    from pymongo.database import Database

NAVIGATION = "samples.title"
POSITION = 10
#: Samples whose indexes take a while.
_MANY = 10_000


def prepare_store(database: Database[dict[str, Any]]) -> None:
    """The indexes by which samples are sorted, and the lengths of answers of an earlier version."""
    if not is_ordered(database) and database.samples.estimated_document_count() > _MANY:
        print("review: making the indexes by which samples are sorted (once)", file=sys.stderr)
    ensure_order_indexes(database)
    with contextlib.suppress(NewsmillError):
        # Who may only read gets those that are there, and is told when a filter asks for them.
        ensure_lengths(database)


def prepare(app: Starlette) -> None:
    """Begin to read the words of samples, behind the requests."""
    words = app_object(app, SampleList).words
    words.give_way = app.state.traffic.wait_for_quiet
    words.refresh()


def show(request: Request) -> Response:
    """A page of the list; a filter that is none is said beside the filter, which can be put right there."""
    choice, samples = choice_of(request), app_object(request.app, SampleList)
    page, error = None, ""
    try:
        page = samples.page(choice)
    except NewsmillError as mistake:
        error = str(mistake)
    return render(
        request, "samples.html.jinja", 400 if error else 200, choice=choice, page=page, error=error,
        sorts=list(sorts(language_of(request))), cookbook=cookbook(), saved=saved_filters(database_of(request)),
        links=links(choice, page) if page else {}, total=samples.words.total if page and page.reading else 0,
        uncompared=uncompared_languages(calibration_in(request.app), page) if page else {}, enough=ENOUGH_ROWS,
        score=score_name(language_of(request), page.order.field) if page and page.order.by_score else "",
    )  # fmt: skip


def uncompared_languages(calibration: Calibration, page: Page) -> dict[str, int]:
    """Language -> samples on which its judge was compared with people, where a score of it is shown and these are few.

    Of several judges the one least compared counts.
    """
    if page.order.field not in DIMENSIONS:
        return {}
    counts: dict[str, int] = {}
    for row in page.rows:
        if row["value"] is not None:
            rows = calibration.compared(row["language"], [row["judge"]], page.order.field)
            counts[row["language"]] = min(rows, counts.get(row["language"], rows))
    return {language: rows for language, rows in sorted(counts.items()) if rows < ENOUGH_ROWS}


def choice_of(request: Request) -> Choice:
    """What the address asks for."""
    names = {"filter": "filter", "search": "q", "sort": "sort", "after": "after", "before": "before"}
    texts = {name: parameter(request, own).strip() for name, own in names.items()}
    return Choice(**texts, everything=parameter(request, "all") == "1", with_count=parameter(request, "count") == "1")


def links(choice: Choice, page: Page) -> dict[str, str]:
    """Name -> address of the pages that this one leads to; "" where there is none."""
    addresses = {
        "first": choice.address() if choice.after or choice.before else "",
        "previous": choice.address(before=page.before) if page.before else "",
        "next": choice.address(after=page.after) if page.after else "",
        "count": choice.address(with_count=True, after=choice.after, before=choice.before),
    }
    return {name: f"/samples?{query}" if query or (name == "first" and page.before) else "" for name, query in
            addresses.items()}  # fmt: skip


def sorts(language: str) -> Iterator[tuple[str, str]]:
    """(value, text) of every order that there is."""
    yield "-date", translate(language, "samples.newest")
    yield "date", translate(language, "samples.oldest")
    for name in scores():
        for sign, way in (("-", "largest"), ("", "smallest")):
            yield sign + name, translate(language, f"samples.{way}", score=score_name(language, name))


def score_name(language: str, field: str) -> str:
    """A score in the reader's language; one that has no words yet by its own name."""
    key = f"scores.{field.replace('.', '_')}"
    return translate(language, key) if key in words() else field


def cookbook() -> list[tuple[str, str]]:
    """(filter with usual values, the question that it answers) of the cookbook's filters of samples."""
    own = [recipe for recipe in recipes().values() if recipe.collection == "samples"]
    values = {recipe.name: ",".join(map(str, recipe.values.values())) for recipe in own}
    return [(f":{recipe.name}" + f"={values[recipe.name]}" * bool(recipe.values), recipe.question) for recipe in own]


ROUTES = [Route("/samples", show)]
