"""A store of imported rows and a server on the loopback that translates, or does not, as a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from synth.__main__ import main
from tests.synth.llm.conftest import ChatStand
from tests.synth.llm.conftest import stand as stand_fixture
from tests.synth.translation.conftest import quoted

stand = stand_fixture

#: What the double knows to say in Italian.
ITALIAN = {
    "Name three towns by the sea.": "Nomina tre città sul mare.",
    "Genoa, Trieste and Bari lie by the sea.": "Genova, Trieste e Bari si trovano sul mare.",
    "Explain why bread rises in the oven.": "Spiega perché il pane lievita nel forno.",
    "Yeast makes a gas, and the gas lifts the dough.": "Il lievito produce un gas e il gas solleva l'impasto.",
    "Who repairs the bridge over the river?": "Chi ripara il ponte sul fiume?",
    "A firm from the next valley repairs it by June.": "Lo ripara entro giugno un'impresa della valle vicina.",
    "Good morning, who is there?": "Buongiorno, chi è?",
    "It is me.": "Sono io.",
    "What do you want?": "Che cosa vuoi?",
    "Nothing at all.": "Proprio niente.",
    "You answer politely.": "Rispondi con cortesia.",
    "Say this in fewer words.": "Dillo con meno parole.",
    "The train is late because of the snow.": "Il treno è in ritardo per la neve.",
    "Snow delays the train.": "La neve ritarda il treno.",
    "Run ⟦1⟧ and describe what it shows.": "Esegui ⟦1⟧ e descrivi che cosa mostra.",
    "It shows the files of the folder, the hidden ones too.": "Mostra i file della cartella, anche quelli nascosti.",
}


def sample(number: int, question: str, answer: str, **more: Any) -> dict[str, Any]:
    """An imported row as the store has it."""
    return {
        "key": f"k{number}", "task": "import", "language": "en", "status": "new", "superseded": False, "event": "",
        "instruction": "", "system": "", "history": [], "question": question, "answer": answer, "sources": [],
        "tags": [], "injection": [], "date": None, "provenance": {"dataset": "toy"}, **more,
    }  # fmt: skip


ROWS = [
    sample(0, "Name three towns by the sea.", "Genoa, Trieste and Bari lie by the sea."),
    sample(1, "Explain why bread rises in the oven.", "Yeast makes a gas, and the gas lifts the dough."),
    sample(2, "Who repairs the bridge over the river?", "A firm from the next valley repairs it by June."),
    sample(3, "Run `ls -a` and describe what it shows.", "It shows the files of the folder, the hidden ones too."),
]
WORDS = ["translate", "--to", "it", "--engine", "llm:tiny", "--json"]


def completion(text: str, finish: str = "stop") -> dict[str, Any]:
    """What a server answers."""
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {"model": "tiny", "choices": [choice], "usage": {"prompt_tokens": 11, "completion_tokens": 7}}


def says(stand: ChatStand, text_of: Callable[[str], Any]) -> None:
    """Let the server answer each text with what a function makes of it: a text, or (text, finish reason)."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        answer = text_of(quoted(body["messages"][-1]["content"]))
        return completion(*answer) if isinstance(answer, tuple) else completion(answer)

    stand.reply = reply  # type: ignore[method-assign]


def italian(text: str) -> str:
    """The double's translation."""
    return ITALIAN.get(text, f"in italiano: {text}")


@pytest.fixture
def store(database: Any, database_uri: str, stand: ChatStand, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.setenv("LLM_BASE_URL", stand.url)
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")
    database.samples.insert_many([dict(row) for row in ROWS])
    says(stand, italian)
    return database


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, int]]:
    """Runs `synth translate`: the counts that are not 0."""

    def translate(*words: str, status: int = 0) -> dict[str, int]:
        capsys.readouterr()
        assert main([*WORDS, *words]) == status
        return {name: count for name, count in json.loads(capsys.readouterr().out).items() if count}

    return translate


def translations(database: Any, **where: Any) -> list[dict[str, Any]]:
    """The samples of the task, in the order of their sources."""
    return list(database.samples.find({"task": "translation", **where}).sort("provenance.translated_from", 1))
