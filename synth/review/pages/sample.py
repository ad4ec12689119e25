"""One sample: its answer beside its sources, what is doubtful in it, and all that the store knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from synth.display.sample_card import number
from synth.ratings.calibration import DIMENSIONS, ENOUGH_ROWS, Calibration, judge_name
from synth.review.browse.sample_details import details, find_sample, opinions
from synth.review.figures import calibration_in
from synth.review.languages import translate, words
from synth.review.pages.samples import score_name
from synth.review.rendering import render
from synth.review.requests import database_of, language_of, rater_of, settings_of


def show(request: Request) -> Response:
    """The page of a key, or of the beginning of one."""
    database, key = database_of(request), request.path_params["key"]
    sample = find_sample(database, key)
    if sample is None:
        raise HTTPException(404)
    if sample["key"] != key:
        return RedirectResponse(f"/sample/{quote(str(sample['key']), safe='')}", 303)
    language = language_of(request)
    explanation = details(database, sample)
    explanation["scores"] = [
        (group, [_in_words(language, row) for row in rows]) for group, rows in explanation["scores"]
    ]
    uncompared = uncompared_scores(calibration_in(request.app), sample)
    statements = opinions(database, key, rater_of(request), settings_of(request).overlap)
    return render(request, "sample.html.jinja", **explanation, said=statements, key=key,
                  uncompared=uncompared, enough=ENOUGH_ROWS)  # fmt: skip


def _in_words(language: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a score with what a reader is told of it: {title, scale, words}."""
    low, _, high = str(row["unit"]).partition(" to ")
    key = f"meanings.{row['name'].replace('.', '_')}"
    return {
        **row, "title": score_name(language, row["name"]),
        "scale": translate(language, "sample.range", low=low, high=high) if high else row["unit"],
        "words": translate(language, key) if key in words() else row["meaning"],
    }  # fmt: skip


def uncompared_scores(calibration: Calibration, sample: Mapping[str, Any]) -> dict[str, int]:
    """Score of the judge -> samples on which it was compared with people, where these are too few."""
    scores = [name for name in DIMENSIONS if number(sample.get(name)) is not None]
    language, judges = str(sample.get("language") or ""), [judge_name(sample.get("judge"))]
    rows = {name: calibration.compared(language, judges, name) for name in scores}
    return {name: count for name, count in rows.items() if count < ENOUGH_ROWS}


SECTION = "/samples"
ROUTES = [Route("/sample/{key}", show)]
