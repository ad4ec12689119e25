"""Encoders without padding: the tokens of all segments in one row, attention within each; BERT's and RoBERTa's kind.

A processor's time goes into the matrices, which torch multiplies at nine tenths of what it can do in full precision:
ONNX Runtime hardly gains there (benchmarks/RESULTS.md). What can be saved is work: no padding; in the last layer only
each segment's first token, the one that the head reads, is carried on; and batches so small that no tensor has 32 MiB,
from where on each one's memory is fetched from the system again (GELU alone takes ten times as long then).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: Tokens of a batch.
PACKED_TOKENS = 1024
#: Segments by whose logits a packed encoder must equal its model: several lengths, one of them twice.
_LENGTHS = (3, 17, 17, 40)


class PackedEncoder:
    """The forward pass of a sequence classifier of transformers, by its own modules, on segments of any lengths."""

    def __init__(self, model: Any) -> None:
        """Raises AttributeError for a model that is built otherwise."""
        self.model, self.base = model, getattr(model, model.base_model_prefix)
        self.embeddings, self.layers = self.base.embeddings, list(self.base.encoder.layer)
        self._pooler = getattr(self.base, "pooler", None)
        #: RoBERTa and its kin number positions from the padding's number on.
        self._first_position = 0 if model.config.model_type == "bert" else self.embeddings.padding_idx + 1
        self._heads = self.layers[0].attention.self.num_attention_heads

    def logits(self, segments: Sequence[Sequence[int]]) -> torch.Tensor:
        """[segments, outputs]; segments of one length that stand together are attended in one go."""
        import torch

        lengths = [len(segment) for segment in segments]
        ids = torch.tensor([list(itertools.chain.from_iterable(segments))])
        positions = torch.cat([torch.arange(length) for length in lengths])[None] + self._first_position
        states = self.embeddings(input_ids=ids, position_ids=positions, token_type_ids=torch.zeros_like(ids))[0]
        for layer in self.layers[:-1]:
            states = self._layer(layer, states, states, lengths)
        starts = torch.tensor([0, *itertools.accumulate(lengths[:-1])])
        first = self._layer(self.layers[-1], states[starts], states, lengths)[:, None]
        return self.model.classifier(first if self._pooler is None else self._pooler(first))  # type: ignore[no-any-return]

    def _layer(self, layer: Any, asking: torch.Tensor, states: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        """[tokens, width] after a layer: of all tokens, or of those (one a segment) that ask."""
        attention, output = layer.attention, layer.output
        context = self._attention(attention.self, asking, states, lengths)
        middle = attention.output.LayerNorm(attention.output.dense(context).add_(asking))
        return output.LayerNorm(output.dense(layer.intermediate(middle)).add_(middle))  # type: ignore[no-any-return]

    def _attention(
        self, module: Any, asking: torch.Tensor, states: torch.Tensor, lengths: Sequence[int]
    ) -> torch.Tensor:
        import torch

        query, key, value = module.query(asking), module.key(states), module.value(states)
        context = torch.empty_like(query)
        every = len(asking) == len(states)
        for segments, tokens, length in _runs(lengths):
            rows = tokens if every else segments
            queries = self._by_head(query[rows], length if every else 1)
            keys, values = self._by_head(key[tokens], length), self._by_head(value[tokens], length)
            result = torch.nn.functional.scaled_dot_product_attention(queries, keys, values)
            context[rows] = result.transpose(1, 2).reshape(-1, context.shape[1])
        return context

    def _by_head(self, rows: torch.Tensor, length: int) -> torch.Tensor:
        """[segments x length, width] -> [segments, heads, length, width of a head]."""
        return rows.view(-1, length, self._heads, rows.shape[1] // self._heads).transpose(1, 2)


def _runs(lengths: Sequence[int]) -> Iterator[tuple[slice, slice, int]]:
    """(segments, their tokens, the length of each) of neighbours that have one length."""
    segment = token = 0
    for length, group in itertools.groupby(lengths):
        count = len(list(group))
        yield slice(segment, segment + count), slice(token, token + count * length), length
        segment, token = segment + count, token + count * length


def packed_encoder(model: Any, frame: tuple[Sequence[int], Sequence[int]]) -> PackedEncoder | None:
    """A packed encoder whose logits are those of the model itself, compared on fixed segments; else None.

    Args:
        frame: the special tokens before and after a text.
    """
    if model.config.model_type not in ("bert", "roberta", "xlm-roberta"):
        return None
    try:
        encoder = PackedEncoder(model)
        same = _largest_difference(encoder, _fixed_segments(model, frame)) < (
            1e-4 if model.dtype.itemsize == 4 else 0.1
        )
    except (AttributeError, RuntimeError, TypeError, IndexError):
        # Another release of transformers builds it otherwise: its own forward pass is right by definition.
        return None
    return encoder if same else None


def _fixed_segments(model: Any, frame: tuple[Sequence[int], Sequence[int]]) -> list[list[int]]:
    before, after = frame
    size, unused = model.config.vocab_size, model.config.pad_token_id
    words = [number for number in range(size) if number != unused and number not in (*before, *after)]
    bodies = [[words[(7 * row + 31 * number) % len(words)] for number in range(n)] for row, n in enumerate(_LENGTHS)]
    return [[*before, *body, *after] for body in bodies]


def _largest_difference(encoder: PackedEncoder, segments: Sequence[Sequence[int]]) -> float:
    import torch

    with torch.inference_mode():
        alone = [encoder.model(input_ids=torch.tensor([list(each)])).logits[0] for each in segments]
        return float((encoder.logits(segments) - torch.stack(alone)).abs().max())


def fill(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Numbers of segments in batches of at most `tokens` (or of one segment), the longest segments first."""
    result: list[list[int]] = []
    room = 0
    for number in sorted(range(len(lengths)), key=lambda each: (-lengths[each], each)):
        if not result or lengths[number] > room:
            result.append([])
            room = tokens
        result[-1].append(number)
        room -= lengths[number]
    return result
