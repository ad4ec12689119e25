"""Puts the loop into LitGPT's fine-tuning with LoRA, before it starts to train, in this process.

LitGPT's `main` looks its parts up by name when it needs them: `fit` after the data module was connected, `merge_lora`
when the adapter is written. So `litgpt finetune_lora` with a data module of ours has the same loop as `train finetune`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.evaluations import Evaluations
from train.litgpt.loop import Job, Loop
from train.run_folder import RunFolder, model_fingerprint

#: Whose `main` was read.
VERSION = "0.5.13"
#: Variable that hands `early_stopping` and `load_best_model_at_end` on to the processes that LitGPT starts, as JSON.
VARIABLE = "NEWSMILL_BEST_WEIGHTS"
#: Settings that may differ when a run goes on: they touch no loss.
FREE = ("out_dir", "access_token", "logger_name", "log.", "data.init_args.cache", "data.init_args.num_workers",
        "data.init_args.path", "train.save_interval", "train.log_interval", "train.max_time", "eval.final_validation",
        "config")  # fmt: skip

Errors = Callable[[], AbstractContextManager[None]]


class Finished(SystemExit):
    """The run was finished before: LitGPT's command ends here, with status 0. outcome: what it said of itself."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        super().__init__(0)
        self.outcome = outcome


class Session:
    """The run of this process; `outcome` once it is over. LitGPT trains once in a process."""

    loop: Loop | None = None
    val_loss: float | None = None
    outcome: dict[str, Any] | None = None


def install(errors: Errors = nullcontext) -> Session | None:
    """Let LitGPT's next run with LoRA use our loop; None where LitGPT is another version. errors: what shows them."""
    if version("litgpt") != VERSION:
        print(f"litgpt {version('litgpt')} is not {VERSION}: its own loop trains, without resume", file=sys.stderr)
        return None
    script = importlib.import_module("litgpt.finetune.lora")
    if (session := getattr(script, "session", None)) is not None:
        return session  # type: ignore[no-any-return]
    session = Session()
    merge = _merge(script.merge_lora, session, errors)
    for name, part in (("fit", _fit(script, session, errors)), ("merge_lora", merge)):
        setattr(part, "original", getattr(script, name))  # noqa: B010
        setattr(script, name, part)
    setattr(script, "session", session)  # noqa: B010
    return session


def _fit(script: Any, session: Session, errors: Errors) -> Any:
    def fit(**words: Any) -> dict[str, Any]:
        session.loop = session.val_loss = session.outcome = None
        script.validate = getattr(script.validate, "unrecorded", script.validate)
        with errors():
            session.loop = loop_of(Job(**words), script)
            tokens = session.loop.fit()
        _note_validation(script, session)
        return tokens

    return fit


def loop_of(job: Job, script: Any) -> Loop:
    """The loop of a run that may begin or go on.

    Raises:
        Finished: there is nothing to do.
        TrainError: out_dir holds another run, whose settings it names, or something else.
    """
    described = describe(job, settings_of(script.setup))
    run = RunFolder(job.out_dir, described, "step-", 6, ("logs",), [job.checkpoint_dir])
    outcome = run.finished()
    if outcome is not None:
        if not (job.train.save_interval and outcome["steps"] % job.train.save_interval == 0):
            # Killed between its end and the last of its clearing up.
            shutil.rmtree(run.checkpoint(outcome["steps"]), ignore_errors=True)
        line = f"{job.out_dir / 'final'}: this run was finished before ({outcome['steps']} steps): kept"
        job.fabric.print(f"{line}. To train anew, give another out_dir")
        raise Finished(outcome | {"kept": True})
    if run.last_checkpoint()[0] is not None or not run.begun():
        run.check_same()
    job.fabric.barrier()
    if job.fabric.is_global_zero:
        run.lock()
        run.remove_final()
    words = json.loads(os.environ.get(VARIABLE, "{}"))
    # `train finetune` alone sets it.
    return Loop(job, script, run, Evaluations(**words), shows=VARIABLE in os.environ)


def _note_validation(script: Any, session: Session) -> None:
    """Keep what LitGPT's final validation measures."""
    validate = script.validate

    @functools.wraps(validate)
    def recording(*words: Any, **more: Any) -> Any:
        script.validate = validate
        loss = validate(*words, **more)
        session.val_loss = float(loss)
        return loss

    setattr(recording, "unrecorded", validate)  # noqa: B010
    script.validate = recording


def _merge(original: Any, session: Session, errors: Errors) -> Any:
    def merge(checkpoint_dir: Path, *words: Any, **more: Any) -> None:
        loop = session.loop
        if loop is None:
            original(checkpoint_dir, *words, **more)
            return
        with errors():
            # Under its name only when it is whole.
            partial = loop.run.folder / ".final"
            checkpoint_dir.rename(partial)
            output = io.StringIO()
            with redirect_stdout(output):
                original(partial, *words, **more)
            session.outcome = loop.outcome(session.val_loss)
            final = loop.run.finish(session.outcome)
            # It says where the weights lie: the name that they have had until now is no more.
            print(output.getvalue().replace(str(partial), str(final)), end="")
            loop.remove_last_checkpoint()
            loop.run.unlock()

    return merge


# ---- what a run is known by


def describe(job: Job, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the losses of a run depend on, by the recipe's own keys."""
    flat = {key: value for key, value in _flat(settings) if not key.startswith(FREE)}
    rows = {name: loader.dataset for name, loader in (("train", job.train_dataloader), ("val", job.val_dataloader))}
    data = "; ".join(f"{name} {len(dataset)} rows, {_digest(dataset)}" for name, dataset in rows.items())
    more = {"data": data, "model": model_fingerprint(job.checkpoint_dir), "processes": job.fabric.world_size}
    return dict(json.loads(json.dumps(flat | more, default=str)))


def settings_of(setup: Any) -> dict[str, Any]:
    """LitGPT's settings of this run, as its command line and recipe give them; empty where there is no such command."""
    import yaml
    from jsonargparse import capture_parser
    from litgpt.parser_config import parser_commands
    from litgpt.utils import CLI

    words = sys.argv
    sys.argv = [words[0], *(words[2:] if words[1:2] and words[1] in parser_commands() else words[1:])]
    try:
        parser = capture_parser(lambda: CLI(setup))
        return dict(yaml.safe_load(parser.dump(parser.parse_args(), skip_none=False)))
    except SystemExit:
        return {}
    finally:
        sys.argv = words


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _digest(dataset: Any) -> str:
    """sha256 of the rows' tokens and labels, the first 16 digits."""
    if hasattr(dataset, "digest"):
        return str(dataset.digest())
    whole = hashlib.sha256()
    for row in dataset:
        for name in ("input_ids", "labels"):
            whole.update(row[name].numpy().tobytes())
    return whole.hexdigest()[:16]


def outcome_of(session: Session) -> dict[str, Any]:
    """What is said of a run that ended.

    Raises:
        TrainError: it did not.
    """
    if session.outcome is None:
        raise TrainError("LitGPT ended without a final model")
    return session.outcome | {"kept": False}
