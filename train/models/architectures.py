"""Tiny models of real architectures: random weights, small sizes, every trait of the original kept.

What LitGPT knows is shrunk from its own `Config.from_name`, so that normalisation, attention, tied embeddings, rotary
settings and the names that conversion goes by stay the original's; `config.json` comes from transformers' own
configuration classes. What LitGPT lacks (BLOOM) is made in Hugging Face form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from train.errors import TrainError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Form = Literal["litgpt", "huggingface"]

#: Longest text of a tiny model, tokens: LitGPT's cache for writing grows with its square.
BLOCK_SIZE = 4096
#: Size of an attention head: even, as rotary positions need, and no power of the head counts it is used with.
HEAD_SIZE = 16
#: Window of local attention, short enough that a test's texts are longer.
WINDOW = 32


@dataclass(frozen=True)
class Family:
    """What a family of models shares.

    model_type: transformers' name. special: tokens in the order of their ids. style: the prompt style of the instruct
    models (train.styles). adds_bos: its tokenizer puts `bos` before every text.
    """

    model_type: str
    special: tuple[str, ...]
    bos: str | None
    eos: str
    pad: str | None
    style: str
    adds_bos: bool = False

    @property
    def eos_chat(self) -> str:
        """Token that ends an assistant's turn in the instruct models."""
        from train.styles import style_named

        return style_named(self.style).end_of_turn or self.eos


_LLAMA3_TOKENS = (
    "<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eom_id|>", "<|eot_id|>",
)  # fmt: skip
_GEMMA_TOKENS = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
_CHATML_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")

#: By the beginning of LitGPT's (or, for BLOOM, the hub's) model name; the longest that fits counts.
FAMILIES = {
    "Llama-3": Family(
        "llama", _LLAMA3_TOKENS, "<|begin_of_text|>", "<|end_of_text|>", None, "llama3", adds_bos=True
    ),
    "SmolLM2": Family(
        "llama", _CHATML_TOKENS, "<|endoftext|>", "<|endoftext|>", None, "chatml"
    ),
    "Gemma-": Family("gemma", _GEMMA_TOKENS, "<bos>", "<eos>", "<pad>", "gemma", adds_bos=True),
    "Gemma-2-": Family("gemma2", _GEMMA_TOKENS, "<bos>", "<eos>", "<pad>", "gemma", adds_bos=True),
    "Gemma-3-": Family("gemma3_text", _GEMMA_TOKENS, "<bos>", "<eos>", "<pad>", "gemma", adds_bos=True),
    "Qwen3-": Family("qwen3", _CHATML_TOKENS, None, "<|endoftext|>", "<|endoftext|>", "chatml"),
    "bloom": Family("bloom", ("<unk>", "<s>", "</s>", "<pad>"), "<s>", "</s>", "<pad>", "alpaca"),
}  # fmt: skip
#: Input and output embeddings are one matrix in these, as their config.json on the hub says.
TIED = ("Gemma-", "SmolLM2-", "Llama-3.2-", "Qwen3-0.6B", "Qwen3-1.7B", "Qwen3-4B", "bloom")


def family_of(name: str) -> Family:
    """The family of a model's name.

    Raises:
        TrainError: none that is known here; lists those that are.
    """
    fitting = [prefix for prefix in FAMILIES if name.startswith(prefix)]
    if not fitting:
        prefixes = ", ".join(sorted(FAMILIES))
        raise TrainError(
            f"no tiny model of {name}: names begin with {prefixes} (LitGPT's spelling, such as Llama-3-8B)"
        )
    return FAMILIES[max(fitting, key=len)]


def is_chat(name: str) -> bool:
    """Whether the model was published as one that answers, not as a base model."""
    return name.endswith(("-Instruct", "-it")) or (name.startswith("Qwen3-") and not name.endswith("-Base"))


def is_tied(name: str) -> bool:
    """Whether input and output embeddings are one matrix in the published weights."""
    return name.startswith(TIED)


