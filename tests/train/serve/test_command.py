"""The circle closes: a model that was converted answers synth's own client, over OpenAI's chat completions.

Covers train.serve.app, train.serve.request.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.train.convert_fixtures import make_model

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A converted tiny model that knows Italian prompts in ChatML."""
    from train.__main__ import main

    made = tmp_path_factory.mktemp("served")
    make_model("SmolLM2-360M", made / "lit")
    words = ["convert", "--checkpoint", str(made / "lit"), "--out", str(made / "tiny-news"), "--to", "huggingface"]
    assert main([*words, "--style", "chatml-it"]) == 0
    return made / "tiny-news"


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    from train.models.language_model import load_model

    return load_model(folder, device="cpu")


@pytest.fixture(scope="module")
def address(model: Any) -> Iterator[str]:
    """Where the model is served, by the application of `train serve` in a thread of this process."""
    import uvicorn

    from train.serve.app import build_app

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_app(model, "tiny-news"), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    # The socket takes connections before the server does: they wait.
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(60)


def ask(address: str, **body: Any) -> tuple[int, Any]:
    chat = {"model": "tiny-news", "messages": [{"role": "user", "content": "Riassumi: dodici voti a favore."}]}
    request = urllib.request.Request(
        f"{address}/chat/completions", json.dumps(chat | body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_synth_gets_a_reply(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from synth.llm import load_llm

    monkeypatch.setenv("LLM_BASE_URL", address)
    monkeypatch.delenv("LLM_API_KEY", raising=False)
    messages = [{"role": "system", "content": "Sii breve."}, {"role": "user", "content": "Riassumi: sei contrari."}]
    reply = asyncio.run(load_llm("openai:tiny-news").complete(messages, temperature=0, max_tokens=8))
    assert reply.text
    assert reply.model == "tiny-news"
    assert reply.finish_reason in ("stop", "length")
    assert 0 < (reply.completion_tokens or 0) <= 8
    assert (reply.prompt_tokens or 0) > 10


def test_the_reply_is_what_the_model_writes_after_its_chat_template(address: str, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    status, reply = ask(address, temperature=0, max_tokens=6)
    assert status == 200
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    chat = [{"role": "user", "content": "Riassumi: dodici voti a favore."}]
    given = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()
    with torch.no_grad():
        out = model.generate(**given, max_new_tokens=6, do_sample=False)
    wanted = tokenizer.decode(out[0, given["input_ids"].shape[1] :], skip_special_tokens=True)
    assert reply["choices"][0]["message"]["content"] == wanted
    assert reply["usage"] == {
        "prompt_tokens": given["input_ids"].shape[1], "completion_tokens": 6,
        "total_tokens": given["input_ids"].shape[1] + 6,
    }  # fmt: skip


def test_requests_at_a_time_do_not_mix(address: str) -> None:
    """A longer chat that begins as another did must not be answered from that one's cache."""
    first = [{"role": "user", "content": "Uno."}]
    chats = [first, [*first, {"role": "assistant", "content": "Due."}, {"role": "user", "content": "Tre."}]] * 3
    alone = [ask(address, messages=chat, temperature=0, max_tokens=5)[1]["choices"] for chat in chats[:2]]
    answers: dict[int, Any] = {}

    def one(number: int) -> None:
        answers[number] = ask(address, messages=chats[number], temperature=0, max_tokens=5)[1]["choices"]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(chats))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(answers[number] == alone[number % 2] for number in range(len(chats)))


def test_what_cannot_be_answered_is_told_and_does_not_hang(address: str) -> None:
    status, told = ask(address, max_tokens=-5)
    assert (status, "max_new_tokens" in told["error"]["message"]) == (400, True)
    status, told = ask(address, messages=[{"role": "user", "content": "parola " * 6000}])
    assert status == 400
    assert "context length" in told["error"]["message"]
    assert ask(address, unknown=1)[0] == 422
    status, reply = ask(address, max_completion_tokens=3, stop=["zzz"], temperature=0.7, seed=1)
    assert status == 200
    assert reply["usage"]["completion_tokens"] <= 3


def test_who_waits_too_long_is_told_to_come_back(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from starlette.testclient import TestClient

    from train.serve import app as serve

    monkeypatch.setattr(serve, "WAIT", 0.01)
    app = serve.build_app(model, "tiny-news", hosts=["testserver"])
    with TestClient(app) as client:
        assert client.portal is not None
        turn = app.state.turn.wait(None)
        client.portal.call(turn.__aenter__)
        for body in ({}, {"stream": True}):
            chat = {"messages": [{"role": "user", "content": "Ciao."}], **body}
            reply = client.post("/v1/chat/completions", json=chat)
            assert (reply.status_code, reply.headers["Retry-After"]) == (503, "10")
            assert "ask again later" in reply.json()["error"]["message"]


def test_the_models_name_is_listed(address: str) -> None:
    with urllib.request.urlopen(f"{address}/models", timeout=10) as reply:
        assert [model["id"] for model in json.loads(reply.read())["data"]] == ["tiny-news"]


def test_what_cannot_be_served_is_one_line(folder: Path, tmp_path: Path) -> None:
    from train.errors import TrainError
    from train.serve.command import check_free, check_servable

    with pytest.raises(TrainError, match="train convert --to huggingface"):
        check_servable(folder.parent / "lit")
    both = shutil.copytree(folder.parent / "lit", tmp_path / "both")
    shutil.copytree(folder, both, dirs_exist_ok=True)
    check_servable(both)
    (both / "config.json").unlink()
    with pytest.raises(TrainError, match="is in the form litgpt"):
        check_servable(both)
    bare = shutil.copytree(folder, tmp_path / "bare")
    (bare / "chat_template.jinja").unlink()
    settings = json.loads((bare / "tokenizer_config.json").read_text())
    (bare / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": None}))
    with pytest.raises(TrainError, match="no chat template: name a --style"):
        check_servable(bare)
    check_servable(bare, "alpaca-en")
    with pytest.raises(TrainError, match="alpaca-xx"):
        check_servable(bare, "alpaca-xx")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(TrainError, match="cannot listen"):
        check_free("127.0.0.1", taken.getsockname()[1])


def test_openais_own_client_reads_it(address: str) -> None:
    """Whole and streamed, the same text; a fault is the client's own exception."""
    import openai

    client = openai.OpenAI(base_url=address, api_key="none", max_retries=0)
    assert [row.id for row in client.models.list()] == ["tiny-news"]
    chat: list[Any] = [{"role": "user", "content": "Riassumi: dodici voti a favore."}]
    settings: dict[str, Any] = {"model": "tiny-news", "messages": chat, "temperature": 0.9, "seed": 5, "max_tokens": 12}
    whole = client.chat.completions.create(**settings)
    assert whole.choices[0].finish_reason in ("stop", "length")
    pieces, last = [], None
    for chunk in client.chat.completions.create(**settings, stream=True, stream_options={"include_usage": True}):
        pieces += [choice.delta.content or "" for choice in chunk.choices]
        last = chunk
    assert len(pieces) > 2
    assert "".join(pieces) == whole.choices[0].message.content
    assert last is not None
    assert last.usage == whole.usage
    again = client.chat.completions.create(**{**settings, "seed": 6})
    assert again.choices[0].message.content != whole.choices[0].message.content
    with pytest.raises(openai.BadRequestError, match="n 2 is not supported"):
        client.chat.completions.create(**settings, n=2)
    with pytest.raises(openai.BadRequestError, match="last message"):
        client.chat.completions.create(**{**settings, "messages": [{"role": "assistant", "content": "a"}]})


def test_a_stop_string_ends_the_text_before_it(address: str) -> None:
    whole = ask(address, temperature=0, max_tokens=30)[1]["choices"][0]["message"]["content"]
    stop = whole[len(whole) // 2 :][:3]
    reply = ask(address, temperature=0, max_tokens=30, stop=stop)[1]["choices"][0]
    assert reply["message"]["content"] == whole[: whole.find(stop)]
    assert reply["finish_reason"] == "stop"


def test_paths_and_bodies_that_are_none(address: str) -> None:
    for path, body, status in (("/nothing", None, 404), ("/chat/completions", b"{", 400), ("/models", b"{}", 405)):
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(urllib.request.Request(f"{address}{path}", body), timeout=30)
        assert raised.value.code == status
        assert json.loads(raised.value.read())["error"]["type"] == "invalid_request_error"


def test_ctrl_c_ends_it(folder: Path) -> None:
    """One line when it listens; a signal ends it without another."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    words = ["train", "serve", "--checkpoint", str(folder), "--port", str(port), "--device", "cpu"]
    running = subprocess.Popen([sys.executable, "-m", *words], stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    line = running.stderr.readline()
    assert f"LLM_BASE_URL=http://127.0.0.1:{port}/v1, model openai:tiny-news" in line
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60).status == 200
    running.send_signal(signal.SIGINT)
    assert (running.wait(60), running.stderr.read()) == (0, "")
