"""Pipelines: which there are, what a run would do and cost, how far one is; start and stop, for who may."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from crawler.mongo import home
from synth.review.pipelines.files import PipelineFile, paid_steps, pipeline_file, pipeline_files
from synth.review.pipelines.forecasts import Forecast, Forecasts
from synth.review.pipelines.progress import bar_of, errors_of, is_of_this_version, rows_of, steps_of
from synth.review.pipelines.runs import PipelineRuns, State
from synth.review.rendering import render
from synth.review.requests import database_of, form_of, parameter, rater_of, settings_of
from synth.review.settings import Settings

NAVIGATION = "pipelines.title"
POSITION = 80
#: What happened to a button that was pressed, shown once on the page that follows.
_NEWS = ("started", "running", "stopping", "ended", "changed", "recounted")


def may_open(settings: Settings, rater: str) -> bool:
    """Whether the navigation names the page to a rater."""
    return settings.may_run(rater)


def show_all(request: Request) -> Response:
    """The pipelines of the folder, each with what became of its newest run."""
    _check_right(request)
    runs, folder = _runs(request), settings_of(request).pipelines
    files = pipeline_files(folder)
    files += runs.orphans(folder, [file.name for file in files])
    rows = [(file, runs.state(file)) for file in files]
    return render(request, "pipelines.html.jinja", rows=rows, folder=str(folder.absolute()))


def show(request: Request) -> Response:
    """One pipeline: its steps, what is pending, the forecast, and its newest run."""
    file, runs, database = _file(request), _runs(request), database_of(request)
    state, news = runs.state(file), parameter(request, "news")
    forecast = _recent_forecast(request, file) if file.pipeline else Forecast("none", {})
    rows = rows_of(database, state)
    return render(
        request, "pipeline.html.jinja", file=file, state=state, steps=steps_of(file, state), forecast=forecast,
        bar=bar_of(state, rows), errors=errors_of(database, state, rows), output=runs.output(state),
        pending=[step["pending"] for step in forecast.plan.get("steps", [])],
        paid=paid_steps(file.pipeline) if file.pipeline else [], news=news if news in _NEWS else "",
        changed=bool(state.run) and not is_of_this_version(file, state), address=_address(file),
        live=state.is_alive or forecast.state == "counting",
    )  # fmt: skip


def confirm(request: Request) -> Response:
    """What a run of a pipeline with a paid model is forecast to cost, to be agreed to."""
    file = _runnable(request)
    return render(
        request, "pipeline_confirm.html.jinja", file=file, forecast=_recent_forecast(request, file),
        paid=paid_steps(_pipeline(file)), address=_address(file),
    )  # fmt: skip


def start(request: Request) -> Response:
    """Start a run; one with a paid model only where the cost that was shown was agreed to."""
    file, form = _runnable(request), form_of(request)
    if form.get("sha256", "") != _pipeline(file).digest:
        return _back(file, "changed")
    if paid_steps(_pipeline(file)) and not _is_agreed(form.get("agreed", ""), _forecasts(request).read(file)):
        return RedirectResponse(f"{_address(file)}/confirm", 303)
    return _back(file, "started" if _runs(request).start(file, rater_of(request)) else "running")


def _is_agreed(token: str, forecast: Forecast) -> bool:
    """Whether the numbers of this forecast were agreed to; where there can be none, that nothing is known."""
    return token == (forecast.token or forecast.state) and forecast.state in ("known", "failed")


def stop(request: Request) -> Response:
    """Interrupt the run, as Ctrl-C would."""
    file = _file(request)
    return _back(file, "stopping" if _runs(request).stop(file) else "ended")


def recount(request: Request) -> Response:
    """Count anew what is pending and what it costs."""
    file = _runnable(request)
    _forecasts(request).make(file)
    return _back(file, "recounted")


# ---- what the pages share


def _check_right(request: Request) -> None:
    if not settings_of(request).may_run(rater_of(request)):
        raise HTTPException(403)


def _file(request: Request) -> PipelineFile:
    """The file of the address, if it is one of those that are listed."""
    _check_right(request)
    folder, name = settings_of(request).pipelines, request.path_params["name"]
    file = pipeline_file(folder, name)
    orphans = _runs(request).orphans(folder, ()) if file is None else []
    file = file or next((orphan for orphan in orphans if orphan.name == name), None)
    if file is None:
        raise HTTPException(404)
    return file


def _runnable(request: Request) -> PipelineFile:
    file = _file(request)
    if file.pipeline is None:
        raise HTTPException(404)
    return file


def _pipeline(file: PipelineFile) -> Any:
    assert file.pipeline is not None
    return file.pipeline


def _runs(request: Request) -> PipelineRuns:
    return PipelineRuns(database_of(request), home() / "pipelines", settings_of(request).uri or None)


def _forecasts(request: Request) -> Forecasts:
    settings = settings_of(request)
    return Forecasts(home() / "pipelines", settings.uri or None, f"{settings.uri}/{database_of(request).name}")


def _recent_forecast(request: Request, file: PipelineFile) -> Forecast:
    """The forecast; its making is begun where there is none, or a run has ended since. It only reads the store."""
    forecasts, state = _forecasts(request), _runs(request).state(file)
    forecast = forecasts.read(file)
    if forecast.state == "none" or (forecast.state == "known" and _is_older(forecast, state)):
        forecasts.make(file)
        return forecasts.read(file)
    return forecast


def _is_older(forecast: Forecast, state: State) -> bool:
    ended = (state.run or {}).get("finished_at")
    return bool(ended and forecast.made_at and not state.is_alive and ended > forecast.made_at)


def _address(file: PipelineFile) -> str:
    return f"/pipelines/{quote(file.name, safe='')}"


def _back(file: PipelineFile, news: str) -> Response:
    return RedirectResponse(f"{_address(file)}?news={news}", 303)


ROUTES = [
    Route("/pipelines", show_all),
    Route("/pipelines/{name}", show),
    Route("/pipelines/{name}/confirm", confirm),
    Route("/pipelines/{name}/start", start, methods=["POST"]),
    Route("/pipelines/{name}/stop", stop, methods=["POST"]),
    Route("/pipelines/{name}/forecast", recount, methods=["POST"]),
]
