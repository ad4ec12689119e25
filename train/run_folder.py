"""The folder of a fine-tuning run: its losses and settings, whole checkpoints only, no going on with other settings."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from train.atomic_files import remove_leftovers, take_place, write_whole
from train.errors import TrainError, one_line
from train.licence import licences_of, pass_on

_COLUMNS = ("step", "loss", "val_loss", "iter_time")
_RUN, _WHOLE, _FINISHED, _BEST = "run.json", "whole.json", "finished.json", "best.json"
#: Checkpoints that stay: one that was torn by a failing disk must leave another.
KEEP = 2
#: Of a model, what decides its losses.
_MODEL_FILES = (".pth", ".safetensors", ".bin", ".json", ".yaml", ".model")
#: Blocks of a large file that stand for it, and their bytes.
_SAMPLES, _BLOCK = 64, 1 << 16


def metrics_file(run: Path) -> Path:
    """The newest metrics.csv below a run's folder.

    Raises:
        TrainError: there is none.
    """
    files = sorted(run.glob("**/metrics.csv"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise TrainError(f"no metrics.csv below {run}: was it trained with `logger_name: csv`?")
    return files[-1]


def accumulation(run: Path) -> int:
    """Batches an optimizer step is made of, from the run's saved configuration; 1 where there is none."""
    settings = saved_settings(run)
    train = settings.get("train", {})
    return max(1, int(train.get("global_batch_size", 1)) // int(train.get("micro_batch_size", 1)))


def saved_settings(run: Path) -> dict[str, Any]:
    """The configuration that the run was started with; empty where it is not there."""
    import yaml

    saved = run / "final" / "hyperparameters.yaml"
    return dict(yaml.safe_load(saved.read_text(encoding="utf-8"))) if saved.is_file() else {}


def final_step(run: Path) -> int | None:
    """The step whose weights a finished run ended with; None where it does not say."""
    step = (_read_json(run / "final" / _FINISHED) or {}).get("weights_of_step")
    return None if step is None else int(step)


def read_curve(path: Path, batches: int = 1, final: int | None = None) -> list[dict[str, float]]:
    """Rows {step, loss | val_loss, seconds} in the order of training.

    LitGPT's log counts batches under the name `step`; here a step is an optimizer step of `batches` of them. Its last
    validation carries no step: it belongs to `final`, the step whose weights were taken, else to the last one.

    Raises:
        TrainError: the file holds no losses.
    """
    curve: list[dict[str, float]] = []
    step = 0
    with path.open(encoding="utf-8", newline="") as lines:
        for line, row in enumerate(csv.DictReader(lines), 2):
            try:
                numbers = {name: float(value) for name, value in row.items() if name in _COLUMNS and value}
            except ValueError as error:
                raise TrainError(f"{path}:{line} holds no numbers: is it LitGPT's own log?") from error
            if "loss" in numbers:
                step = -(-int(numbers.get("step", 0)) // batches)
                curve.append({"step": step, "loss": numbers["loss"], "seconds": numbers.get("iter_time", 0.0)})
            if "val_loss" in numbers and not numbers.get("step") and curve and step and final is not None:
                step = final
            if "val_loss" in numbers and {"step": step, "val_loss": numbers["val_loss"]} not in curve[-2:]:
                curve.append({"step": step, "val_loss": numbers["val_loss"]})
    if not any("loss" in row for row in curve):
        raise TrainError(f"{path} holds no losses: the run ended before its first step")
    return curve


class RunFolder:
    """out_dir of a run: run.json, checkpoint folders, the best weights, final.

    Every process of a distributed run has one; only `write` parts are for the first alone.

    prefix: what the names of checkpoint folders begin with; their step follows, in so many digits at least. beside:
    names of what may lie in the folder before a run. sources: folders of the models that it trains: their terms go with
    every folder of weights.
    """

    def __init__(
        self,
        folder: Path,
        described: Mapping[str, Any],
        prefix: str = "checkpoint-",
        digits: int = 1,
        beside: Sequence[str] = (),
        sources: Sequence[Path] = (),
    ) -> None:
        # A torn record is an error before the first step.
        any(map(licences_of, sources))
        self.sources = sources
        self.folder = folder
        self.described = dict(described)
        self.prefix, self.digits, self.beside = prefix, digits, beside
        self._lock = ExitStack()
        self.partial = folder / ".partial"
        self.best = folder / "best"

    def finished(self) -> dict[str, Any] | None:
        """What the finished run said of itself; None while it is not finished.

        Raises:
            TrainError: it was finished with other settings.
        """
        outcome = _read_json(self.folder / "final" / _FINISHED)
        if outcome is not None:
            self.check_same()
        return outcome

    def begun(self) -> bool:
        """Whether a run was started here before."""
        return (self.folder / _RUN).is_file()

    def check_same(self) -> None:
        """See that what the folder holds is this run, or nothing.

        Raises:
            TrainError: it holds a run of other settings, whose keys it names, or something else altogether.
        """
        before = _read_json(self.folder / _RUN)
        if before is None:
            self._check_free()
            return
        changed = [
            f"{key} was {before.get(key)!r}, now {self.described.get(key)!r}"
            # Earlier versions did not write down all of them.
            for key in sorted(before)
            if before.get(key) != self.described.get(key)
        ]
        if changed:
            raise TrainError(
                f"{self.folder} holds a run of other settings: {'; '.join(changed)}. Give another out_dir, or remove it"
            )

    def _check_free(self) -> None:
        names = {path.name for path in self.folder.glob("*") if not path.name.startswith(".")}
        if names - {*self.beside}:
            raise TrainError(f"{self.folder} holds something that `train finetune` did not make: give another out_dir")

    def lock(self) -> None:
        """One run at a time in a folder: until `unlock`, or the end of the process.

        Raises:
            TrainError: another process trains there, or the folder cannot be written.
        """
        self._lock.enter_context(lock(self.folder))

    def unlock(self) -> None:
        """Let another run begin."""
        self._lock.close()

    def last_checkpoint(self) -> tuple[Path | None, list[str]]:
        """(the newest whole checkpoint, a line for each newer one that is torn)."""
        torn: list[str] = []
        for folder in reversed(self.checkpoints()):
            fault = _fault(folder)
            if fault is None:
                return folder, torn
            torn.append(f"{folder} is torn ({fault}): skipped")
        return None, torn

    def checkpoints(self) -> list[Path]:
        """Checkpoint folders by step."""
        names = f"{self.prefix}*"
        folders = [path for path in self.folder.glob(names) if path.name.removeprefix(self.prefix).isdigit()]
        return sorted(folders, key=step_of)

    def checkpoint(self, step: int) -> Path:
        """The place of a step's checkpoint."""
        return self.folder / f"{self.prefix}{step:0{self.digits}}"

    def begin(self, torn: bool = False, anew: bool = False) -> None:
        """Make the folder ready: settings written, what a killed run left half done removed.

        anew: from the first step on; best weights of an earlier start are not this run's.
        """
        shutil.rmtree(self.partial, ignore_errors=True)
        shutil.rmtree(self.folder / ".best", ignore_errors=True)
        remove_leftovers(self.best)
        if anew:
            shutil.rmtree(self.best, ignore_errors=True)
        shutil.rmtree(self.folder / ".final", ignore_errors=True)
        write_whole(self.folder / _RUN, json.dumps(self.described, indent=2) + "\n")
        for folder in self.checkpoints():
            if torn and _fault(folder) is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def seal(self, step: int) -> Path:
        """Move the checkpoint of a step, written under `partial`, to its place, and drop the oldest."""
        checkpoint = self.checkpoint(step)
        partial = self.partial / checkpoint.name
        pass_on(self.sources, partial)
        _vouch(partial)
        shutil.rmtree(checkpoint, ignore_errors=True)
        partial.rename(checkpoint)
        shutil.rmtree(self.partial, ignore_errors=True)
        for old in self.checkpoints()[:-KEEP]:
            shutil.rmtree(old, ignore_errors=True)
        return checkpoint

    def keep_best(self, step: int, loss: float) -> None:
        """Move the best weights so far, written under `.best`, to `best`."""
        partial = self.folder / ".best"
        write_whole(partial / _BEST, json.dumps({"step": step, "val_loss": loss}) + "\n")
        pass_on(self.sources, partial, self.best.name)
        _vouch(partial)
        take_place(partial, self.best)

    def best_step(self) -> int | None:
        """The step of the weights in `best`; None where there are none, or torn ones."""
        step = (_read_json(self.best / _BEST) or {}).get("step")
        return int(step) if step is not None and _fault(self.best) is None else None

    def cannot_save(self, step: int, error: Exception) -> str:
        """Why a checkpoint could not be written, and what is there; what was written of it is removed."""
        try:
            shutil.rmtree(self.partial, ignore_errors=True)
            shutil.rmtree(self.folder / ".best", ignore_errors=True)
            free = f"{shutil.disk_usage(self.folder).free / 2**20:,.0f} MB free"
        except OSError:
            free = "free space unknown"
        checkpoints = self.checkpoints()
        stays = f"{checkpoints[-1]} stays" if checkpoints else "there is no earlier one"
        reason = f"{free}; {one_line(error, 160)}"
        return f"cannot write the checkpoint of step {step} ({reason}); {stays}: make room and run the same again"

    def remove_final(self) -> None:
        """Clear away a `final` that was not whole when its run was killed."""
        if self.begun() and _read_json(self.folder / "final" / _FINISHED) is None:
            shutil.rmtree(self.folder / "final", ignore_errors=True)

    def finish(self, outcome: Mapping[str, Any]) -> Path:
        """Move the finished model, written under `.final`, to `final`."""
        partial, final = self.folder / ".final", self.folder / "final"
        write_whole(partial / _FINISHED, json.dumps(outcome, indent=2) + "\n")
        pass_on(self.sources, partial, final.name)
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        return final


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """One run at a time in a folder.

    Raises:
        TrainError: another process trains there, or the folder cannot be written.
    """
    import fcntl

    handle: IO[str] | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("w")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TrainError(f"{folder}: another process trains there now: wait for it, or give another out_dir") from error
    except OSError as error:
        raise TrainError(f"cannot write {folder}: {error.strerror or error}") from error
    try:
        yield
    finally:
        handle.close()


def step_of(checkpoint: Path) -> int:
    """The step of a checkpoint's folder."""
    return int(checkpoint.name.rpartition("-")[2])


def _vouch(folder: Path) -> None:
    """Write down what the folder's files are, each synced to the disk."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    write_whole(folder / _WHOLE, json.dumps({str(path.relative_to(folder)): _fingerprint(path) for path in files}))


def model_fingerprint(checkpoint: Path | str) -> str | None:
    """16 digits that change with a model's files: names, sizes, and samples of their bytes; None without a folder."""
    folder = Path(checkpoint)
    if not folder.is_dir():
        return None
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in _MODEL_FILES and path.is_file()):
        size = path.stat().st_size
        whole.update(f"{path.name} {size}".encode())
        with path.open("rb") as handle:
            for number in range(_SAMPLES if size > _SAMPLES * _BLOCK else 1):
                handle.seek(number * size // _SAMPLES)
                whole.update(handle.read(_BLOCK if size > _SAMPLES * _BLOCK else -1))
    return whole.hexdigest()[:16]


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _fingerprint(path: Path) -> list[Any]:
    """[size, SHA-256], the file synced to the disk first."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
        return [path.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest()]


def _fault(folder: Path) -> str | None:
    """Why a checkpoint cannot be used; None where it is whole."""
    manifest = _read_json(folder / _WHOLE)
    if manifest is None:
        return f"no readable {_WHOLE}"
    for name, expected in manifest.items():
        try:
            if _fingerprint(folder / name) != expected:
                return f"{name} is not as it was written"
        except OSError:
            return f"{name} is missing"
    return None
