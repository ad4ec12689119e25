"""What the options of `synth translate` mean: the engine, its settings, and the job."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.command_line import language_code, nearest
from synth.llm.token_counters import name_of
from synth.stages.llm_stage import limits_of, model_settings
from synth.translate.pending import TASK, Job
from synth.translation.engines import EngineSettings, engine_names
from synth.translation.language_codes import codes_of
from synth.translation.translator import Translator, load_translator

if TYPE_CHECKING:
    from synth.llm import LLM

#: What is translated where --filter says nothing else.
USUAL_TASK = "import"


class EngineOption(argparse.Action):
    """`--engine SPEC`: an engine, and the model whose calls are limited and planned."""

    def __call__(self, _parser: Any, namespace: argparse.Namespace, values: Any, _option: Any = None) -> None:
        name, _, model = str(values).partition(":")
        if name not in engine_names():
            near = nearest(name, engine_names()) or ("llm" if name == "openai" else None)
            hint = f"did you mean {near}{':' + model if model else ''}?" if near else f"{', '.join(engine_names())}"
            raise argparse.ArgumentError(self, f"no engine {values!r}: {hint}")
        if name == "llm" and not model:
            raise argparse.ArgumentError(self, "llm names no model: write llm:MODEL, such as llm:gpt-4o-mini")
        namespace.engine = values
        # `synth plan` and the model cards know a model by this name.
        namespace.llm = f"openai:{model.removeprefix('openai:')}" if name == "llm" else "extractive"
        namespace.asks_nobody = name != "llm"


def language_list(text: str) -> list[str]:
    """Languages with commas between them, for argparse; each once."""
    codes = [language_code(part) for part in text.split(",") if part.strip()]
    if not codes or any(code in ("", "unknown") for code in codes):
        raise argparse.ArgumentTypeError(f"{text!r} names no language: two letters of ISO 639-1, such as vi,it,fr")
    return list(dict.fromkeys(codes))


def check_options(options: argparse.Namespace) -> None:
    """
    Raises:
        NewsmillError: something is missing, or makes no sense together.
    """
    if not options.to:
        raise NewsmillError("--to names the languages: --to vi,it")
    if not options.engine:
        raise NewsmillError(f"--engine names what translates: {', '.join(engine_names())}, such as llm:gpt-4o-mini")
    if options.concurrency < 1:
        raise NewsmillError(f"--concurrency {options.concurrency}: at least 1")
    for language in options.to:
        codes_of(language)


def engine_settings(options: argparse.Namespace, **more: Any) -> EngineSettings:
    """What the engine is told.

    Raises:
        NewsmillError: an option makes no sense.
    """
    # One word for both kinds of engine: calls at a time, or copies of a model.
    if options.workers and not options.asks_nobody:
        options.concurrency = options.workers
    chat = {} if options.asks_nobody else model_settings(options)
    return EngineSettings(
        limits=limits_of(options), models=options.models, workers=options.workers or 1,
        batch_size=options.batch_size or EngineSettings.batch_size, device=options.device or "",
        dtype=options.dtype or "", **chat, **more,
    )  # fmt: skip


def translator_of(options: argparse.Namespace, ledger: Any = None, llm: LLM | None = None) -> Translator:
    """The translator that the options name.

    Raises:
        NewsmillError: it cannot be loaded, or an option makes no sense.
    """
    check_options(options)
    return load_translator(options.engine, engine_settings(options, ledger=ledger, llm=llm, planned=llm is not None))


def job_of(options: argparse.Namespace, translator: Translator) -> Job:
    """What translations are wanted."""
    tasks = () if options.where else (USUAL_TASK,)
    prompts = {language: translator.prompt_id(language) for language in options.to}
    return Job(translator.name, prompts, options.source_language or "", tasks)


def configuration_of(options: argparse.Namespace, job: Job) -> dict[str, Any]:
    """As recorded in `runs`."""
    settings = engine_settings(options)
    return {
        "task": TASK, "llm": job.engine, "prompts": dict(job.prompts), "concurrency": options.concurrency,
        "workers": settings.workers, "batch_size": settings.batch_size, "context": settings.context,
        "max_answer_tokens": settings.max_answer_tokens, "temperature": settings.temperature,
        "tokens_by": name_of(settings.count), "round_trip": options.round_trip, "qe": options.qe or "",
    }  # fmt: skip
