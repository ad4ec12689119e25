"""What a model thinks before it answers, where a server sends it as part of the answer.

The opening tag may be missing (it stands in the prompt of many chat templates: DeepSeek-R1, QwQ, Qwen3-Thinking), the
closing one may be (the reply was cut off, or the model forgot it). What cannot be told from the answer is None: a
thought that is stored as an answer is worse than no answer.
"""

from __future__ import annotations

import re

_NAMES = (
    r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|reflect|scratchpad|analysis|seed:think|inner[_ ]monologue|"
    r"antThinking|ragionamento|pensiero|suy[_ ]nghĩ)"
)
#: <think>, [THINK] (Magistral), ◁think▷ (Kimi), <|START_THINKING|> (Command), <|begin_of_thought|> (Sky-T1).
_OPEN = (
    rf"(?:<{_NAMES}(?:\s[^<>\n]{{0,40}})?>|\[THINK(?:ING)?\]|◁think▷|<\|START_THINKING\|>"
    r"|<\|begin_of_thought\|>|<unused94>thought)"
)
_CLOSE = (
    rf"(?:</{_NAMES}>|\[/THINK(?:ING)?\]|◁/think▷|<\|END_THINKING\|>|<\|end_of_thought\|>|<unused95>"
    r"|^\.\.\.done thinking\.?$)"
)
_FLAGS = re.IGNORECASE | re.DOTALL | re.MULTILINE
_MARK = re.compile(rf"(?P<open>{_OPEN})|(?P<close>{_CLOSE})", _FLAGS)
#: Granite 3.2 names both parts in words.
_TWO_PARTS = re.compile(
    r"\A\s*(?:\*\*|#+ ?)?here(?:'s| is) my (?:thought|thinking) process:?(?:\*\*)?:?.*?"
    r"^(?:\*\*|#+ ?)?here(?:'s| is) my (?:response|answer):?(?:\*\*)?:?",
    _FLAGS,
)
#: Tags around the answer itself.
_ANSWER = (
    r"(?:<(?P<tag>answer|response|final(?:_answer)?|output|result|summary|text|solution|riassunto|testo|sintesi"
    r"|risposta|"
    r"tóm_tắt|resumen|résumé|zusammenfassung|resumo|respuesta|réponse|antwort|resposta)>"
    r"|\[RESPONSE\]|<\|START_RESPONSE\|>|<\|begin_of_solution\|>)"
)
_ANSWERING = re.compile(
    rf"\A\s*{_ANSWER}(?P<answer>.*?)(?:</(?P=tag)>|\[/RESPONSE\]|<\|END_RESPONSE\|>|<\|end_of_solution\|>|\Z)", _FLAGS
)
_UNTAGGED = re.compile(
    r"\A\s*(?:\*\*|#+ ?)?(?:"
    r"(?:ok(?:ay)?|alright|all right|hmm+|well|so|right|got it)[,.!…]*\s+(?:so,? |now,? )?(?:the user|i need to"
    r"|i have to|i'm (?:being )?asked|let(?:['’]s| me| us) (?:see|think|start|begin|break|analy|tackle|go (?:through"
    r"|over)|summari|read|figure|process|parse|look|try|first|do this)|we need|we have to|we are asked|first,? i)"
    r"|the user (?:wants|is asking|asks|has (?:asked|given|provided)|needs|provided|gave)"
    r"|(?:we|i) (?:need|have|are asked) to (?:summari[sz]e|produce|write|combine|create|generate|answer|respond"
    r"|output|reply|read)"
    r"|let(?:['’]s| me| us) (?:think|start by|begin by|analy[sz]e|read (?:through|the)|break (?:this|it) down|parse"
    r"|see what)"
    r"|(?:thinking|thought|reasoning) process:|thinking\.\.\.\s*\n|thinking:\s*\n"
    r"|l['’]utente (?:vuole|chiede|mi chiede|ha chiesto|desidera)|(?:devo|dobbiamo) (?:riassumere|sintetizzare"
    r"|integrare gli)"
    r"|người dùng (?:muốn|yêu cầu|đang)|(?:l['’]utilisateur (?:veut|demande|me demande))|el usuario (?:quiere|pide"
    r"|me pide)"
    r"|der (?:nutzer|benutzer) (?:möchte|will|bittet)|o usuário (?:quer|pede|pediu))",
    re.IGNORECASE,
)  # fmt: skip


def without_thinking(text: str) -> str | None:
    """The answer without the thoughts that are marked as such; None where no end of them can be seen."""
    text = _TWO_PARTS.sub("", text, count=1)
    pieces, depth, start = [""], 0, 0
    for mark in _MARK.finditer(text):
        if depth == 0:
            pieces.append(text[start : mark.start()])
        if mark["open"]:
            depth += 1
        else:
            # A closing mark alone: what stands before it was thought.
            pieces = pieces if depth else [""]
            depth = max(0, depth - 1)
        start = mark.end()
    if depth:
        return None
    text = "".join(pieces) + text[start:]
    if answering := _ANSWERING.match(text):
        text = answering["answer"]
    return text.strip()


def thinks_aloud(text: str) -> bool:
    """Whether a reply begins with the model's thoughts about its task, which nothing marks."""
    return _UNTAGGED.match(text) is not None
