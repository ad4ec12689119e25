"""What is measured of an answer: its name, how it is told, and which way is better."""

from __future__ import annotations

from typing import Literal, NamedTuple

Better = Literal["higher", "lower", ""]


class Measure(NamedTuple):
    """A measure as tables tell it.

    title: for people. better: which way, "" where neither is. digits: after the point. about: one sentence.
    from_model: needs the weights, so that a file of texts has none. pooled: a ratio of sums over rows, not a mean.
    same_as: the measure of the same quantity that gets the verdict (see `head_of`); "" where it gets its own.
    """

    title: str
    better: Better
    digits: int
    about: str
    from_model: bool = False
    pooled: bool = False
    same_as: str = ""


MEASURES: dict[str, Measure] = {
    "loss": Measure(
        "loss per token", "lower", 4,
        "Mean negative log-likelihood (nats) of the reference's tokens, its end included. Compares models of one "
        "tokenizer only.", True, True,
    ),
    "perplexity": Measure(
        "perplexity per token", "lower", 2, "exp of the loss per token.", True, True, "loss",
    ),
    "nats_per_character": Measure(
        "loss per character", "lower", 4, "The same sum over characters (NFC): compares models of any tokenizer.",
        True, True, "loss",
    ),
    "bits_per_byte": Measure(
        "bits per byte", "lower", 4,
        "The same sum in bits, over bytes of UTF-8: compares models of any tokenizer, and gets the verdict where "
        "tokenizers differ.", True, True, "loss",
    ),
    "rouge1": Measure("ROUGE-1", "higher", 4, "F of words shared with the reference.", same_as="rougeL"),
    "rouge2": Measure(
        "ROUGE-2", "higher", 4, "F of pairs of neighbouring words shared with the reference.", same_as="rougeL"
    ),
    "rougeL": Measure("ROUGE-L", "higher", 4, "F of the longest common subsequence of words with the reference."),
    "chrf": Measure(
        "chrF", "higher", 2, "F2 of runs of 1 to 6 characters shared with the reference, 0 to 100.", same_as="rougeL"
    ),
    "similarity": Measure("similarity to sources", "", 4, "Mean cosine to the sources; copying raises it, too."),
    "unsupported": Measure("unsupported facts", "lower", 3, "Numbers, dates, names and quotes that no source has."),
    "toxicity": Measure("toxicity", "lower", 4, "The highest score of the toxicity model, 0 to 1."),
    "right_language": Measure("right language", "higher", 3, "Share of answers in the language asked for."),
    "repeated": Measure("repeated 4-grams", "lower", 4, "Share of the answer's runs of 4 words that it had already."),
    "loop": Measure(
        "longest loop, words", "lower", 2, "Words of the longest phrase said again at once, with repeats.",
        same_as="repeated",
    ),
    "copied_training": Measure(
        "longest copy of training, words", "", 2, "Longest run of words that a training row has, too.",
        same_as="covered_training",
    ),
    "covered_training": Measure(
        "covered by training", "lower", 4, "Share of words in runs of 13 or more that a training row has, too."
    ),
    "copied_sources": Measure(
        "longest copy of sources, words", "", 2, "Longest run of words that a source has, too.",
        same_as="covered_sources",
    ),
    "covered_sources": Measure(
        "covered by sources", "", 4, "Share of words in runs of 13 or more that a source has, too."
    ),
    "words": Measure("words", "", 1, "Length of the answer."),
    "length_ratio": Measure(
        "length / reference", "", 3, "Words of the answer for each word of its reference.", same_as="words"
    ),
    "empty": Measure("empty answers", "lower", 4, "Share of answers without a single word."),
}  # fmt: skip
#: The one loss that tables show and judge by, in nats; the other where the models' tokenizers differ.
LOSS, LOSS_OF_ANY_TOKENIZER = "loss", "bits_per_byte"


def head_of(name: str, loss: str = LOSS) -> str:
    """The measure that gets the verdict of this one's quantity; loss: which does of the units of the loss."""
    head = MEASURES[name].same_as or name
    return loss if head == LOSS else head


#: What the reference itself can be measured by: the level that a good answer has.
OF_REFERENCE = (
    "similarity", "unsupported", "toxicity", "right_language", "repeated", "loop", "copied_training",
    "covered_training", "copied_sources", "covered_sources", "words", "empty",
)  # fmt: skip
#: Measures that come as plug-ins (train.evaluate.scorer_plugins) under these names.
PLUGGED = {
    "similarity": "similarity", "unsupported": "unsupported", "toxicity": "toxicity", "language": "right_language",
}  # fmt: skip
