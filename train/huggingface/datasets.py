"""The rows that a recipe of the Hugging Face backend names: read, encoded, checked against the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.encode import (
    Tokens,
    adapt,
    tokenizer_of,
)
from train.data.sets import (
    Mixture,
    Share,
    described_sets,
    sets_of,
    tokenised_sets,
)
from train.errors import TrainError
from train.huggingface.pairs import load_pairs
from train.huggingface.rows import Loaded, Rows
from train.huggingface.settings import TEXT, Settings

if TYPE_CHECKING:
    from train.styles import Style


def load_tokens(checkpoint: str) -> Tokens:
    """The tokenizer of a local folder or, failing that, of the hub.

    Raises:
        TrainError: there is none.
    """
    if Path(checkpoint).is_dir():
        return tokenizer_of(Path(checkpoint))
    from transformers import AutoTokenizer

    try:
        return adapt(AutoTokenizer.from_pretrained(checkpoint))
    except (OSError, ValueError) as error:
        raise TrainError(f"cannot load the tokenizer of {checkpoint}: {str(error).splitlines()[0]}") from error


def load_chats(settings: Settings, tokens: Tokens, style: Style, longest: int) -> Loaded:
    """Chats, as LitGPT's recipes read them: `token_cache`, `sets`.

    longest: tokens of a row at most. style: that of the rows' language where they have one.
    """
    from train.data import described
    from train.data import token_cache as kept

    token_settings = kept.Settings(
        longest, settings.over_length, settings.mask_prompt, settings.system, settings.language, settings.val_share,
        settings.data_seed,
    )  # fmt: skip
    token_set = tokenised_sets(sets_of(settings.data_path), style, tokens, token_settings, settings.cache)
    rows = {split: Rows(part.tokens, part.offsets) for split, part in token_set.splits.items()}
    style = kept.tuned_style(style, token_set, settings.system)
    report = [*described(token_set.counts, token_set.folder), *described_sets(token_set)]
    return Loaded(rows["train"], rows["val"], style, report, token_set.shares, token_set.mixture)


def load_texts(settings: Settings, tokens: Tokens, style: Style, longest: int) -> Loaded:
    """As `load_chats`, of plain texts: `train.data.texts`."""
    from train.data import described
    from train.data.texts import TextSettings, check_length, sets_of_texts, tokenised_text_sets

    text_settings = TextSettings(check_length(longest), packing_of(settings), settings.val_share, settings.data_seed)
    token_set = tokenised_text_sets(sets_of_texts(settings.data_path), tokens, text_settings, settings.cache)
    report = [*described(token_set.counts, token_set.folder), *described_sets(token_set)]
    if text_settings.packing != settings.packing:
        report.append("data: the model has no positions by which documents of a row are told apart: a row for each")
    rows = [Rows(token_set.splits[split].tokens, token_set.splits[split].offsets) for split in ("train", "val")]
    return Loaded(rows[0], rows[1], style, report, token_set.shares, token_set.mixture)


def packing_of(settings: Settings) -> str:
    """The recipe's packing; none for a model that takes no positions (BLOOM), whose documents would read each other."""
    import inspect

    from transformers import AutoModelForCausalLM

    from train.huggingface.model import config_of

    try:
        model: Any = AutoModelForCausalLM._model_mapping[type(config_of(settings.checkpoint_dir))]  # noqa: SLF001
    except KeyError:
        return "none"
    return settings.packing if "position_ids" in inspect.signature(model.forward).parameters else "none"


@dataclass
class Data:
    """Rows of a run, with what encoded them. template: the style as a chat template. pad: a token's id."""

    train: Rows
    val: Rows
    report: list[str]
    style: Style
    template: str
    pad: int
    packed: bool = False
    shares: list[Share] = field(default_factory=list)
    mixture: Mixture | None = None

    @property
    def a_pass(self) -> int:
        """Rows of a pass."""
        return len(self.train) if self.mixture is None else len(self.mixture)


def load_data(settings: Settings) -> Data:
    """Read and encode the rows of a recipe.

    Raises:
        TrainError: the data, tokenizer or style cannot be read, or no length is known.
    """
    from train.huggingface.model import config_of, context_length
    from train.styles import style_named

    of_texts = settings.data_class == TEXT
    name = "plain" if of_texts else settings.prompt_style
    style = style_named(name).of_model(settings.checkpoint_dir).localised(settings.language)
    style.with_system(settings.system).check()
    tokens = load_tokens(settings.checkpoint_dir)
    longest = settings.max_seq_length or context_length(config_of(settings.checkpoint_dir))
    if longest is None:
        raise TrainError(f"train.max_seq_length is missing, and {settings.checkpoint_dir} states no length of its own")
    load_rows = load_pairs if settings.method == "orpo" else load_texts if of_texts else load_chats
    rows = load_rows(settings, tokens, style, longest)
    check_vocabulary(settings.checkpoint_dir, rows.train, rows.val)
    style = rows.style
    begins = bool(tokens.adds_bos if style.bos is None else style.bos)
    packed = of_texts and packing_of(settings) == "documents"
    template, pad = style.template(begins), tokens.eos_id or 0
    return Data(rows.train, rows.val, rows.report, style, template, pad, packed, rows.shares, rows.mixture)


def check_vocabulary(checkpoint: str, *splits: Rows) -> None:
    """Raises:
    TrainError: a row holds a token that the model's embeddings have no row for.
    """
    from train.huggingface.model import config_of

    size = config_of(checkpoint).get_text_config().vocab_size
    # A complement where it is not learnt.
    highest = max((int((rows.tokens ^ (rows.tokens >> 31)).max()) for rows in splits if len(rows.tokens)), default=0)
    if highest >= size:
        raise TrainError(
            f"the rows hold token {highest:,}, the model in {checkpoint} has {size:,} rows of embeddings: "
            "its tokenizer is another model's, or tokens were added to it"
        )
