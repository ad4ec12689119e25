"""Validation losses of a run as it goes: which weights are the best, and when more steps stop helping.

Names are those of Lightning's EarlyStopping and transformers' TrainingArguments: `patience`, `min_delta`,
`load_best_model_at_end`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Evaluation:
    """A validation loss, and the optimizer step that it was measured after."""

    step: int
    loss: float


@dataclass
class Evaluations:
    """All evaluations of a run in their order, each over the same rows; what follows from them.

    The count that ends a run is a function of the losses: a run that goes on after a kill gives those up to its
    checkpoint again, and counts as it would have. Step 0 is the untuned model: it is no candidate.

    patience: evaluations in a row without an improvement that end the run; None: it never ends early. min_delta: an
    improvement is a loss that is smaller than the best one so far by more than this. load_best: whether the best
    weights are kept at all.
    """

    patience: int | None = None
    min_delta: float = 0.0
    load_best: bool = True
    entries: list[Evaluation] = field(default_factory=list)

    def extend(self, entries: Iterable[tuple[int, float]]) -> None:
        """Add what was measured before a kill; of a step that was measured twice, the first."""
        for step, loss in entries:
            if self.at(step) is None:
                self.add(step, loss)

    def add(self, step: int, loss: float) -> bool:
        """Whether these weights are the best so far; of equal losses, the earlier; never one that is no number."""
        best = self.best
        if step > 0:
            self.entries.append(Evaluation(step, loss))
        return step > 0 and math.isfinite(loss) and (best is None or loss < best.loss)

    def at(self, step: int) -> Evaluation | None:
        """What was measured after a step."""
        return next((entry for entry in self.entries if entry.step == step), None)

    @property
    def best(self) -> Evaluation | None:
        """The smallest loss, the earliest of equal ones; None where none is a number."""
        finite = [entry for entry in self.entries if math.isfinite(entry.loss)]
        return min(finite, key=lambda entry: (entry.loss, entry.step), default=None)

    def reason_to_stop(self) -> str | None:
        """Why no more steps are made, in one line; None while they are."""
        if self.patience is None:
            return None
        reference, waited = None, 0
        for entry in self.entries:
            if math.isfinite(entry.loss) and (reference is None or entry.loss < reference.loss - self.min_delta):
                reference, waited = entry, 0
            else:
                waited += 1
            if waited >= self.patience:
                return self._reason(entry, reference, waited)
        return None

    def _reason(self, last: Evaluation, reference: Evaluation | None, waited: int) -> str:
        if reference is None:
            return f"stopped early after step {last.step}: no validation loss of {waited} was a number"
        by = f" by more than {self.min_delta:g}" if self.min_delta else ""
        evaluations = "evaluation" if waited == 1 else f"{waited} evaluations"
        return (
            f"stopped early after step {last.step}: the validation loss did not fall below {reference.loss:.4f} "
            f"(step {reference.step}){by} in the last {evaluations} (early_stopping.patience)"
        )

    def choice(self, last: int) -> str:
        """One line on the weights that a run of so many steps ends with, and why."""
        best = self.best
        if best is None:
            why = "no validation loss was a number" if self.entries else "nothing was validated"
            return f"the weights of the last step, {last}, are taken: {why}"
        measured = f"best validation loss {best.loss:.4f} after step {best.step}"
        if best.step == last:
            return f"{measured}, the last: its weights are taken"
        if self.load_best:
            return f"{measured}: its weights are taken, not those of the last step, {last}"
        return f"{measured}; the weights of the last step, {last}, are taken (load_best_model_at_end: false)"

    def selected_step(self, last: int) -> int:
        """The step whose weights are taken."""
        return self.best.step if self.load_best and self.best is not None else last