def special_tokens(name: str) -> dict[str, str]:
    """`bos_token`, `eos_token`, `pad_token` of the model, as far as it has them."""
    family = family_of(name)
    eos = family.eos_chat if is_chat(name) else family.eos
    roles = {"bos_token": family.bos, "eos_token": eos, "pad_token": family.pad}
    return {role: token for role, token in roles.items() if token}


def tiny_config(name: str, vocabulary: int) -> Any:
    """LitGPT's configuration of `name` with small sizes.

    Ratios stay: query heads to key heads, width to heads, hidden layer to width. Of local and global attention layers
    one each stays.

    Raises:
        TrainError: LitGPT does not know the name, or it is a mixture of experts.
    """
    from litgpt import Config
    from litgpt.config import find_multiple

    try:
        full = Config.from_name(name)
    except ValueError as error:
        raise TrainError(f"LitGPT has no {name}; its names are case-sensitive, such as Gemma-2b") from error
    if full.n_expert:
        raise TrainError(f"no tiny model of {name}: mixtures of experts are not made")
    groups = 1 if full.n_query_groups == 1 else 2
    heads = groups * (full.n_head // full.n_query_groups) if full.n_query_groups < full.n_head else 4
    width = find_multiple(round(heads * HEAD_SIZE * full.n_embd / (full.n_head * full.head_size)), 8)
    sizes: dict[str, Any] = {
        "n_layer": 2,
        "n_head": heads,
        "n_query_groups": groups if full.n_query_groups < full.n_head else heads,
        "head_size": HEAD_SIZE,
        "n_embd": width,
        "intermediate_size": find_multiple(round(width * full.intermediate_size / full.n_embd), 16),
        "vocab_size": vocabulary,
        "padded_vocab_size": find_multiple(vocabulary, 64),
        "block_size": min(full.block_size, BLOCK_SIZE),
    }
    return Config.from_name(name, **sizes, **_tiny_attention(full))


def _tiny_attention(full: Any) -> dict[str, Any]:
    """The settings of attention that depend on sizes."""
    changed: dict[str, Any] = {}
    if full.attention_scores_scalar is not None:
        changed["attention_scores_scalar"] = HEAD_SIZE
    if full.sliding_window_size is not None:
        changed |= {"sliding_window_size": WINDOW, "sliding_window_indices": [1, 0]}
    if full.rope_indices is not None:
        changed["rope_indices"] = [1, 0]
    if full.rope_adjustments and "original_max_seq_len" in full.rope_adjustments:
        # Half the block, so that positions beyond the original length exist here too.
        changed["rope_adjustments"] = {**full.rope_adjustments, "original_max_seq_len": BLOCK_SIZE // 2}
    return changed


def huggingface_config(name: str, config: Any, token_ids: dict[str, int]) -> Any:
    """transformers' configuration of the model that a LitGPT configuration describes, of whatever size.

    token_ids: `bos_token_id` and its like.
    """
    from transformers import AutoConfig

    family = family_of(name)
    return AutoConfig.for_model(
        family.model_type,
        **token_ids,
        **_own_settings(family.model_type, config),
        architectures=[architecture(family.model_type)],
        hidden_size=config.n_embd,
        intermediate_size=config.intermediate_size,
        head_dim=config.head_size,
        num_attention_heads=config.n_head,
        num_key_value_heads=config.n_query_groups,
        num_hidden_layers=config.n_layer,
        vocab_size=config.padded_vocab_size,
        max_position_embeddings=config.block_size,
        rms_norm_eps=config.norm_eps,
        attention_bias=config.attn_bias,
        tie_word_embeddings=is_tied(name),
        dtype="float32",
    )


def architecture(model_type: str) -> str:
    """Name of transformers' class for writing text with this type of model."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return str(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES[model_type])


def _own_settings(model_type: str, config: Any) -> dict[str, Any]:
    """Settings of config.json that only some families have."""
    if model_type == "gemma3_text":
        return _gemma3_settings(config)
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": float(config.rope_base)}
    if config.rope_adjustments:
        adjusted = dict(config.rope_adjustments)
        original = adjusted.pop("original_max_seq_len")
        rope |= {"rope_type": "llama3", "original_max_position_embeddings": original, **adjusted}
    own: dict[str, Any] = {"rope_parameters": rope}
    if model_type in ("gemma", "gemma2"):
        own["hidden_activation"] = "gelu_pytorch_tanh"
    if model_type == "gemma2":
        own |= _windows(config) | {
            "attn_logit_softcapping": config.attention_logit_softcapping,
            "final_logit_softcapping": config.final_logit_softcapping,
        }
    return own


def _gemma3_settings(config: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {"rope_type": "default", "rope_theta": float(config.rope_base)}
    if config.rope_adjustments:
        whole |= {"rope_type": "linear", **config.rope_adjustments}
    local = {"rope_type": "default", "rope_theta": float(config.rope_local_base_freq)}
    return _windows(config) | {
        "hidden_activation": "gelu_pytorch_tanh",
        "rope_parameters": {"full_attention": whole, "sliding_attention": local},
    }


def _windows(config: Any) -> dict[str, Any]:
    return {
        "query_pre_attn_scalar": config.attention_scores_scalar,
        "sliding_window": config.sliding_window_size,
        "layer_types": ["sliding_attention" if local else "full_attention" for local in config.sliding_window_indices],
    }


def bloom_config(vocabulary: int, token_ids: dict[str, int]) -> Any:
    """A BLOOM of two layers: ALiBi positions, a norm behind the embeddings, tied embeddings, as every BLOOM."""
    from transformers import AutoConfig

    return AutoConfig.for_model(
        "bloom",
        **token_ids,
        architectures=[architecture("bloom")],
        vocab_size=-(-vocabulary // 64) * 64,
        hidden_size=4 * HEAD_SIZE,
        n_layer=2,
        n_head=4,
        # BLOOM-7B1's own.
        initializer_range=0.02,
        dtype="float32",
    )


def make_tokenizer(name: str, texts: list[str], vocab_size: int = 512) -> Tokenizer:
    """A byte-level tokenizer of the texts with the model's own special tokens at the first ids."""
    from tokenizers import processors

    from train.models.pretraining import train_tokenizer

    family = family_of(name)
    tokenizer = train_tokenizer(texts, vocab_size, list(family.special))
    if family.adds_bos and family.bos:
        begin = (family.bos, tokenizer.token_to_id(family.bos))
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", pair=f"{family.bos} $A {family.bos}:1 $B:1", special_tokens=[begin]
        )
    return tokenizer


def make_tiny(
    name: str,
    texts: list[str],
    out: Path,
    seed: int = 0,
    *,
    form: Form | None = None,
    vocab_size: int = 512,
    pretrain_steps: int = 0,
) -> dict[str, Any]:
    """A checkpoint folder of the architecture `name`, written into `out` (made where it lacks).

    name: a LitGPT name (Llama-3-8B, Gemma-2b, SmolLM2-360M, Qwen3-0.6B, Gemma-3-1b-it, Llama-3.2-1B …) or bloom-7b1.
    texts: what vocabulary and tokenizer are made from. form: LitGPT's where it knows the model, unless told.
    Returns parameters, vocabulary, form, loss (of the pretraining, None without).

    Raises:
        TrainError: the name is not known, or LitGPT's form is wanted of what LitGPT lacks.
    """
    family = family_of(name)
    form = form or ("huggingface" if family.model_type == "bloom" else "litgpt")
    if form == "litgpt" and family.model_type == "bloom":
        raise TrainError(f"LitGPT has no {name} (no ALiBi): give the form huggingface")
    tokenizer = make_tokenizer(name, texts, vocab_size)
    model = _litgpt_model(name, tokenizer, seed) if form == "litgpt" else _huggingface_model(name, tokenizer, seed)
    loss = _pretrained(model, tokenizer, texts, pretrain_steps, seed, special_tokens(name)["eos_token"])
    out.mkdir(parents=True, exist_ok=True)
    write_tokenizer(name, tokenizer, out)
    _write_litgpt(name, model, tokenizer, out) if form == "litgpt" else model.save_pretrained(out)
    _write_generation(name, tokenizer, out)
    return {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "vocabulary": tokenizer.get_vocab_size(),
        "form": form,
        "loss": loss,
    }


def _litgpt_model(name: str, tokenizer: Tokenizer, seed: int) -> Any:
    import torch
    from litgpt import GPT

    config = tiny_config(name, tokenizer.get_vocab_size())
    torch.manual_seed(seed)
    model = GPT(config)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.Linear | torch.nn.Embedding):
                module.weight.normal_(std=0.5 * config.n_embd**-0.5)
            elif hasattr(module, "add_unit_offset"):
                # Around what makes a norm neutral (Gemma's adds one), but not on it: a conversion that mixes the two
                # up must show.
                module.weight.normal_(mean=0.0 if module.add_unit_offset else 1.0, std=0.1)
    if is_tied(name):
        model.lm_head.weight = model.transformer.wte.weight
    return model


