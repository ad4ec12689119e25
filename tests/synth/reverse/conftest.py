"""A store of articles that offer fragments; a double of a server that writes, judges and translates as it is told."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.items import article_from_record
from synth.__main__ import main
from tests.synth.llm.conftest import ChatStand, stand

__all__ = ["stand"]

#: Each is the lead of an article: (title, text).
LEADS_IT = [
    (
        'Riaperto il ponte di Sarnico',
        ("Il Comune di Sarnico ha riaperto sabato il ponte sul fiume Oglio, chiuso da undici mesi per lavori "
         "costati 3,2 milioni di euro. La sindaca Carla Bonetti ha tagliato il nastro davanti a duecento "
         "persone."),
    ),
    (
        'Sciopero dei treni in Liguria',
        ("I ferrovieri liguri hanno fermato ieri 48 treni regionali tra Genova e Savona per protestare contro "
         "i turni notturni. Il sindacato Orsa ha contato un'adesione del 71 per cento."),
    ),
    (
        'Nuova biblioteca a Gubbio',
        ("Apre lunedì a Gubbio una biblioteca di quartiere con 12 mila volumi donati dalla famiglia Ranieri. "
         "La direttrice Paola Sensi ha annunciato corsi di lettura per bambini dai sei anni in su."),
    ),
    (
        'Grandine sulle vigne del Collio',
        ("Una grandinata ha distrutto martedì il 40 per cento delle vigne del Collio, in provincia di Gorizia."
         " La Coldiretti del Friuli ha chiesto alla Regione lo stato di calamità naturale."),
    ),
    (
        'Il Modena vince a Pisa',
        ("Il Modena ha battuto 2-1 il Pisa all'Arena Garibaldi con i gol di Marco Tessari e Luca Boni. Gli "
         "emiliani salgono al quarto posto della Serie B con 38 punti."),
    ),
    (
        'Ricerca sulle alghe a Trieste',
        ("L'Istituto di oceanografia di Trieste ha trovato nel golfo una specie di alga mai vista "
         "nell'Adriatico. La ricercatrice Elena Cosulich ha raccolto 300 campioni tra marzo e giugno."),
    ),
    (
        'Multe ai monopattini a Bari',
        ("La polizia locale di Bari ha multato in una settimana 214 monopattini lasciati sui marciapiedi del "
         "quartiere Murat. L'assessore Nicola Lattanzi ha promesso altri controlli fino a dicembre."),
    ),
    (
        "Restaurato l'organo di Arezzo",
        ("Dopo nove anni di lavoro torna a suonare l'organo della cattedrale di Arezzo, costruito nel 1536 da "
         "Luca da Cortona. Il concerto inaugurale di domenica è affidato a Giulia Marsili."),
    ),
    (
        'Fabbrica di biciclette a Cuneo',
        ("Una fabbrica di biciclette elettriche darà lavoro a 160 persone nell'ex cartiera di Cuneo. "
         "L'imprenditore Aldo Ferrero investirà 22 milioni di euro entro il 2027."),
    ),
    (
        'Falsi dentisti scoperti a Latina',
        ("I carabinieri di Latina hanno chiuso tre studi dentistici gestiti da persone senza laurea. Secondo "
         "la procura di Roma i pazienti curati dal 2021 sono stati oltre novecento."),
    ),
]  # fmt: skip


def article(number: int, title: str, text: str, **more: Any) -> dict[str, Any]:
    """An article as it is stored."""
    record = {
        "source_site": ("Ansa", "IlPost", "Open")[number % 3], "language": "it", "title": title, "content": text,
        "link": f"https://www.ansa.it/sito/notizie/{number}.html", "authors": [], "tags": [], "description": "",
        "date": (datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=number)).isoformat(),
        "section": ("Cronaca", "Sport", "Economia")[number % 3],
    } | more  # fmt: skip
    return article_from_record(record).document()


@pytest.fixture
def store(database: Any) -> Any:
    """Ten Italian articles of one lead each."""
    database.articles.insert_many([article(number, *row) for number, row in enumerate(LEADS_IT)])
    return database


def step_of(body: dict[str, Any]) -> str:
    """Which step of the stage a request is."""
    system = body["messages"][0]["content"]
    if "judge pairs" in system:
        return "judge"
    return "instruction" if "what people ask" in system or "ciò che le persone chiedono" in system else "translation"


def material(body: dict[str, Any]) -> str:
    """The last quotation of a request."""
    return re.findall(r"<(quote-\w+)>\n(.*?)\n</\1>", body["messages"][-1]["content"], re.DOTALL)[-1][1]


def completion(text: str, finish_reason: str = "stop") -> tuple[int, dict[str, str], Any]:
    return 200, {}, {
        "model": "double",
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "cost": 0.001},
    }  # fmt: skip


def subject(text: str) -> str:
    """The first whole name of a text, which a good instruction asks about."""
    match = re.search(r"(?<=[a-z'] )[A-Z]\w+(?: [A-Z]\w+)?", text)
    return match[0] if match else text.split()[0]


#: of a good instruction, by whether it is in English.
BEGINNINGS = {False: "Racconta in breve che cosa succede a", True: "Tell briefly what is going on in"}


class Double:
    """What the server says: a good instruction for every text, except where `instructions` says another for a subject;
    scores by `scores`, else 4. A translation into English is the text behind a mark, and back without it.
    """

    def __init__(self) -> None:
        self.instructions: dict[str, str] = {}
        self.scores: dict[str, str] = {}
        self.steps: list[str] = []

    def __call__(self, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        step, text = step_of(body), material(body)
        self.steps.append(step)
        return completion(getattr(self, step)(text))

    def instruction(self, text: str) -> str:
        name = subject(text)
        return self.instructions.get(name, f"{BEGINNINGS['[en]' in text]} {name}.")

    def judge(self, text: str) -> str:
        return self.scores.get(subject(text), "4\nFits.")

    def translation(self, text: str) -> str:
        if text.startswith(BEGINNINGS[True]):
            return text.replace(BEGINNINGS[True], BEGINNINGS[False])
        return self.english(text)

    @staticmethod
    def english(text: str) -> str:
        return f"[en] {text}"


@pytest.fixture
def double(stand: ChatStand) -> Double:
    """The stand answers as a Double does."""
    made = Double()
    stand.judge = made
    return made


@pytest.fixture
def ask(double: Double, stand: ChatStand, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Runs the command; (exit status, counts, what it said on stderr)."""
    monkeypatch.setenv("LLM_BASE_URL", stand.url)
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")

    def run(*words: str) -> tuple[int, Any, str]:
        usual = ("reverse", "--language", "it", "--llm", "openai:tiny", "--json", "--uri", database_uri)
        status = main([*usual, *words])
        printed = capsys.readouterr()
        return status, json.loads(printed.out or "{}"), printed.err

    return run


def rows_of(database: Any) -> list[dict[str, Any]]:
    return list(database.fragments.find({}, {"_id": 0}).sort("turn", 1))
