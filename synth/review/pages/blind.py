"""A rater's sheet of a blind evaluation, one row at a time; each mark is in the folder as soon as it is made."""

from __future__ import annotations

import functools
import time
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from synth.review.blind_sheets import VALUES, Sheet, save_marks, sheet_of, take_sheet
from synth.review.rendering import render
from synth.review.requests import form_of, parameter, rater_of, settings_of

NAVIGATION = "blind.title"
POSITION = 10
BLIND, STORE = True, False
#: Seconds of one visit to a row that count, where the page did not measure them itself.
_LONGEST_VISIT = 600
_LONGEST = 24 * 3600


def show(request: Request) -> Response:
    """A row, the first that is not complete where none is named; or how far the sheet is where all are."""
    sheet = _sheet(request)
    if sheet is None:
        return render(request, "blind.html.jinja", sheet=None, row=None, refused=False)
    item = parameter(request, "item") or sheet.first_open()
    place = sheet.place_of(item) if item else None
    if item and place is None:
        raise HTTPException(404)
    if place is None:
        return render(request, "blind.html.jinja", sheet=sheet, row=None)
    items = [row["item"] for row in sheet.rows]
    row = sheet.rows[place]
    texts = [row["text_a"], row["text_b"]] if sheet.is_pairs else [row["text"]]
    return render(
        request, "blind.html.jinja", sheet=sheet, row=row, place=place, texts=texts, spoken=_spoken, scales=VALUES,
        previous=items[place - 1] if place else "", following=items[place + 1] if place + 1 < len(items) else "",
        opened=f"{time.time():.0f}",
    )  # fmt: skip


def begin(request: Request) -> Response:
    """Give the rater a sheet, which stays the rater's."""
    if take_sheet(_folder(request), rater_of(request)):
        return RedirectResponse("/blind", 303)
    return render(request, "blind.html.jinja", 409, sheet=None, row=None, refused=True)


def save(request: Request) -> Response:
    """Keep the marks of a row, and go where the reader pressed; "stay" keeps them and answers nothing."""
    form = form_of(request)
    item = form.get("item", "")
    marks = {name: form[name] for name in (*VALUES, "remark") if name in form}
    sheet = save_marks(_folder(request), rater_of(request), item, marks, _seconds(request))
    if form.get("go") == "stay":
        return Response(status_code=204)
    place = (sheet.place_of(item) or 0) + (-1 if form.get("go") == "previous" else 1)
    if 0 <= place < len(sheet.rows):
        return RedirectResponse(f"/blind?item={sheet.rows[place]['item']}", 303)
    return RedirectResponse("/blind", 303)


def _sheet(request: Request) -> Sheet | None:
    return sheet_of(_folder(request), rater_of(request))


def _folder(request: Request) -> Path:
    folder = settings_of(request).blind
    if folder is None:
        raise HTTPException(404)
    return folder


def _seconds(request: Request) -> int:
    """Seconds spent on the row: those before this visit, and of this one what the page measured, else our clock."""
    form = form_of(request)
    before, opened, measured = (_whole(form.get(name, "")) for name in ("before", "opened", "seconds"))
    visit = measured if form.get("seconds") else min(max(int(time.time()) - opened, 0), _LONGEST_VISIT)
    return min(before + visit, _LONGEST)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0


@functools.lru_cache(maxsize=4096)
def _spoken(text: str) -> str:
    """The language of a text, for its `lang`; "" where it cannot be known."""
    from synth.language import detect

    code = detect(text)[0] if text.strip() else ""
    return "" if code == "unknown" else code


ROUTES = [
    Route("/blind", show),
    Route("/blind", save, methods=["POST"]),
    Route("/blind/begin", begin, methods=["POST"]),
]