def _huggingface_model(name: str, tokenizer: Tokenizer, seed: int) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    vocabulary, ids = tokenizer.get_vocab_size(), token_ids(name, tokenizer)
    if family_of(name).model_type == "bloom":
        config = bloom_config(vocabulary, ids)
    else:
        config = huggingface_config(name, tiny_config(name, vocabulary), ids)
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(config)


def token_ids(name: str, tokenizer: Tokenizer) -> dict[str, int]:
    """`bos_token_id` and its like."""
    return {f"{role}_id": tokenizer.token_to_id(token) for role, token in special_tokens(name).items()}


def _pretrained(model: Any, tokenizer: Tokenizer, texts: list[str], steps: int, seed: int, eos: str) -> float | None:
    from train.models.pretraining import encode, pretrain

    return pretrain(model, encode(tokenizer, texts, eos), steps, seed) if steps else None


def write_tokenizer(name: str, tokenizer: Tokenizer, out: Path) -> None:
    """tokenizer.json and tokenizer_config.json, with the chat template of the family."""
    from train.styles import style_named

    family = family_of(name)
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **special_tokens(name),
        "model_max_length": BLOCK_SIZE,
        "clean_up_tokenization_spaces": False,
        "chat_template": style_named(family.style).chat_template,
    }
    if not name.startswith("Llama-3"):
        # Llama 3's own file lacks the key, and LitGPT goes by the folder's name there.
        settings["add_bos_token"] = family.adds_bos
    tokenizer.save(str(out / "tokenizer.json"))
    _json(out / "tokenizer_config.json", settings)


def _write_generation(name: str, tokenizer: Tokenizer, out: Path) -> None:
    """generation_config.json: a model that answers stops at the end of its turn too."""
    family, settings = family_of(name), dict[str, Any](token_ids(name, tokenizer))
    ends = [tokenizer.token_to_id(token) for token in dict.fromkeys((family.eos, family.eos_chat))]
    if is_chat(name):
        settings["eos_token_id"] = ends
    _json(out / "generation_config.json", settings)


def _write_litgpt(name: str, model: Any, tokenizer: Tokenizer, out: Path) -> None:
    import torch
    from litgpt.prompts import PromptStyle, save_prompt_style
    from litgpt.utils import save_config

    torch.save(model.state_dict(), out / "lit_model.pth")
    save_config(model.config, out)
    save_prompt_style(PromptStyle.from_config(model.config), out)
    huggingface_config(name, model.config, token_ids(name, tokenizer)).save_pretrained(out)


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
