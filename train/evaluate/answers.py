"""What models write for the rows of a hold-out, and what the reference costs them: kept as it is made.

rows.jsonl takes one line a model and row as soon as a batch is done. Stopped at any moment and started again, only what
is missing is made: a line counts for the same weights, settings and row. rows.kept.jsonl has the lines of models that
the newest comparison left out.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.atomic_files import write_whole
from train.errors import TrainError

if TYPE_CHECKING:
    from train.evaluate.holdout import Row
    from train.models.language_model import LanguageModel

Line = dict[str, Any]
#: Rows whose prompts are made, and whose lines are written, in one go.
_ROWS = 256
#: Raised whenever models are asked in another way than before, so that no answer to the earlier prompt is taken for
#: one to the present. 2: with the system prompt that the model was tuned with.
PROMPT_VERSION = 2


@dataclass(frozen=True)
class Settings:
    """How answers are written. temperature 0: the likeliest token, always."""

    max_new_tokens: int = 256
    temperature: float = 0.0
    top_k: int = 50
    top_p: float = 1.0
    seed: int = 0
    quantize: str = ""


def made_by(digest: str, settings: Settings) -> str:
    """Names a model's weights together with the settings of writing and the way it is asked."""
    parts = json.dumps([PROMPT_VERSION, digest, asdict(settings)])
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


class Ledger:
    """rows.jsonl: one line a model and row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Lines that an earlier comparison made and the newest leaves out.
        self.unlisted = path.with_name(f"{path.stem}.kept{path.suffix}")
        self.lines: dict[tuple[str, str], Line] = {}
        for line in (*_read(self.unlisted), *_read(path)):
            self.lines[line["made_by"], line["row"]] = line

    def get(self, maker: str, row: Row) -> Line | None:
        return self.lines.get((maker, row.digest))

    def add(self, lines: Sequence[Line]) -> None:
        """Append lines, on disk when this returns."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as out:
                out.write(_text(lines))
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise TrainError(f"cannot write {self.path}: {error.strerror or error}") from error
        for line in lines:
            self.lines[line["made_by"], line["row"]] = line

    def rewrite(self, lines: Sequence[Line]) -> None:
        """Put these lines in the place of all others, which are kept beside: to write them took long."""
        keys = {(line["made_by"], line["row"]) for line in lines}
        unlisted = [line for key, line in self.lines.items() if key not in keys and line["nll"] is not None]
        if unlisted:
            write_whole(self.unlisted, _text(unlisted))
        write_whole(self.path, _text(lines))
        if not unlisted:
            self.unlisted.unlink(missing_ok=True)


def _text(lines: Sequence[Line]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines)


def _read(path: Path) -> Iterator[Line]:
    """Whole lines; one that a kill tore is cut off, so that the next is not written onto it."""
    if not path.is_file():
        return
    try:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            with path.open("r+b") as file:
                file.truncate(len(whole))
    except OSError as error:
        raise TrainError(f"cannot read {path}: {error.strerror or error}") from error
    for number, text in enumerate(whole.decode("utf-8", "replace").split("\n"), 1):
        if not text:
            continue
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict) or not {"made_by", "row", "text"} <= line.keys():
            raise TrainError(f"{path}:{number} is no line of `train evaluate`: give another --out")
        yield line


def answer(
    name: str, maker: str, rows: Sequence[Row], settings: Settings, ledger: Ledger,
    load: Callable[[], LanguageModel], advance: Callable[[int], None] = lambda _: None,
) -> dict[str, Line]:  # fmt: skip
    """id -> line of every row; the model is loaded only where lines are missing."""
    unanswered = [row for row in rows if ledger.get(maker, row) is None]
    advance(len(rows) - len(unanswered))
    if unanswered:
        model = load()
        for begin in range(0, len(unanswered), _ROWS):
            for lines in _answered(model, unanswered[begin : begin + _ROWS], settings):
                ledger.add([{"model": name, "made_by": maker, **line} for line in lines])
                advance(len(lines))
    by_id = {row.id: ledger.get(maker, row) for row in rows}
    return {key: line for key, line in by_id.items() if line is not None}


def _answered(model: LanguageModel, rows: Sequence[Row], settings: Settings) -> Iterator[list[Line]]:
    """Lines of the rows, a batch of the model at a time."""
    from train.models.sampling import Sampling

    sampling = Sampling(settings.temperature, settings.top_k, settings.top_p)
    # A context of 512 tokens cannot leave 400 of them free for the answer.
    room = min(settings.max_new_tokens, model.block_size // 2)
    prompts = [model.prompt(row.messages, row.language, room) for row in rows]
    seeds = [_seed(settings.seed, row.id) for row in rows]
    for indexes, batch in model.write_batches([prompt.ids for prompt in prompts], room, sampling, seeds):
        losses = _losses(model, [rows[index] for index in indexes])
        yield [
            {"id": rows[index].id, "row": rows[index].digest, "text": written.text, "cut": written.cut, **loss,
             "prompt_shortened": prompts[index].shortened}
            for index, written, loss in zip(indexes, batch, losses, strict=True)
        ]  # fmt: skip


def _losses(model: LanguageModel, rows: Sequence[Row]) -> list[Line]:
    """{nll, tokens, unscored} of each row's reference; unscored: why there is no loss."""
    losses: list[Line] = [{"nll": None, "tokens": 0, "unscored": ""} for _ in rows]
    prompts: list[list[int]] = []
    answers: list[list[int]] = []
    indexes: list[int] = []
    for index, row in enumerate(rows):
        ids = model.encode_answer(row.reference)
        try:
            prompt = model.encode_prompt(row.messages, row.language, len(ids))
        except TrainError:
            losses[index]["unscored"] = "reference longer than the context"
            continue
        prompts.append(prompt)
        answers.append(ids)
        indexes.append(index)
    for index, scored in zip(indexes, model.score(prompts, answers), strict=True):
        finite = math.isfinite(scored.nll)
        losses[index] = {
            "nll": scored.nll if finite else None, "tokens": scored.tokens,
            "unscored": "" if finite else "not a number",
        }  # fmt: skip
    return losses


def _seed(seed: int, name: str) -> int:
    """A row's own seed: its text does not hang on the rows beside it."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{name}".encode()).digest()[:4], "big")


def lines_of_texts(name: str, texts: Mapping[str, str], rows: Sequence[Row]) -> dict[str, Line]:
    """id -> line of texts that no model here wrote."""
    return {
        row.id: {"model": name, "made_by": hashlib.sha256(texts[row.id].encode()).hexdigest()[:16], "id": row.id,
                 "row": row.digest, "text": texts[row.id], "nll": None, "tokens": 0, "unscored": "",
                 "prompt_shortened": False}
        for row in rows if row.id in texts
    }  # fmt: skip
