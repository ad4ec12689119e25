"""What a model is asked: rows of exports, chats and prompts as they are, and articles turned into requests.

    article    headline and lead -> the article
    summary    articles of one event -> one text

The wordings are in it, vi and en, by the row's language; `instruction` replaces them, so that a model is asked in the
words of the set it was tuned on.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from train.data.rows import ROLES, text_of
from train.errors import TrainError

TASKS = ("article", "summary")
#: task -> language -> instruction.
WORDING = {
    "article": {
        "it": "Scrivi l'articolo di giornale che appartiene a questo titolo e a questo sommario.",
        "vi": "Hãy viết bài báo hoàn chỉnh cho tiêu đề và đoạn mở đầu dưới đây.",
        "en": "Write the newspaper article that belongs to this headline and lead.",
    },
    "summary": {
        "it": "Riassumi questi articoli sullo stesso fatto in un unico testo, senza aggiungere nulla.",
        "vi": "Hãy tóm tắt các bài báo về cùng một sự kiện dưới đây thành một văn bản duy nhất, không thêm thông tin.",
        "en": "Summarise these articles about the same event in a single text, adding nothing.",
    },
}
#: language -> names of headline, lead, newspaper, text.
LABELS = {
    "it": ("Titolo", "Sommario", "Fonte", "Testo"),
    "vi": ("Tiêu đề", "Mở đầu", "Nguồn", "Nội dung"),
    "en": ("Title", "Lead", "Source", "Content"),
}
#: Column of a request -> those that its answer may be in.
_ANSWERS = {"instruction": ("output", "response"), "prompt": ("response", "completion"), "question": ("answer",)}


@dataclass(frozen=True)
class Request:
    """One question to a model.

    messages: up to the user's turn. reference: what a person (or a larger model) answered, "" unknown. sources: links
    of the articles behind it.
    """

    id: str
    messages: list[dict[str, str]]
    language: str = ""
    reference: str = ""
    sources: tuple[str, ...] = ()


def read_requests(
    paths: Sequence[Path], *, split: str = "", task: str = "", instruction: str = "", language: str = "",
    limit: int | None = None,
) -> dict[str, Request]:  # fmt: skip
    """The first `limit` requests by id, in their order; one met twice counts once.

    paths: files of rows, or folders of `synth export`, of which the split is read: `all`, or test where there is one,
    else val.

    Raises:
        TrainError: a file cannot be read, or a row holds no request; names it.
    """
    requests: dict[str, Request] = {}
    for path in paths:
        for request in _requests(path, split, task, instruction, language):
            if limit is not None and len(requests) >= limit:
                return requests
            _add(requests, request)
    if not requests:
        raise TrainError(f"{', '.join(map(str, paths))} holds no prompts")
    return requests


def _add(requests: dict[str, Request], request: Request) -> None:
    """The same request once; another of the same id under `id~2`."""
    name, number = request.id, 1
    while name in requests and requests[name].messages != request.messages:
        number += 1
        name = f"{request.id}~{number}"
    requests.setdefault(name, replace(request, id=name))


def _requests(path: Path, split: str, task: str, instruction: str, language: str) -> Iterator[Request]:
    for file in split_files(path, split):
        rows = _numbered(file)
        if not task:
            for where, row in rows:
                yield _placed(where, row, language)
        elif task == "article":
            for where, row in rows:
                yield article_request(row, where, instruction, language)
        else:
            for where, row, articles in _events(rows):
                yield summary_request(row, articles, where, instruction, language)


def split_files(path: Path, split: str) -> list[Path]:
    """The file itself, or the files of a split (`all`: of every split) in a folder of `synth export`.

    Raises:
        TrainError: the folder has no such split; names those it has.
    """
    from train.data.conversations import find_files

    if not path.is_dir():
        return [path]
    files_by_split = find_files(path)
    if split == "all":
        return [file for files in files_by_split.values() for file in files]
    name = split or next((name for name in ("test", "val") if name in files_by_split), "")
    if name not in files_by_split:
        raise TrainError(f"{path} has no split {split or 'test or val'}: --split {', '.join(files_by_split)} or all")
    return files_by_split[name]


def _numbered(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    from train.data.conversations import rows_in

    for number, row in enumerate(rows_in(file), 1):
        yield f"{file}, row {number}", row


def _placed(where: str, row: Mapping[str, Any], language: str) -> Request:
    try:
        return request_in(row, language)
    except TrainError as error:
        raise TrainError(f"{where}: {error}") from error


def request_in(row: Mapping[str, Any], language: str = "") -> Request:
    """A row of any exported form, with its answer or without.

    Raises:
        TrainError: it holds no request.
    """
    from train.data.conversations import conversation_of
    from train.data.rows import RowError, checked

    try:
        row = checked(row)
        whole = _answered(row)
        chat = conversation_of(whole)
    except RowError as error:
        raise TrainError(f"no request: {error}") from error
    *messages, answer = chat.messages
    reference = answer["content"] if whole is row else ""
    return Request(chat.id, messages, chat.language or language, reference, tuple(chat.sources))


def _answered(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row itself where it has an answer, else with something in its place: chats are read with their answer."""
    for name in ("messages", "conversations"):
        turns = row.get(name)
        if isinstance(turns, list) and turns and isinstance(turns[-1], Mapping):
            speaker, content = ("role", "content") if "role" in turns[-1] else ("from", "value")
            if ROLES.get(str(turns[-1].get(speaker))) == "user":
                return {**row, name: [*turns, {speaker: "assistant", content: "-"}]}
            return row
    for request, answers in _ANSWERS.items():
        if isinstance(row.get(request), str) and not any(text_of(row.get(answer)).strip() for answer in answers):
            return {**row, answers[0]: "-"}
    return row


