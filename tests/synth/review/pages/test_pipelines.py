"""The pages of pipelines: who may, what is agreed to before money is spent, and a whole run in a browser.

Covers synth.review.pipelines.forecasts.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from synth.review.access import new_access
from synth.review.app import create_app
from synth.review.pipelines.files import PipelineFile, pipeline_file
from synth.review.pipelines.forecasts import Forecast, Forecasts
from synth.review.pipelines.runs import PipelineRuns
from synth.review.security import LANGUAGE_COOKIE
from synth.review.settings import Settings
from tests.chromium import axe
from tests.synth.llm.conftest import stand as stand_fixture
from tests.synth.llm.conftest import store as store_fixture
from tests.synth.review.conftest import Live
from tests.synth.review.pipelines.pipeline_fixtures import Model, ended
from tests.synth.review.pipelines.pipeline_fixtures import file as file_fixture
from tests.synth.review.pipelines.pipeline_fixtures import folder as folder_fixture
from tests.synth.review.pipelines.pipeline_fixtures import model as model_fixture
from tests.synth.review.pipelines.pipeline_fixtures import runs as runs_fixture
from tests.waiting import wait_until

stand, store = stand_fixture, store_fixture
file, folder, model, runs = file_fixture, folder_fixture, model_fixture, runs_fixture


@pytest.fixture
def settings(folder: Path, database_uri: str) -> Settings:
    return Settings(pipelines=folder, uri=database_uri)


def text_of(page: Any) -> str:
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", main).split()))


def forecast_of(file: PipelineFile, folder: Path, uri: str, name: str) -> Forecast:
    """The forecast that a page has begun, once it is made."""
    forecasts = Forecasts(folder, uri, f"{uri}/{name}")
    wait_until(lambda: forecasts.read(file).state in ("known", "failed"))
    return forecasts.read(file)


def test_the_list_names_what_can_be_run(client: TestClient, runs: PipelineRuns, model: Model) -> None:
    told = text_of(client.get("/pipelines"))
    for wanted in ("free.yaml", "dear.yml", "wrong.yaml cannot be run: 1 mistake", "Not run yet."):
        assert wanted in told
    assert "recipe.yaml" not in told
    assert "did you mean 'cluster'" in text_of(client.get("/pipelines/wrong.yaml"))


@pytest.mark.parametrize("name", ["recipe.yaml", "..%2Fpipelines%2Ffree.yaml", "%2Fetc%2Fpasswd", "none.yaml"])
def test_what_is_not_listed_can_neither_be_seen_nor_run(
    client: TestClient, post: Any, runs: PipelineRuns, model: Model, name: str
) -> None:
    assert client.get(f"/pipelines/{name}").status_code == 404
    for action in ("start", "stop", "forecast"):
        assert post(f"/pipelines/{name}/{action}", sha256="x", file="/etc/passwd").status_code == 404
    assert not list(runs.folder.glob("*"))


def test_a_file_with_mistakes_is_not_run(post: Any, runs: PipelineRuns, model: Model) -> None:
    assert post("/pipelines/wrong.yaml/start", sha256="").status_code == 404


def test_started_and_stopped_by_forms(
    client: TestClient, post: Any, runs: PipelineRuns, file: PipelineFile, model: Model
) -> None:
    assert file.pipeline is not None
    # The page of another version of the file starts nothing.
    assert post("/pipelines/free.yaml/start", sha256="0" * 64).headers["location"].endswith("?news=changed")
    assert runs.state(file).outcome == "never"
    begun = post("/pipelines/free.yaml/start", sha256=file.pipeline.digest)
    assert (begun.status_code, begun.headers["location"]) == (303, "/pipelines/free.yaml?news=started")
    again = post("/pipelines/free.yaml/start", sha256=file.pipeline.digest)
    assert again.headers["location"].endswith("?news=running")
    model.wait_until_asked()
    page = client.get("/pipelines/free.yaml?news=running")
    told = text_of(page)
    assert "It was running already: there is one run." in told
    assert "It is running." in told
    assert "[1/2] synth summarize" in told
    # Without a script the page loads itself anew, and forgets the news.
    assert '<noscript><meta http-equiv="refresh" content="5; url=/pipelines/free.yaml"></noscript>' in page.text
    assert post("/pipelines/free.yaml/stop").headers["location"].endswith("?news=stopping")
    assert post("/pipelines/free.yaml/stop").headers["location"].endswith(("?news=stopping", "?news=ended"))
    model.open.set()
    assert ended(runs, file) == "interrupted"
    told = text_of(client.get("/pipelines/free.yaml"))
    assert "It was interrupted." in told
    assert "Go on" in told
    assert post("/pipelines/free.yaml/stop").headers["location"].endswith("?news=ended")


def test_a_run_whose_file_was_spoiled_or_deleted_can_be_stopped(
    client: TestClient, post: Any, runs: PipelineRuns, file: PipelineFile, model: Model
) -> None:
    runs.start(file, "anna")
    model.wait_until_asked()
    file.path.write_text("steps:\n  - clutter\n", encoding="utf-8")
    told = text_of(client.get("/pipelines/free.yaml"))
    for wanted in ("did you mean 'cluster'", "It is running.", "Stop", "[1/2] synth summarize"):
        assert wanted in told
    file.path.unlink()
    assert "free.yaml It is running." in text_of(client.get("/pipelines"))
    assert "It is gone" in text_of(client.get("/pipelines/free.yaml"))
    assert post("/pipelines/free.yaml/stop").headers["location"].endswith("?news=stopping")
    model.open.set()
    assert ended(runs, file) == "interrupted"
    assert client.get("/pipelines/free.yaml").status_code == 404


def test_a_paid_model_is_paid_only_for_what_was_agreed_to(
    client: TestClient, post: Any, runs: PipelineRuns, model: Model, folder: Path, database_uri: str
) -> None:
    dear = pipeline_file(folder, "dear.yml")
    assert dear is not None
    assert dear.pipeline is not None
    confirm = "/pipelines/dear.yml/confirm"
    assert "Start: see the cost first" in text_of(client.get("/pipelines/dear.yml"))
    told = forecast_of(dear, runs.folder, database_uri, runs.database.name)
    assert told.state == "known"
    assert told.total["cost"] > 0
    for agreed in ("", "known", "none", "yes", "0" * 32):
        refused = post("/pipelines/dear.yml/start", sha256=dear.pipeline.digest, agreed=agreed)
        assert refused.headers["location"] == confirm
    assert runs.state(dear).outcome == "never"
    page = client.get(confirm)
    assert f"Start and pay about US$ {told.total['cost']:,.4f}, at most {told.total['cost_most']:,.4f}" in text_of(page)
    assert "Nothing limits its cost: the file gives no --max-cost" in text_of(page)
    fields = dict(re.findall(r'name="(sha256|agreed)" value="([^"]+)"', page.text))
    assert post("/pipelines/dear.yml/start", **fields).headers["location"].endswith("?news=started")
    model.open.set()
    assert ended(runs, dear) == "done"
    # What was agreed to was this run: its numbers are old now, and the page counts anew.
    assert client.get("/pipelines/dear.yml").status_code == 200
    renewed = forecast_of(dear, runs.folder, database_uri, runs.database.name)
    assert renewed.token != told.token
    assert renewed.total["calls"] == 0
    again = post("/pipelines/dear.yml/start", **fields)
    assert again.headers["location"] == confirm


def test_a_forecast_that_fails_says_so(
    client: TestClient, runs: PipelineRuns, model: Model, folder: Path, database_uri: str
) -> None:
    (folder / "lost.yaml").write_text('steps:\n  - summarize: {llm: "openai:x", where: ":nobody"}\n')
    lost = pipeline_file(folder, "lost.yaml")
    assert lost is not None
    assert client.get("/pipelines/lost.yaml").status_code == 200
    told = forecast_of(lost, runs.folder, database_uri, runs.database.name)
    assert told.state == "failed"
    assert "nobody" in text_of(client.get("/pipelines/lost.yaml"))
    assert "what it costs is not known" in text_of(client.get("/pipelines/lost.yaml/confirm"))


@pytest.mark.parametrize(
    ("change", "rater", "allowed"),
    [
        ({}, "", True),
        ({"raters": ("anna", "linh")}, "anna", True),
        ({"raters": ("anna", "linh"), "owner": "anna"}, "anna", True),
        ({"raters": ("anna", "linh"), "owner": "anna"}, "linh", False),
        ({"raters": ("anna",), "host": "0.0.0.0"}, "anna", False),
        ({"raters": ("anna",), "host": "0.0.0.0", "owner": "anna"}, "anna", True),
        # Behind a server that others reach.
        ({"raters": ("anna",), "hosts": ("news.example.org",)}, "anna", False),
    ],
)
def test_only_the_owner_or_who_works_at_this_machine_may(
    settings: Settings, runs: PipelineRuns, model: Model, change: dict[str, Any], rater: str, allowed: bool
) -> None:
    settings = replace(settings, **change)
    access = new_access(settings.raters)
    app = create_app(runs.database, settings, access)
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        if rater:
            client.get("/enter", params={"token": access.tokens[rater]})
        form = {"csrf": access.form_token(rater or access.owner), "sha256": "0" * 64}
        expected = (200, 303) if allowed else (403, 403)
        told = client.get("/pipelines").status_code, client.post("/pipelines/free.yaml/start", data=form).status_code
        assert told == expected


def test_hostile_texts_of_a_run_stay_texts(
    client: TestClient, runs: PipelineRuns, file: PipelineFile, model: Model, folder: Path
) -> None:
    evil = "<script>alert(1)</script>"
    (folder / f"{evil.replace('/', '')}.yaml").write_text(f'name: "{evil}"\nsteps:\n  - cluster\n', encoding="utf-8")
    runs.start(file, evil)
    model.wait_until_asked()
    output = Path(runs.starts.find_one({})["output"])  # type: ignore[index]
    with output.open("a") as log:
        log.write(f"{evil}\x1b[31m\n")
    for address in ("/pipelines", "/pipelines/free.yaml"):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


# ---- in a browser


def test_a_pipeline_is_started_watched_stopped_and_ended_by_keyboard(
    live: Live, runs: PipelineRuns, file: PipelineFile, model: Model
) -> None:
    page = live.page
    page.set_default_timeout(180_000)
    page.goto(live.address + "pipelines")
    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/pipelines/free.yaml")
    page.keyboard.press("s")
    page.wait_for_url("**?news=started")
    model.wait_until_asked()
    # The script brings what changes, and nothing is loaded anew.
    page.evaluate("window.same = true")
    page.get_by_text("[1/2] synth summarize").wait_for()
    assert page.evaluate("window.same")
    page.keyboard.press("s")
    page.get_by_text("What is under way is ended in order.").wait_for()
    model.open.set()
    page.get_by_text("It was interrupted.").wait_for()
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("It is done.").wait_for()
    assert page.get_by_role("cell", name="done", exact=True).count() == 2
    assert ended(runs, file) == "done"


@pytest.mark.parametrize("language", ["en", "it", "vi"])
def test_the_pages_are_for_everybody(live: Live, runs: PipelineRuns, model: Model, language: str) -> None:
    """Axe finds nothing, and nothing is wider than a telephone."""
    page = live.page
    page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": live.address}])
    page.set_viewport_size({"width": 360, "height": 800})
    for address in ("pipelines", "pipelines/free.yaml", "pipelines/wrong.yaml", "pipelines/dear.yml/confirm"):
        page.goto(live.address + address)
        assert page.evaluate("document.documentElement.lang") == language
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert axe(page, impacts=None) == []
