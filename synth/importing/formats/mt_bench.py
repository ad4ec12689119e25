"""MT-Bench: {question_id, category, turns: [first, second]} in one file, {question_id, choices: [{turns}]} in another.

A question becomes one sample for each answer to it: those of the files read with it, else its own `reference`. The
first turn and its answer are history. A question that nobody answered is refused: a model can learn nothing from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from crawler.items import RecordError
from synth.importing.conversation import Conversation, columns_of, listed, one_turn, text_of
from synth.importing.formats import Fields, Format, Late
from synth.importing.values import is_null

FIELDS = ("question_id", "turns", "choices", "reference")


def is_mt_bench(row: Fields) -> bool:
    """Whether a row is a question of several turns, or an answer to one."""
    turns = row.get("turns")
    is_question = isinstance(turns, list) and bool(turns) and all(isinstance(turn, str) for turn in turns)
    return "question_id" in row and (is_question or isinstance(row.get("choices"), list))


class Reader:
    """Waits for the answers: they may come before the questions or after them."""

    def __init__(self) -> None:
        self.questions: dict[str, tuple[str, Fields]] = {}
        self.answers: dict[str, list[tuple[str, Fields]]] = defaultdict(list)

    def parse(self, row: Fields, position: str) -> Iterable[Conversation]:
        """Nothing yet.

        Raises:
            RecordError: `repeated_id`: another question of this import has the number.
        """
        name = str(row["question_id"])
        if "choices" in row:
            self.answers[name].append((position, row))
        elif name in self.questions:
            raise RecordError("repeated_id", f"question {name} stands at {self.questions[name][0]}")
        else:
            self.questions[name] = (position, row)
        return ()

    def finish(self) -> Late:
        """Each question with each of its answers, and why others are none."""
        for name, (position, question) in self.questions.items():
            answers = list(self._answers_of(name, question))
            if not answers:
                yield position, RecordError("no_answer", f"question {name}: nobody answered it")
            for turns, columns in answers:
                try:
                    yield position, _conversation(question, turns, columns)
                except RecordError as error:
                    yield position, error
        for name, rows in self.answers.items():
            if name not in self.questions:
                yield rows[0][0], RecordError("no_question", f"question {name} is in none of the files")
        self.questions, self.answers = {}, defaultdict(list)

    def _answers_of(self, name: str, question: Fields) -> Iterator[tuple[Sequence[Any], Fields]]:
        """(turns, other cells) of each answer."""
        for _, row in self.answers.get(name, ()):
            for choice in row["choices"]:
                if isinstance(choice, dict) and choice.get("turns"):
                    yield listed("turns", choice["turns"]), columns_of(row, FIELDS)
        if name not in self.answers and question.get("reference"):
            yield listed("reference", question["reference"]), {}


def _conversation(question: Fields, answers: Sequence[Any], columns: Fields) -> Conversation:
    """The turns in order, as far as they are answered.

    Raises:
        RecordError: `no_answer`: not even the first one is.
    """
    messages: list[dict[str, Any]] = []
    for request, answer in zip(question["turns"], answers, strict=False):
        if is_null(answer) or not text_of("an answer", answer).strip():
            break
        messages += one_turn(text_of("turns", request), text_of("an answer", answer))
    if not messages:
        raise RecordError("no_answer", f"question {question['question_id']}: its first turn has no answer")
    rest = columns_of(question, ("turns", "choices", "reference"))
    return Conversation(messages, columns={**columns, **rest})


FORMAT = Format("mt_bench", "MT-Bench (turns, and choices)", FIELDS, is_mt_bench, Reader, 90, joins=True)
