"""A model of natural language inference: how probable it is that one sentence follows from another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.scorers.classifiers import Use, is_exclusive, labels_of, load_classifier, quiet_loading
from synth.scorers.padded_batches import by_halves, device_batches, window_of

if TYPE_CHECKING:
    import torch

#: (premise, hypothesis).
Pair = tuple[str, str]


class NliUnavailable(NewsmillError):
    """The model of --nli cannot be had; the message names the option that helps."""

    #: Options without which `synth run` goes on: what cannot be measured is left out, with a warning.
    without = ("nli",)


USE = Use("nli", "nli", "--nli FOLDER takes a folder with config, weights and tokenizer", NliUnavailable)


class NliModel:
    """A sequence classifier one of whose labels says entailment; on the GPU where there is one."""

    def __init__(self, model: Any, tokenizer: Any, output: int, exclusive: bool = True) -> None:
        """`output`: number of that label; `exclusive`: whether one label rules out the others."""
        import torch

        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model, self.tokenizer = model.to(self.device).eval(), tokenizer
        self.output, self.exclusive = output, exclusive
        self.window = window_of(model, tokenizer)

    @classmethod
    def load(cls, name: str) -> NliModel:
        """The model of a name on the hub or of a folder.

        Raises:
            NliUnavailable: it cannot be had, or is no trained classifier.
            NewsmillError: none of its labels, or several, say entailment.
        """
        with quiet_loading(USE) as heard:
            model, tokenizer = load_classifier(name, USE, heard)
        output = entailment_output(labels_of(model.config), name)
        return cls(model, tokenizer, output, is_exclusive(model.config, name, USE))

    def entailments(self, pairs: Sequence[Pair], tokens: int | None = None) -> tuple[list[float], list[bool]]:
        """Of each pair the probability, 0 to 1, and whether it was cut to the window, from the longer side.

        `tokens`: of a batch, padding included; never less than one pair.

        Raises:
            NewsmillError: the model gave numbers that are none.
        """
        encoded, cut = self._encoded(pairs)
        values = [0.0] * len(pairs)
        for batch in device_batches([len(row["input_ids"]) for row in encoded], self.device, tokens):
            results = by_halves(self._probabilities, [encoded[each] for each in batch])
            for number, value in zip(batch, results, strict=True):
                values[number] = value
        if any(not 0 <= value <= 1 for value in values):
            raise NewsmillError("nli: the model gives numbers that are infinite or none: take another one")
        return values, cut

    def _encoded(self, pairs: Sequence[Pair]) -> tuple[list[dict[str, list[int]]], list[bool]]:
        if not pairs:
            return [], []
        rows = self._tokenized(pairs)
        cut = [len(row["input_ids"]) > self.window for row in rows]
        long = [number for number, each in enumerate(cut) if each]
        options = {"truncation": "longest_first", "max_length": self.window}
        shorter = self._tokenized([pairs[number] for number in long], **options) if long else []
        for number, row in zip(long, shorter, strict=True):
            rows[number] = row
        return rows, cut

    def _tokenized(self, pairs: Sequence[Pair], **options: Any) -> list[dict[str, list[int]]]:
        first, second = map(list, zip(*pairs, strict=True))
        columns = self.tokenizer(first, second, verbose=False, **options)
        return [{name: columns[name][number] for name in columns} for number in range(len(pairs))]

    def _probabilities(self, rows: Sequence[dict[str, list[int]]]) -> list[float]:
        import torch

        names = list(rows[0])
        columns = {name: [row[name] for row in rows] for name in names}
        inputs = self.tokenizer.pad(columns, padding=True, return_tensors="pt").to(self.device)
        with torch.inference_mode():
            logits: torch.Tensor = self.model(**inputs).logits.float()
        chances = logits.softmax(-1) if self.exclusive else logits.sigmoid()
        return [float(value) for value in chances[:, self.output].cpu()]


def entailment_output(labels: Sequence[str], name: str) -> int:
    """The number of the label that says entailment: "entailment", "ENTAILMENT", "entails", not "not_entailment".

    Raises:
        NewsmillError: none says so, or several do.
    """
    numbers = [n for n, label in enumerate(labels) if re.match(r"entail", label.strip().lower())]
    if len(numbers) == 1:
        return numbers[0]
    found = "several labels" if numbers else "no label"
    raise NewsmillError(
        f"nli: {found} of {name} say{'' if numbers else 's'} entailment ({', '.join(labels)}): "
        "--nli MODEL takes a model whose config names that label in id2label"
    )