def article_request(row: Mapping[str, Any], where: str, instruction: str = "", language: str = "") -> Request:
    """Headline and lead of an article row; the reference is what the newspaper wrote.

    Raises:
        TrainError: no headline, or a language without a wording.
    """
    title, lead = (str(row.get(name) or "").strip() for name in ("title", "description"))
    if not title:
        raise TrainError(f"{where}: --task article needs rows with `title`; this one has {', '.join(sorted(row)[:8])}")
    spoken = _wording_language(row, where, language)
    names = LABELS[spoken]
    source = f"{names[0]}: {title}" + (f"\n{names[1]}: {lead}" if lead else "")
    messages = _messages(instruction or WORDING["article"][spoken], source)
    link = str(row.get("link") or "")
    return Request(
        str(row.get("id") or "") or _digest(messages), messages, spoken, str(row.get("content") or "").strip(),
        (link,) if link else (),
    )  # fmt: skip


def summary_request(
    row: Mapping[str, Any], articles: Sequence[Mapping[str, Any]], where: str, instruction: str = "", language: str = ""
) -> Request:
    """The articles of one event, in order of time; `row` has language, id and, where it has one, the reference.

    Raises:
        TrainError: no article has a text, or a language without a wording.
    """
    usable = [article for article in articles if str(article.get("content") or "").strip()]
    if not usable:
        raise TrainError(f"{where}: --task summary needs articles with `content`, or rows whose `sources` have it")
    spoken = _wording_language(row if row.get("language") else usable[0], where, language)
    title, _, label, text = LABELS[spoken]
    parts = []
    for article in sorted(usable, key=lambda article: str(article.get("date") or "")):
        newspaper = f"\n  {label}: {article['source_site']}" if article.get("source_site") else ""
        parts.append(f"- {title}: {article.get('title') or ''}{newspaper}\n  {text}: {article['content'].strip()}")
    messages = _messages(instruction or WORDING["summary"][spoken], "\n\n".join(parts))
    name = str(row.get("key") or row.get("id") or "") or _digest(messages)
    return Request(name, messages, spoken, str(row.get("answer") or "").strip(), tuple(_links(usable)))


def _events(
    rows: Iterator[tuple[str, Mapping[str, Any]]],
) -> Iterator[tuple[str, Mapping[str, Any], list[Mapping[str, Any]]]]:
    """(where, row, articles): rows with `sources` as they are; article rows by their `event`, two of one at least."""
    events: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for where, row in rows:
        if isinstance(row.get("sources"), list):
            yield where, row, [source for source in row["sources"] if isinstance(source, Mapping)]
        elif row.get("event"):
            events[str(row["event"])].append((where, row))
        else:
            raise TrainError(f"{where}: --task summary needs rows with `sources`, or articles with `event`")
    for members in events.values():
        if len(members) > 1:
            yield members[0][0], {"language": members[0][1].get("language")}, [row for _, row in members]


def _wording_language(row: Mapping[str, Any], where: str, language: str) -> str:
    language_ = str(row.get("language") or language)
    if language_ not in LABELS:
        languages = ", ".join(LABELS)
        raise TrainError(
            f"{where}: there is no wording in {language_ or 'an unknown language'}: --language {languages}"
        )
    return language_


def _messages(instruction: str, source: str) -> list[dict[str, str]]:
    from train.styles import request_message

    return [request_message(instruction, source)]


def _links(sources: Any) -> Iterator[str]:
    for source in sources or []:
        link = source.get("link") if isinstance(source, Mapping) else source
        if isinstance(link, str) and link:
            yield link


def _digest(messages: Sequence[Mapping[str, str]]) -> str:
    """16 digits of the hash of what is asked: the same request has the same id everywhere."""
    return hashlib.sha256("\0".join(turn["content"] for turn in messages).encode()).hexdigest()[:16]
