"""From a model's reply to the instruction in it: without labels, presentations, quotes, and the answer it wrote, too.

Every reply is cleaned as all are (`synth.replies`); what is here stands around instructions only.
"""

from __future__ import annotations

import re

from synth.replies import CleanReply, clean_reply

#: What an instruction is called.
_NAMES = (
    r"(?:istruzion[ei]|richiest[ae]|domand[ae]|consegna|compito|incarico|lettera|prompt|instructions?|requests?|"
    r"questions?|tasks?|assignment|letter|chỉ dẫn|lời chỉ dẫn|yêu cầu|câu hỏi|đề bài|câu lệnh|thư|consignes?|demandes?|"
    r"commande|lettre|instruccion(?:es)?|instrucción|petición|peticiones|preguntas?|consigna|encargo|carta|anweisung|"
    r"anfrage|frage|aufgabe|instrução|instruções|pergunta|pedido)"
)
#: What a presentation begins with; an instruction such as "Answer the question:" begins with a verb.
_PRESENTING = (
    r"(?:ecco(?:ti)?|certo|certamente|di seguito|questa è|here(?:['’]s| is| are)?|below|sure|certainly|this is|"
    r"đây là|dưới đây là|sau đây là|chắc chắn|voici|voilà|ci-dessous|aquí|esta es|he aquí|a continuación|hier ist|"
    r"aqui está)"
)
_ARTICLE = r"(?:(?:la|l['’]|una|un['’]|the|an?|my|une|le|el|die|eine|uma|a possible|una possibile|generated) ?)?"
_LABEL = re.compile(
    rf"\A[\s*_#>-]*(?:{_PRESENTING}\b[^:\n.?]{{0,80}}?{_NAMES}\b[^:\n.?]{{0,60}}"
    rf"|{_ARTICLE}{_NAMES}(?: \d| \([^)\n]{{1,30}}\)| (?:for the|per il|para el|pour le) \w+| (?:is|è|là|est|es))?"
    r"|[QD])"
    r"[\s*_]*(?:[:：][\s*_]*|\n[\s*_]*)(?=\S)",
    re.IGNORECASE,
)
_TAG = re.compile(r"\A\s*<(\w{3,20})>\s*(.*?)\s*</\1>\s*\Z", re.DOTALL)
#: The answer, which some models write behind the instruction.
_ANSWER = re.compile(
    r"\n[\s*_#>-]*(?:risposta|testo|soluzione|answer|response|text|solution|trả lời|câu trả lời|đáp án|lời giải|"
    r"văn bản|réponse|texte|respuesta|texto|antwort|resposta|[AR])[\s*_]*[:：].*\Z",
    re.IGNORECASE | re.DOTALL,
)
_REMARK = re.compile(
    r"\n\s*(?:\([^()]{10,400}\)|[*_]*(?:nota?e?|n\.b\.|lưu ý|ghi chú|remarque|spiegazione|explanation|giải thích)[*_]*"
    r" ?[:：].*)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-•*])\s+", re.MULTILINE)
_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“", "'": "'", "‘": "’", "`": "`"}


def instruction_of(text: str, finish_reason: str = "stop") -> CleanReply:
    """The instruction that a reply holds, or the name of the reason why it holds none.

    Beside the reasons of `synth.replies.cleaner`: `several`, a choice of instructions where one was asked for.
    """
    cleaned, refusal = clean_reply(text, finish_reason)
    if refusal:
        return CleanReply("", refusal)
    before = ""
    while before != cleaned:
        before, cleaned = cleaned, _without_quotes(_without_frame(cleaned))
    items = _ITEM.findall(cleaned)
    if _ITEM.match(cleaned):
        if len(items) > 1:
            return CleanReply("", "several")
        cleaned = _ITEM.sub("", cleaned, count=1)
    return CleanReply(cleaned.strip(), "" if re.search(r"\w", cleaned) else "empty")


def _without_frame(text: str) -> str:
    if tag := _TAG.match(text):
        text = tag[2]
    text = _ANSWER.sub("", text)
    text = _REMARK.sub("", text)
    return _LABEL.sub("", text, count=1).strip()


def _without_quotes(text: str) -> str:
    """A text whose quotes are around the whole of it, without them."""
    closing = _QUOTES.get(text[:1])
    inside = text[1:-1]
    if closing and len(text) > 1 and text.endswith(closing) and closing not in inside and text[0] not in inside:
        return inside.strip()
    return text
