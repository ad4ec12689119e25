"""Replies as real models send them: what is around an answer goes, what is none is refused, true text stays.

Covers synth.replies.cleaner, synth.replies.control_tokens, synth.replies.thinking, synth.replies.wrapping.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.replies import answer_of, clean_reply

ANSWER = (
    "La giunta di Vallescura ha approvato il nuovo piano dei parcheggi con quindici voti a favore e sei contrari. I "
    "lavori cominceranno a marzo e dureranno due anni, ha spiegato l'assessora Bianca Ferri ai giornalisti."
)
VIETNAMESE = (
    "Hội đồng thành phố đã thông qua kế hoạch xây cầu mới với hai mươi hai phiếu thuận và chín phiếu chống, công trình "
    "sẽ bắt đầu vào tháng ba và kéo dài hai năm."
)
ENGLISH = (
    "The city council approved the parking plan yesterday with fifteen votes in favour and six against, and the works "
    "will begin in March and last two years."
)

AROUND = [
    "Okay, let me think about it. The user wants…\n</think>\n\n{}",
    "<think>\nhm\n</think>\n{}",
    "<thinking>x y</thinking>{}",
    "[THINK]bla bla[/THINK]{}",
    "◁think▷ah◁/think▷{}",
    "<|channel|>analysis<|message|>We need to…<|end|><|start|>assistant<|channel|>final<|message|>{}",
    "<|channel|>analysis<|message|>We need<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>",
    "analysisThe user wants a summary.assistantfinal{}",
    "<seed:think>x</seed:think>{}",
    "<unused94>thought\nbla<unused95>{}",
    "<|channel>thought\nbla<channel|>{}<turn|>",
    "<answer>\n{}\n</answer>",
    "<think>a</think><answer>{}</answer>",
    "{}<|im_end|>",
    "{}</s>",
    "<s> {}</s>",
    "{}<|eot_id|>",
    "{}<end_of_turn>\n<start_of_turn>user\nGrazie",
    "{}<|im_end|>\n<|im_start|>user\nancora<|im_end|>",
    "<|im_start|>assistant\n{}<|im_end|>",
    "assistant\n\n{}",
    "Assistant: {}",
    "### Response:\n{}",
    "{}\n\n### Instruction:\nRiassumi",
    "{}<｜end▁of▁sentence｜>",
    "<|start_header_id|>assistant<|end_header_id|>\n\n{}",
    "[/INST] {}",
    "[INST] Riassumi gli articoli qui sotto. [/INST] {}",
    "<s>[INST] <<SYS>>\nSei una redattrice.\n<</SYS>>\n\nRiassumi. [/INST] {}</s>",
    "Ecco il riassunto degli articoli:\n\n{}",
    "Ecco il riassunto: {}",
    "Certo! Ecco un riassunto integrato dei tre articoli in italiano:\n\n{}",
    "Sure! Here is the summary:\n\n{}",
    "Here's a neutral summary of the articles in Italian:\n{}",
    "Certo, ecco il testo unico che integra gli articoli:\n{}",
    "Certamente.\n\nEcco una sintesi neutra e senza ripetizioni:\n\n---\n\n{}\n\n---",
    "**Riassunto:**\n\n{}",
    "**Riassunto:** {}",
    "## Sintesi\n{}",
    "Riassunto: {}",
    "# Vallescura, approvato il piano parcheggi\n\n{}",
    "**Vallescura approva il piano**\n\n{}",
    "```\n{}\n```",
    '```json\n{{"riassunto": "{}"}}\n```',
    '{{"summary": "{}"}}',
    '{{"titolo": "Parcheggi", "testo": "{}"}}',
    'Ecco il JSON richiesto:\n```json\n{{"text": "{}"}}\n```',
    "{}\n\nSpero che questo riassunto ti sia utile!",
    "{} Fammi sapere se hai bisogno di altre modifiche.",
    "{}\n\nLet me know if you need anything else!",
    "{}\n\nNota: ho riassunto gli articoli senza aggiungere informazioni.",
    "{}\n\n(34 parole)",
    "{}\n\n*Word count: 34*",
    '"{}"',
    "«{}»",
    "“{}”",
    "- Titolo: Parcheggi\n  Fonte: ANSA, 4 maggio 2026\n\n  Testo: {}",
    "{}\x00",
    "\ufeff{}",
    "Thinking...\nbla\n...done thinking.\n\n{}",
    "Here is my thought process:\nbla\n\nHere is my response:\n{}",
    "Di seguito il riassunto richiesto:\n{}",
    "Va bene, ecco qui la sintesi che mi hai chiesto:\n{}",
    "Voici le résumé :\n\n{}",
    "Aquí tienes el resumen:\n\n{}",
    "Hier ist die Zusammenfassung:\n\n{}",
    "Aqui está o resumo:\n\n{}",
    "Dưới đây là bản tóm tắt:\n\n{}",
    "Okay, here is the summary you asked for:\n{}",
    "Absolutely! Below is a concise summary combining the three articles:\n\n{}",
    "{}\n\nSe hai domande, chiedi pure.",
    "{}\n\nVuoi che prepari anche una versione più breve?",
    "{}\n\nI hope this helps!",
    "{}<|endoftext|>Human: altro",
    "{}\n\nHuman: grazie\n\nAssistant: prego",
    "Il riassunto degli articoli è il seguente:\n{}",
    "Sure thing! Here's the summary:\n{}",
    "{}[EOS]",
    "<|assistant|>\n{}<|end|>",
    "<|START_RESPONSE|>{}<|END_RESPONSE|>",
    "<response>{}</response>",
    "<think>\n\n</think>\n\n{}",
    "{}\n\n**Nota:** Questo riassunto integra le informazioni dei due articoli.",
    "Ecco un riassunto unificato e neutrale delle notizie fornite, senza ripetizioni:\n\n{}",
    "Testo integrato:\n{}",
    "Ecco la sintesi in un unico testo.\n\n{}",
    "> {}",
    "Sì, posso aiutarti volentieri. Ecco:\n\n{}",
    "Certo, sono qui per aiutarti. Ecco qui:\n{}",
    "Va bene. Ecco: {}",
    "Yes, I can help you with that. Here it is:\n{}",
    "I'd be happy to help! Here you go:\n\n{}",
    "Sí, puedo ayudarte con eso. Aquí tienes:\n{}",
    "Oui, je peux vous aider. Voici :\n{}",
    "Ja, dabei helfe ich Ihnen gerne. Hier:\n{}",
    "Claro, posso te ajudar. Segue abaixo:\n{}",
    "Vâng, tôi có thể giúp bạn. Đây:\n{}",
    "Reasoning: both articles tell of the same vote.\nAnswer: {}",
    "**Reasoning**\n\n1. One vote.\n2. One plan.\n\n**Final answer**\n\n{}",
    "Sure!\n\nReasoning: one vote.\n\nSummary:\n{}",
    "Ragionamento: unisco le due notizie.\n\nRisposta finale:\n{}",
    "Suy luận: hai bài nói về một việc.\n\nCâu trả lời: {}",
    "assistantfinal{}",
    "assistantfinal\n{}",
    "final{}",
    "The user wants a summary, two articles.assistantfinal{}",
    "\ufffd\ufffd {}",
    "{}\ufffd",
    "{} \ufffd\ufffd\ufffd",
]


@pytest.mark.parametrize("around", AROUND)
def test_what_models_put_around_an_answer_goes(around: str) -> None:
    assert clean_reply(around.format(ANSWER), "stop", "it") == (ANSWER, "")


REFUSED = [
    ("thinking", "<think>\nil testo dice che " + ANSWER),
    ("thinking", "Okay, so the user wants me to summarise these. " + ANSWER),
    ("thinking", "<|channel|>analysis<|message|>We need to summarise"),
    ("thinking", "[THINK]bla " + ANSWER),
    ("thinking", "Reasoning: both articles tell of one vote, so I join them.\n\n" + ANSWER),
    ("thinking", "Ragionamento: unisco.\n\nSintesi: prova\nancora\n\nRisposta: " + ANSWER),
    ("thinking", "assistantcommentaryThe user wants a summary. " + ANSWER),
    ("thinking", "analysisWe need to produce a summary in Italian. " + ANSWER),
    ("refusal", "Mi dispiace, ma non posso aiutarti con questa richiesta."),
    ("refusal", "I'm sorry, but I can't assist with that request."),
    ("refusal", "I cannot summarize this content."),
    ("refusal", "Come modello linguistico, non ho accesso agli articoli."),
    ("refusal", "As an AI language model, I don't have opinions."),
    ("refusal", "Lo siento, pero no puedo ayudar con eso."),
    ("refusal", "Je suis désolé, mais je ne peux pas vous aider avec cette demande."),
    ("refusal", "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen."),
    ("refusal", "Desculpe, mas não posso ajudar com isso."),
    ("refusal", "Xin lỗi, tôi không thể giúp bạn với yêu cầu này."),
    ("refusal", "Please provide the articles you would like me to summarise."),
    (
        "refusal",
        "Sono spiacente, non sono in grado di fornire un riassunto di questi articoli perché trattano di violenza. "
        + ANSWER,
    ),
    ("refusal", "Certo, ma purtroppo non posso riassumere questi articoli."),
    ("refusal", "I apologize, but I cannot fulfill this request."),
    ("refusal", "Non posso aiutarti con questo."),
    ("refusal", "Per favore fornisci gli articoli da riassumere."),
    ("looping", "il sindaco " * 400),
    ("looping", "parola " * 400),
    ("looping", ANSWER + " " + "Il consiglio si riunirà di nuovo martedì prossimo. " * 12),
    ("looping", ANSWER + ("\nha detto che" * 30)),
    ("looping", "".join(f"{i}. Il sindaco ha detto che i lavori finiranno presto. " for i in range(40))),
    (
        "wrong_language",
        ENGLISH,
    ),
    ("wrong_language", VIETNAMESE),
    ("chatter", "Certo! Ecco il riassunto:"),
    ("chatter", "Sì, posso aiutarti. Ecco:"),
    ("control_token", ANSWER.replace("spiegato", "spie\ufffd\ufffdgato")),
    ("control_token", ANSWER.replace("è", "\ufffd").replace("marzo", "ma\ufffdzo")),
    ("chatter", "Sure! Here is the summary you asked for."),
    ("empty", ""),
    ("empty", "  \n"),
    ("control_token", "Il sindaco <unk> ha detto <unk> che " + ANSWER),
    ("control_token", "Il <|reserved_special_token_7|> sindaco " + ANSWER),
    ("json", json.dumps({"a": ANSWER, "b": ANSWER})),
    ("truncated", ""),
]


@pytest.mark.parametrize(("reason", "reply"), REFUSED)
def test_what_is_no_answer_is_refused_by_name(reason: str, reply: str) -> None:
    assert clean_reply(reply, "length" if reason == "truncated" else "stop", "it").refusal == reason


TRUE = [
    "«Mi dispiace, ma non posso accettare» ha detto il ministro. " + ANSWER,
    '"Mi dispiace, ma non posso", la risposta dell\'allenatore. ' + ANSWER,
    "Mi dispiace, ma non posso restare, ha detto il ministro ai giornalisti. " + ANSWER,
    "I'm sorry, but I can't stay on, the minister said after the vote.",
    "Ecco cosa è successo ieri: " + ANSWER,
    "Ecco il testo della lettera: " + ANSWER,
    "Certo, il piano non piace a tutti. " + ANSWER,
    ANSWER + ' "Spero che i cittadini capiscano", ha concluso.',
    ANSWER + " Il riassunto della giornata: due feriti.",
    "Sintesi vocale, il nuovo servizio parte a marzo: " + ANSWER,
    "Il riassunto del libro: " + ANSWER,
    "L'intelligenza artificiale non può sostituire i medici. " + ANSWER,
    ANSWER + " Se hai più di 65 anni, puoi chiedere l'esenzione.",
    "Sicuramente. Così ha risposto Ferri. " + ANSWER,
    "Analisi, esami e visite: " + ANSWER,
    "Testo unico sugli appalti: " + ANSWER,
    "Sì alla riforma. " + ANSWER,
    "Nota: il testo della legge entra in vigore a marzo. " + ANSWER,
    "Ecco: il sindaco non si dimette. " + ANSWER,
    "Ecco la prova: " + ANSWER,
    "Pensiero debole: " + ANSWER,
    "Posso aiutare la squadra, ha detto Ferri. " + ANSWER,
    "Finale di coppa. " + ANSWER,
    "If you need help, call 116 123.",
    ANSWER + " Se hai bisogno di aiuto, chiama il 1522.",
]


@pytest.mark.parametrize("text", TRUE)
def test_true_text_stays_as_it_is(text: str) -> None:
    assert clean_reply(text, "stop", "it" if ANSWER in text else "en") == (text, "")


def test_what_the_server_says_of_a_reply_comes_first() -> None:
    assert clean_reply("<think>x", "content_filter") == ("", "refused")
    assert clean_reply(ANSWER, "refusal").refusal == "refused"
    assert clean_reply(ANSWER, "length").refusal == "truncated"
    assert clean_reply("", "length").refusal == "truncated"
    # A loop is why it did not end.
    assert clean_reply("e poi " * 90, "length").refusal == "looping"


def test_a_language_is_wrong_only_where_it_is_known_and_sure() -> None:
    assert clean_reply(ENGLISH, "stop", "it").refusal == "wrong_language"
    assert clean_reply(VIETNAMESE, "stop", "it").refusal == "wrong_language"
    assert clean_reply(ANSWER, "stop", "vi").refusal == "wrong_language"
    for text, language in (
        (ENGLISH, "en"),
        (VIETNAMESE, "vi"),
        (ENGLISH, ""),
        (ENGLISH, "xx"),
        ("Yes, in March.", "it"),
    ):
        assert clean_reply(text, "stop", language) == (text, "")


def test_a_judges_reply_keeps_its_form() -> None:
    assert answer_of("<think>4?</think>\n3\n\nSure, it is right.<|im_end|>") == "3\n\nSure, it is right."
    assert answer_of("Let's break this down.\nScore: 4") == "Let's break this down.\nScore: 4"
    assert answer_of('{"score": 4}') == '{"score": 4}'
    assert answer_of("<think>4") is None
    assert answer_of("3\x00") == "3"


@given(st.text(max_size=300), st.sampled_from(["stop", "length", "content_filter", "?"]))
def test_any_reply_is_cleaned_or_refused_and_cleaning_again_changes_nothing(text: str, finish: str) -> None:
    answer, refusal = clean_reply(text, finish)
    assert "\x00" not in answer
    if not refusal:
        assert clean_reply(answer, finish) == (answer, "")


def test_real_news_is_neither_changed_nor_refused(shared: Path) -> None:
    """1,800 articles and reference summaries; the English ones of an Italian newspaper are in another language."""
    outcomes: Counter[str] = Counter()
    for file, field, language in (
        ("it_news_2024/articles.jsonl", "content", "it"), ("vi_vnmds/docs.jsonl", "text", "vi"),
        ("vi_vnmds/refs.jsonl", "ref1", "vi"), ("faithful/qags_cnndm.jsonl", "article", "en"),
    ):  # fmt: skip
        for line in (shared / "data" / file).read_text(encoding="utf-8").strip().split("\n"):
            text = json.loads(line)[field] or "Nessuna notizia."
            answer, refusal = clean_reply(text, "stop", language)
            plain = text.replace("\u200b", "").replace("\ufeff", "")
            outcomes[refusal or ("same" if answer.split() == plain.split() else "changed")] += 1
    assert outcomes["same"] > 1700
    assert set(outcomes) <= {"same", "wrong_language"}
    assert outcomes["wrong_language"] < 20
