"""A store for measuring the pages of `synth review`: samples and events of real sizes with synthetic texts.

Sizes are those of samples that the demo makes of real news: median 9.8 kB a document, 2.6 sources, answers of 950
bytes. Words follow Zipf's law over 6,000 syllables (Vietnamese) or 60,000 words (Italian), so that some are in nearly
all texts and most in a few.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

FIRST, DAYS = datetime(2023, 1, 1, tzinfo=UTC), 1200
SITES = ("Ansa", "IlPost", "Open", "VnExpress")
BATCH = 500
_ONSETS = ("b c ch d đ g gi h k kh l m n ng nh ph qu r s t th tr v x".split(), "b c d f g l m n p r s t v z".split())
_RIMES = (
    "a á à ả ã ạ an án àn anh ánh ành ao áo ất ấn ầu ân âu ê ế ề ên ến ền i í ì in ính ình o ó ò ong óng òng ô ố ồ ông "
    "ống ồng ơ ớ ờ ơn ớn u ú ù ung úng ùng ư ứ ừ ương ướng ường".split(),
    "a e i o u ia io ar er or an en in on as es al el ol à è ì ò ù".split(),
)


class Vocabulary:
    """Words of a language, drawn by Zipf's law."""

    def __init__(self, language: str) -> None:
        vietnamese = language == "vi"
        onsets, rimes = _ONSETS[not vietnamese], _RIMES[not vietnamese]
        syllables = [onset + rime for onset in onsets for rime in rimes]
        pool = syllables if vietnamese else map("".join, itertools.product(syllables, syllables))
        chance = np.random.default_rng(7)
        words = list(itertools.islice(dict.fromkeys(pool), 6_000 if vietnamese else 60_000))
        chance.shuffle(words)
        self.words = np.array(words, dtype=object)
        weights = 1 / np.arange(1, len(words) + 1)
        self.bounds = np.cumsum(weights / weights.sum())

    def text(self, chance: np.random.Generator, words: int) -> str:
        """Sentences of 20 words, a blank line after every third."""
        drawn = self.words[np.minimum(self.bounds.searchsorted(chance.random(words)), len(self.words) - 1)]
        sentences = [" ".join(drawn[start : start + 20]).capitalize() + "." for start in range(0, words, 20)]
        return "\n\n".join(" ".join(sentences[start : start + 3]) for start in range(0, len(sentences), 3))


