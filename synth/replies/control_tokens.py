"""What belongs to a model's chat template and not to its answer: control tokens, channels, the names of turns.

Servers that decode without `skip_special_tokens`, or whose parser does not know the model, send them as text; where a
server drops the tokens only, the names between them stay ("analysisThe user asks …assistantfinalIl consiglio …").
"""

from __future__ import annotations

import re

#: Tokens of Llama, Qwen, ChatML, gpt-oss, Phi, Granite, GLM, Kimi (`<|…|>`), DeepSeek (`<｜…｜>`), Gemma, Mistral, T5.
TOKEN = re.compile(
    r"<\|[^|<>\n]{1,40}\|?>|<[a-z_]{1,20}\|>|<｜[^｜<>\n]{1,40}｜>|</?s>|<(?:bos|eos|pad|unk|mask|EOT|sep)>|\[/?INST\]"
    r"|<</?SYS>>"
    r"|<(?:start|end)_of_(?:turn|text|utterance|image|role)>|<unused\d+>|<extra_id_\d+>|<0x[0-9A-F]{2}>"
    r"|\[(?:EOS|BOS|PAD|UNK|SEP|CLS|gMASK)\]|\[/?(?:SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS)\]",
    re.IGNORECASE,
)
#: Tokens that end nothing: between words they are damage.
_DAMAGE = re.compile(r"unk|pad|mask|unused|extra_id|reserved|0x", re.IGNORECASE)
_ROLES = r"(?:assistant|model|bot|ai|gpt4? correct assistant)"
#: The name of a turn before its text: "assistant\n\n", "Assistant: ", "### Response:".
_TURN = re.compile(
    rf"\s*(?:{_ROLES}[ \t]*(?:\n+|:[ \t]*\n*)|#{{1,4}} ?(?:response|assistant|answer|output):?[ \t]*\n+)",
    re.IGNORECASE,
)
#: A turn that the model wrote for somebody else, after its own.
_NEXT_TURN = re.compile(
    r"\n\s*(?:#{2,4} ?(?:instruction|input|human|user|question|system|end)\b|(?:human|user|utente|người dùng):[ \t])",
    re.IGNORECASE,
)
#: The prompt, which some servers send back before the answer (Llama 2, Mistral).
_ECHO = re.compile(r"\s*(?:<s>)?\s*\[INST\].*\[/INST\]", re.DOTALL | re.IGNORECASE)
_FINAL = re.compile(r"<\|channel\|>\s*final[^<>\n]{0,40}(?:<\|constrain\|>[^<>\n]{0,20})?<\|message\|>", re.I)
_GEMMA_THOUGHT = re.compile(r"<\|channel>\s*thought\b.*?<channel\|>", re.DOTALL | re.IGNORECASE)
_GLUED_THOUGHT, _GLUED_FINAL = re.compile(r"\s*analysis(?=[A-Z\"'“])"), re.compile(r"assistant(?:commentary|final)")
#: The name of a channel whose tokens are gone, glued to the first word or on a line of its own: "assistantfinalIl".
_BARE_FINAL = re.compile(r"assistant\n?final(?=\s*\n|\s*\Z|[^\sa-z])|\A\s*final(?=[^\W\d_a-z])")
_BARE_COMMENTARY = re.compile(r"\A\s*assistant\n?commentary(?=\s*\n|\s*\Z|[^\sa-z])")
#: Bytes that were no letter; between letters a letter is lost, elsewhere a sign (an emoji, the end of a cut reply).
_LETTER_LOST = re.compile(r"(?<=[^\W_])\ufffd+(?=[^\W_])|[^\W_]\ufffd{2,}|\ufffd{2,}[^\W_]")
_SIGN_LOST = re.compile(r"(?:(?<=\s)|\A)\ufffd+\s*|\ufffd+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\u200b\u2060\ufffe\uffff]")


def without_control_characters(text: str) -> str:
    """A text with plain line ends and without NUL and what else no reader sees."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n"))


def final_channel(text: str) -> str | None:
    """The final channel of a reply in channels (gpt-oss, Gemma); the text as it is without any, None without a final.

    Format: https://cookbook.openai.com/articles/openai-harmony
    """
    text = _GEMMA_THOUGHT.sub("", text)
    if finals := list(_FINAL.finditer(text)):
        return text[finals[-1].end() :]
    if "<|channel" in text.lower():
        return None
    if _GLUED_THOUGHT.match(text):
        marks = list(_GLUED_FINAL.finditer(text))
        return text[marks[-1].end() :] if marks and marks[-1][0].endswith("final") else None
    if bare := list(_BARE_FINAL.finditer(text)):
        return text[bare[-1].end() :]
    return None if _BARE_COMMENTARY.match(text) else text


def without_broken_letters(text: str) -> str | None:
    """A text without U+FFFD, which stands where bytes were no letter; None where a letter of a word is lost."""
    if _LETTER_LOST.search(text):
        return None
    return _SIGN_LOST.sub("", text).strip()


def without_tokens(text: str) -> str | None:
    """The first turn of a reply, without control tokens; None where some stand between words and end nothing."""
    text = _without_turn_name(_ECHO.sub("", text, count=1) if _ECHO.match(text) else text)
    for token in TOKEN.finditer(text):
        if not _DAMAGE.search(token[0]):
            return _next_turn_cut(text[: token.start()])
        if re.search(r"\w", TOKEN.sub("", text[token.end() :])):
            return None
        return _next_turn_cut(text[: token.start()])
    return _next_turn_cut(text)


def _without_turn_name(text: str) -> str:
    """Without the tokens and the role before the first word."""
    while True:
        stripped = text.lstrip()
        if token := TOKEN.match(stripped):
            # "<|im_start|>assistant": after a token even a bare role is a role.
            rest = stripped[token.end() :]
            role = re.match(rf"\s*{_ROLES}(?=\s*(?:\n|<|:|\Z)):?", rest, re.IGNORECASE)
            text = rest[role.end() :] if role else rest
        elif turn := _TURN.match(stripped):
            text = stripped[turn.end() :]
        else:
            return stripped


def _next_turn_cut(text: str) -> str:
    turn = _NEXT_TURN.search(text)
    return (text[: turn.start()] if turn else text).strip()
