r"""The pages: each is one module of this folder, found by listing it, with one template and one file of words.

How to add the page NAME:

1. `pages/NAME.py` has the routes, and the key of its name in the navigation (None or left out: it is not there):

       from starlette.requests import Request
       from starlette.responses import RedirectResponse, Response
       from starlette.routing import Route

       from synth.review.rendering import render
       from synth.review.requests import database_of, form_of, parameter, rater_of, settings_of, whole_number

       NAVIGATION = "queue.title"      # points at the path of ROUTES[0]
       POSITION = 30                   # optional: place in the navigation, 50 where it is left out (home is 0)
       SECTION = "/samples"            # optional: for a page that is not in the navigation, the row that it belongs to
       BLIND, STORE = False, True      # optional: whether `synth review --blind FOLDER` has it; whether other runs do

       def may_open(settings: Settings, rater: str) -> bool:  # optional: who has it in the navigation; check it there
           return rater == settings.owner

       def prepare_store(database): ...        # optional: once before the server answers, with a patient connection
       def prepare(app): ...                   # optional: once before it answers, with that of the pages

       def show(request: Request) -> Response:
           row = database_of(request).samples.find_one({"key": parameter(request, "key")})
           return render(request, "queue.html.jinja", row=row, mine=rater_of(request))

       def save(request: Request) -> Response:
           form = form_of(request)     # its token and size were checked before; every value is text
           ...form.get("answer", "")...
           return RedirectResponse("/queue", 303)

       ROUTES = [Route("/queue", show), Route("/queue", save, methods=["POST"])]

   Write plain functions, not `async` ones: PyMongo waits, and Starlette gives each plain function a thread. Raise
   `starlette.exceptions.HTTPException(404)` (or 400) for what there is not, `crawler.items.NewsmillError("…")` for what
   the reader can put right; a store that is away becomes a page with status 503 by itself, which keeps the fields of a
   form. Let a GET change nothing, and answer a POST with a redirect 303. `database_of(request)` is the
   `pymongo` Database, `settings_of(request)` a `synth.review.settings.Settings` (filter, overlap, blind …; add a
   field there and an option in `command.py`), `rater_of(request)` the name of the rater. Without these helpers they
   are `request.app.state.database`, `request.app.state.settings`, `request.state.rater`, `request.state.form`,
   `request.state.language`. Filters that a reader writes go through `synth.filters.read.read_filter(text, database)`.

2. `templates/NAME.html.jinja`:

       {% extends "base.html.jinja" %}
       {% block title %}{{ t("queue.title") }}{% endblock %}
       {% block main %}
       <h1>{{ t("queue.title") }}</h1>
       <p>{{ t("queue.left", count=left) }}</p>
       <div lang="{{ row.language }}">{{ row.answer }}</div>
       <form method="post" action="/queue">{{ csrf_field }}
         <label for="answer">{{ t("queue.answer") }}</label>
         <textarea id="answer" name="answer">{{ row.answer }}</textarea>
         <button class="primary" data-key="a">{{ t("queue.accept") }}</button>
       </form>
       {% endblock %}

   Everything is escaped. `t` takes keys of all word files; the filters `number`, `day`, `moment` write as the reader's
   language does; `href="{{ source.link | web }}"` of a stored link is empty where it is none of the web; `csrf_field`
   belongs into every form with method="post". There is no inline script and no `style="…"`: the browser would refuse
   them. For bars take `<meter>`, `<progress>` or the attributes of SVG. A file of one's own in `static/` goes into
   `{% block head %}`: `<link rel="stylesheet" href="{{ asset("NAME.css") }}">`, a script as
   `<script src="{{ asset("NAME.js") }}" defer></script>`; the page must work without it. The narrow measure of the
   text is left by `{% block layout %}wide{% endblock %}`. Classes of `static/style.css`: `card`, `columns` (side by
   side where there is room), `facts` (a `dl` in one line), `number`, `small`, `notice`, `pager`, `scroll` (around a
   wide table), `text` (a long text), `button`, `primary`, `danger`, `actions` (a row of buttons), `fields` (of
   `div`s: label above input), `check` (a label with its box), `choices` (a fieldset of those in a row), and the
   elements `mark` (a span that is spoken of), `mark.fact` (an unsupported fact), `ins`, `del`.

   Keys (`static/keys.js`): an element with `data-key="a"` is pressed, or focused where it is a field, by that key;
   `data-key="ctrl+enter"` works inside a field, too. `j` and `k` go to the next and previous element with `data-row`
   (Enter opens its first link). `?` lists the page's keys with the texts of their elements (`data-key-label` where it
   has none).

3. `words/NAME.yaml`: {key: {en: …, it: …, vi: …}}, asked for as `NAME.key`; all three languages, a test looks. Put
   texts in quotes. Holes are `{name}`; a text that depends on `{count}` is {one: …, other: …}:

       left:
         en: {one: "{count} row is left", other: "{count} rows are left"}
         it: {one: "resta {count} riga", other: "restano {count} righe"}
         vi: "còn {count} dòng"

   A text `NAME.about`, where there is one, stands under the link to the page on the first page.

4. `tests/synth/review/pages/test_NAME.py`, with the fixtures of `tests/synth/review/conftest.py`: `client` (starlette's
   TestClient), `post("/queue", answer="…")` (a form with its token), `live` (a server with a page of Chromium:
   `live.page.goto(live.address + "queue")`), `samples` (three rows in `database`).
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

#: Place in the navigation of a page that names none.
POSITION = 50


def page_modules(blind: bool = False) -> list[ModuleType]:
    """The modules of this folder, in the order of the navigation: those of a blind evaluation, or of the store."""
    modules = [importlib.import_module(f"{__name__}.{row.name}") for row in pkgutil.iter_modules(__path__)]
    name, otherwise = ("BLIND", False) if blind else ("STORE", True)
    chosen = [module for module in modules if getattr(module, name, otherwise)]
    return sorted(chosen, key=lambda module: (getattr(module, "POSITION", POSITION), module.__name__))