def key_of(number: int) -> str:
    """A key as samples have them."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def fill(database: Any, samples: int) -> None:
    """Add samples, their events and articles until there are so many of them."""
    for start in range(database.samples.estimated_document_count(), samples, BATCH):
        rows = list(event_documents(start, min(start + BATCH, samples)))
        database.articles.insert_many([article for articles, _, _ in rows for article in articles], ordered=False)
        database.clusters.insert_many([cluster for _, cluster, _ in rows], ordered=False)
        database.samples.insert_many([sample for _, _, sample in rows], ordered=False)


def event_documents(start: int, end: int) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]]:
    """(articles, event, sample) of each number."""
    words = vocabularies()
    return (_event(number, words) for number in range(start, end))


@functools.cache
def vocabularies() -> dict[str, Vocabulary]:
    """Language -> its words."""
    return {language: Vocabulary(language) for language in ("it", "vi")}


def _event(number: int, words: dict[str, Vocabulary]) -> tuple[list[dict[str, Any]], dict[str, Any], Any]:
    """(articles, event, sample) of a number, always the same."""
    chance = np.random.default_rng(number)
    language = "vi" if chance.random() < 0.4 else "it"
    articles = list(_articles(number, language, words[language], chance))
    dates = sorted(article["date"] for article in articles)
    cluster = {
        "_id": f"c{number}", "event": key_of(-number), "articles": [article["_id"] for article in articles],
        "links": [article["link"] for article in articles], "size": len(articles), "language": language,
        "first_date": dates[0], "last_date": dates[-1], "embedder": "tfidf", "linkage": "average", "threshold": 0.8,
        "window": 3.0, "number": number, "run": f"run:{language}", "current": True, "created_at": dates[-1],
    }  # fmt: skip
    return articles, cluster, _sample(number, cluster, articles, words[language], chance)


def _articles(number: int, language: str, words: Vocabulary, chance: np.random.Generator) -> Iterator[dict[str, Any]]:
    first = FIRST + timedelta(days=float(chance.random()) * DAYS)
    for i in range(2 + int(chance.exponential(0.7))):
        site = "VnExpress" if language == "vi" else SITES[int(chance.integers(3))]
        yield {
            "_id": f"{number}-{i}", "link": f"https://{site.lower()}.example/{number}/{i}.html", "source_site": site,
            "title": words.text(chance, 9).rstrip("."), "date": first + timedelta(hours=6 * i), "language": language,
            "content": words.text(chance, int(chance.lognormal(5.2, 0.4))),
            "tags": [f"tag{int(chance.zipf(1.5)) % 5000}"], "kind": "article", "access": "free",
            "content_hash": key_of(number * 31 + i), "revision": 0,
        }  # fmt: skip


def _sample(
    number: int, cluster: dict[str, Any], articles: list[dict[str, Any]], words: Vocabulary, chance: np.random.Generator
) -> dict[str, Any]:
    names = ("title", "link", "date", "content", "tags", "source_site")
    request = words.text(chance, 45)
    row: dict[str, Any] = {
        "key": key_of(number), "task": "news_summary", "language": cluster["language"], "event": cluster["event"],
        "instruction": request, "question": "\n\n".join([request, *(article["content"] for article in articles)]),
        "answer": words.text(chance, int(chance.lognormal(4.9, 0.5))), "date": cluster["last_date"], "system": "",
        "history": [], "tags": articles[0]["tags"], "cluster_size": len(articles), "question_tokens": 1500,
        "sources": [{**{name: article[name] for name in names}, "id": article["_id"]} for article in articles],
        "status": ("new", "accepted", "edited", "rejected")[int(chance.choice(4, p=[0.982, 0.01, 0.003, 0.005]))],
        "superseded": bool(chance.random() < 0.08), "created_at": cluster["last_date"], "injection": [], "doubts": [],
        "provenance": {"run": key_of(number // 1000)[:32], "cluster": cluster["_id"], "calls": [key_of(number)],
                       "articles": cluster["articles"], "prompt": f"news_summary.{cluster['language']}/1",
                       "model": "openai:m" if chance.random() < 0.8 else "extractive", "left_out": []},
    }  # fmt: skip
    return row | _scores(row, chance)


def _scores(row: dict[str, Any], chance: np.random.Generator) -> dict[str, Any]:
    near = [round(float(value), 6) for value in chance.beta(6, 3, len(row["sources"]))]
    word = row["answer"].split()[3]
    invented, toxicity = chance.random() < 0.25, float(chance.beta(1, 40))
    fields: dict[str, Any] = {
        "similarity": near, "min_similarity": min(near), "mean_similarity": float(np.mean(near)),
        "similarity_std": float(np.std(near)), "similarity_embedder": "tfidf", "detected_language": row["language"],
        "language_confidence": round(float(chance.random()), 3), "min_support": float(chance.random()),
        "unsupported": [word] if invented else [], "unsupported_kinds": ["name"] if invented else [],
        "score_version": 3, "toxicity": toxicity, "severe_toxicity": toxicity / 9, "obscene": toxicity / 5,
        "identity_attack": toxicity / 7, "insult": toxicity / 2, "threat": toxicity / 8, "sexual_explicit": 0.001,
        "toxicity_model": "multilingual", "toxicity_calibrated": row["language"] != "vi", "contaminated": [],
        "personal_data": [],
    }  # fmt: skip
    if chance.random() < 0.3:
        fields |= {"accuracy": float(chance.choice([3.0, 4.0, 4.5, 5.0])), "helpfulness": 4.0,
                   "judge": {"model": "m", "repeats": 1, "calls": []}}  # fmt: skip
    if chance.random() < 0.04:
        fields |= {"duplicate_of": key_of(int(chance.integers(1000))), "duplicate_kind": "near", "duplicate_score": 0.9}
    return fields
