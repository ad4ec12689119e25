"""The pages that browse, asked for over HTTP.

Covers synth.review.pages.samples, synth.review.pages.sample, synth.review.pages.events.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from synth.review.app import create_app, prepare, prepare_store
from synth.review.browse.order import is_ordered
from synth.review.browse.sample_list import SampleList
from synth.review.requests import app_object
from synth.review.settings import Settings

HOSTILE = "<script>alert(1)</script> \u202e\"'><img src=x onerror=alert(2)> \0 {{ 7*7 }}"
#: Vietnamese, Italian and English names of the page.
TITLES = {"vi": "Mẫu", "it": "Esempi", "en": "Samples"}


def hostile_store(database: Any) -> str:
    """A sample, an event and an article whose every text is hostile; the key of the sample."""
    key, link = "f" * 64, "javascript:alert(1)//https://a.it"
    source = dict.fromkeys(("title", "content", "source_site"), HOSTILE) | {"link": link}
    names = ("task", "question", "answer", "instruction", "language", "status", "system", "detected_language")
    database.samples.insert_one(
        dict.fromkeys(names, HOSTILE)
        | {name: [HOSTILE] for name in ("tags", "doubts", "injection")}
        | {"key": key, "event": "e", "sources": [source, {}],
           "unsupported": [HOSTILE], "unsupported_kinds": [HOSTILE], "acc_explanation": HOSTILE, "accuracy": 1.0,
           "history": [{"role": HOSTILE, "content": HOSTILE}], "duplicate_of": "g" * 64, "original_answer": HOSTILE,
           "provenance": {"prompt": HOSTILE, "model": HOSTILE, "columns": {"<i>": HOSTILE}, "run": HOSTILE,
                          "left_out": [{"link": link, "reason": HOSTILE}]}}
    )  # fmt: skip
    database.samples.insert_one({"key": "g" * 64, "answer": HOSTILE, "language": HOSTILE})
    database.articles.insert_one(
        {"_id": 1, **source, "description": HOSTILE, "authors": [HOSTILE], "language": HOSTILE}
    )
    database.revisions.insert_one({"link": link, "revision": 0, **source})
    event = {"event": "e", "number": 1, "current": True, "articles": [1], "size": 2, "links": [link, HOSTILE]}
    database.clusters.insert_one(event | dict.fromkeys(("run", "language", "embedder"), HOSTILE))
    database.ratings.insert_one({"item": key, "rater": HOSTILE, "remark": HOSTILE})
    return key


def test_a_text_of_the_store_is_never_markup(client: TestClient, database: Any) -> None:
    key = hostile_store(database)
    link = quote("javascript:alert(1)//https://a.it", safe="")
    for path in ("/samples", f"/sample/{key}", "/events", "/event/e", f"/article?link={link}", "/samples?q=script",
                 f"/samples?filter={quote(HOSTILE)}&q={quote(HOSTILE)}&sort={quote(HOSTILE)}"):  # fmt: skip
        page = client.get(path).text
        assert "&lt;script&gt;" in page or "errors" in page, path
        for bad in ("<script>alert", "<img", 'href="javascript', "href='javascript"):
            assert bad not in page, path
        assert set(re.findall(r"<a [^>]*href=\"([a-z]+):", page)) <= {"http", "https"}, path


@pytest.mark.parametrize("language", TITLES)
def test_the_list_is_in_the_language_of_the_reader_and_each_text_in_its_own(
    client: TestClient, samples: list[dict[str, Any]], language: str
) -> None:
    page = client.get("/samples", headers={"accept-language": language}).text
    assert f"<h1>{TITLES[language]}</h1>" in page
    for row in samples:
        text = html.escape(row["answer"], quote=False)[:20]
        assert f'<p lang="{row["language"]}" dir="auto">{text}' in page.replace("&#34;", '"')


def test_a_link_has_all_that_the_reader_chose(client: TestClient, database: Any) -> None:
    database.samples.insert_many(
        [{"key": f"{n:064x}", "answer": "parola", "accuracy": n, "language": "it"} for n in range(60)]
    )
    address: str | None = "/samples?filter=%3Alanguage%3Dit&q=parola&sort=-accuracy"
    keys: list[str] = []
    while address:
        page = client.get(address).text
        keys += re.findall(r'<h2><a href="/sample/([0-9a-f]{64})"', page)
        following = re.search(r'<a href="([^"]+)" rel="next"', page)
        address = html.unescape(following[1]) if following else None
    assert [int(key, 16) for key in keys] == list(range(59, -1, -1))


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("filter=%7B%22acuracy%22%3A1%7D", 400, "did you mean &#39;accuracy&#39;?"),
        ("filter=%40/etc/passwd", 400, "reads no files"),
        ("filter=%7B%22%24where%22%3A%221%22%7D", 400, "runs no code"), ("sort=x", 400, "cannot sort"),
        ("after=!", 400, "names no place"), ("q=--", 400, "write a word"),
        ("filter=%7B%22status%22%3A%22x%22%7D", 200, "is never"),
        ("filter=%3Anewspaper", 400, "needs a value"), ("q=%24gt", 200, "No sample is like that"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_beside_the_form_that_has_it(
    client: TestClient, samples: list[dict[str, Any]], query: str, status: int, words: str
) -> None:
    response = client.get(f"/samples?{query}")
    assert (response.status_code, words in response.text) == (status, True)
    assert '<form method="get" action="/samples"' in response.text


def test_the_beginning_of_a_key_leads_to_its_sample(client: TestClient, samples: list[dict[str, Any]]) -> None:
    database_key = "ab" * 32
    assert client.get(f"/sample/{database_key}").status_code == 404
    assert client.get("/sample/%00").status_code == 404
    key = samples[1]["key"]
    page = client.get(f"/sample/{key}")
    assert page.status_code == 200
    assert '<a href="https://example.org/vi"' in page.text


def test_pages_of_an_empty_store(client: TestClient) -> None:
    assert "No sample is like that" in client.get("/samples").text
    assert "synth cluster" in client.get("/events").text
    for path in ("/event/x", "/article?link=x", "/article", "/sample/x"):
        assert client.get(path).status_code == 404


def test_the_server_prepares_its_lists_before_it_answers(database: Any, samples: list[dict[str, Any]]) -> None:
    prepare_store(database)
    app = create_app(database, Settings())
    prepare(app)
    assert is_ordered(database)
    assert app_object(app, SampleList).words.read_count == len(samples)


def test_every_link_of_the_pages_leads_somewhere(client: TestClient, database: Any) -> None:
    key = hostile_store(database)
    waiting, known = ["/samples", "/events", f"/sample/{key}"], set()
    while waiting and len(known) < 150:
        path = waiting.pop()
        if path in known:
            continue
        known.add(path)
        response = client.get(path)
        assert response.status_code == 200, path
        waiting += [html.unescape(own) for own in re.findall(r'href="(/(?:sample|event|article)[^"]*)"', response.text)]
    assert {"/event/e", f"/sample/{'g' * 64}"} <= known


def test_scores_and_dates_of_a_sample_are_in_the_reader_s_language(client: TestClient, database: Any) -> None:
    from synth.review.languages import words
    from synth.samples.schema import sample_fields

    scores = [field.name for field in sample_fields()
              if field.unit and not field.many and field.group not in ("sample", "review", "judge calls")]  # fmt: skip
    assert [name for name in scores if f"meanings.{name}" not in words()] == []
    key = "c" * 64
    database.samples.insert_one(
        {"key": key, "answer": "Sì.", "min_similarity": 0.5, "status": "rejected",
         "date": datetime(2026, 5, 2, tzinfo=UTC),
         "sources": [{"title": "T", "link": "https://a.it/1", "content": "Sì.", "date": "1 maggio"}]}
    )  # fmt: skip
    page = client.get(f"/sample/{key}", headers={"Accept-Language": "vi"}).text
    assert "<td>-1 đến 1</td><td>độ giống với nguồn ít giống nhất</td>" in page
    assert re.search(r"<time[^>]*>2/5/2026</time>", page)
    assert "<dd>đã loại</dd>" in page
    assert "· rifiutato" in client.get("/samples", headers={"Accept-Language": "it"}).text


#: Of each language of the page: a sentence told, and one told in part.
SIGNS = {"en": ("told in the answer", "told in part"), "it": ("raccontato nella risposta", "raccontato in parte"),
         "vi": ("có kể trong câu trả lời", "chỉ kể một phần")}  # fmt: skip


@pytest.mark.parametrize("language", SIGNS)
def test_what_of_a_source_the_answer_tells_has_a_sign_and_a_legend(
    client: TestClient, database: Any, language: str
) -> None:
    key, told, part = "d" * 64, "Ferries to Bastia leave <b> the new harbour.", "The mayor of Leghorn stayed away."
    content = f"{told} The works took six years. {part}"
    database.samples.insert_one(
        {"key": key, "answer": f"{told} Leghorn did not speak.", "language": "en",
         "sources": [{"title": "The port", "description": part, "link": "https://a.it/1", "content": content}]}
    )  # fmt: skip
    page = client.get(f"/sample/{key}", headers={"Accept-Language": language}).text
    for level, sign, words, text in zip(("full", "part"), "●◐", SIGNS[language], (told, part), strict=True):
        mark = f'<span class="covers-{level}"><span class="sign" role="img" lang="{language}" aria-label="{words}"'
        begin = page.index(mark)
        assert f">{sign}</span>{html.escape(text)}</span>" in page[begin : begin + 400]
        assert f'<span class="sign" aria-hidden="true">{sign}</span><span class="covers-{level}">{words}' in page
    assert "<b>" not in page
    assert "The works took six years." in page
