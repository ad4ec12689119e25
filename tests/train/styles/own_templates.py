"""Chat templates as families of models have them, written for these tests, and a tokenizer that reads their marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.train.data.chat_fixtures import processor

_TURN = "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}"
_ASK = "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
MARKED = f"{{%- for message in messages -%}}{_TURN}{{%- endfor -%}}{_ASK}"
#: Written over several lines, as templates on the hub are.
MARKED_BY_ITSELF = """
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {%- generation %}{{ '<|im_start|>assistant\\n' + message.content + '<|im_end|>\\n' }}{% endgeneration %}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}"""
WITHOUT_THE_END = """
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}{% generation %}{{ message.content }}{% endgeneration %}
    {%- else %}{{ message.content }}{% endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}"""
#: The last answer after an empty block of thinking, earlier ones without.
THINKING = """
{%- for message in messages %}
    {%- if message.role == 'assistant' and loop.last %}
        {{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' + message.content + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{% endif %}
{%- endif %}"""
#: Begins to think before every answer, and no answer of a chat has it, but where thinking is switched off.
THINKS_ALWAYS = MARKED.replace("assistant\\n' -}}{%- endif", "assistant\\n<think>\\n' -}}{%- endif")
SWITCHED = MARKED.replace(
    "{{- '<|im_start|>assistant\\n' -}}{%- endif",
    "{{- '<|im_start|>assistant\\n' + ('' if enable_thinking is false else '<think>\\n') -}}{%- endif",
)
#: The system prompt in the first question; texts stripped; begin token; refuses what does not alternate.
FOLDED = """
{{- bos_token }}
{%- if messages[0].role == 'system' %}
    {%- set first, turns = messages[0].content + '\\n\\n', messages[1:] %}
{%- else %}
    {%- set first, turns = '', messages %}
{%- endif %}
{%- for message in turns %}
    {%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Roles must alternate user/assistant') }}
    {%- endif %}
    {{- '<start_of_turn>' + ('model' if message.role == 'assistant' else 'user') + '\\n' }}
    {{- (first if loop.first else '') + message.content | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<start_of_turn>model\\n' }}{% endif %}"""
REFUSING = FOLDED.replace(
    "{%- set first, turns = messages[0].content + '\\n\\n', messages[1:] %}",
    "{{- raise_exception('System role not supported') }}",
)
#: The system prompt stands with the last question; a space before an answer; no header.
INSTRUCTIONS = """
{{- bos_token }}
{%- set system = messages[0].content + '\\n\\n' if messages[0].role == 'system' else '' %}
{%- set questions = messages | selectattr('role', 'equalto', 'user') | list %}
{%- for message in messages %}
    {%- if message.role == 'user' %}
        {{- '[INST] ' + (system if message == questions[-1] else '') + message.content + '[/INST]' }}
    {%- elif message.role == 'assistant' %}
        {{- ' ' + message.content + eos_token }}
    {%- endif %}
{%- endfor %}"""
#: What ends the whole chat stands after what ends the turn.
ENDS_TWICE = MARKED.replace("{%- endif -%}", "{%- else -%}{{- eos_token -}}{%- endif -%}")
WORDS = """
{%- for message in messages %}
    {%- if message.role == 'user' %}{{- '### Question: ' + message.content + '\\n\\n' }}
    {%- elif message.role == 'assistant' %}{{- '### Answer:\\n' + message.content + '\\n\\n' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '### Answer:\\n' }}{% endif %}"""
#: The prompt ends in a space, which goes into one token with the answer's first word.
_SPACE = WORDS.replace("### Answer:\\n", "### Answer: ")
SPACE_IN_PROMPT = _SPACE.replace("+ '\\n\\n' }}{% endif", "+ eos_token }}{% endif")
PARTS = """
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- for part in message.content %}{{- part.text }}{% endfor %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}"""
#: Template -> (before the answer, the end) of those that train.
TRAINED = {
    "marked": (MARKED, "", "<|im_end|>"), "by itself": (MARKED_BY_ITSELF, "", "<|im_end|>"),
    "without the end": (WITHOUT_THE_END, "", "<|im_end|>"),
    "thinking": (THINKING, "<think>\n\n</think>\n\n", "<|im_end|>"), "switched": (SWITCHED, "", "<|im_end|>"),
    "folded": (FOLDED, "", "<end_of_turn>"), "refusing": (REFUSING, "", "<end_of_turn>"),
    "instructions": (INSTRUCTIONS, " ", "<|end|>"), "ends twice": (ENDS_TWICE, "", "<|im_end|>"),
    "parts": (PARTS, "", "<|im_end|>"),
}  # fmt: skip


def tokenizer(template: Any, bos: bool = False) -> Any:
    """transformers' tokenizer with a template; bos: it puts the begin token before a text itself."""
    from tokenizers import Tokenizer, processors
    from transformers import PreTrainedTokenizerFast

    own = Tokenizer.from_str(processor().to_str())
    if bos:
        begin = ("<|begin|>", own.token_to_id("<|begin|>"))
        own.post_processor = processors.TemplateProcessing(single="<|begin|> $A", special_tokens=[begin])
    names = {"bos_token": "<|begin|>", "eos_token": "<|end|>", "pad_token": "<|pad|>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=own, **names)
    fast.chat_template = template
    return fast


def write_folder(folder: Path, template: Any, **more: Any) -> Path:
    """A folder with that tokenizer, and nothing else."""
    tokenizer(template, **more).save_pretrained(folder)
    return folder
