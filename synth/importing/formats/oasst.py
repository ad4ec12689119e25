"""OpenAssistant: {message_id, parent_id, text, role, lang, rank}, one message a row, which make up trees of replies.

A sample is a way from a first prompt to a last answer. Of several answers to one prompt the one that people ranked
first is taken; of several prompts that follow it each makes a sample. Deleted messages, and what follows them, are not
read. Files of whole trees ({prompt: {text, role, replies}}) are read alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crawler.items import RecordError
from synth.importing.conversation import SPEAKERS, Conversation, columns_of, text_of
from synth.importing.formats import Fields, Format, Late
from synth.importing.values import is_null

FIELDS = ("message_id", "parent_id", "text", "role", "rank", "deleted", "lang", "prompt", "message_tree_id")
#: Cells of a message that say where the sample comes from.
_KEPT = ("lang", "message_tree_id")
Node = Mapping[str, Any]


def is_oasst(row: Fields) -> bool:
    """Whether a row is a message of a tree, or a tree."""
    prompt = row.get("prompt")
    is_tree = isinstance(prompt, dict) and "replies" in prompt and "text" in prompt
    return is_tree or {"message_id", "parent_id", "text", "role"} <= row.keys()


class Reader:
    """Waits for all messages: a reply may stand before what it answers."""

    def __init__(self) -> None:
        self.replies: dict[str, list[tuple[str, Node]]] = defaultdict(list)

    def parse(self, row: Fields, position: str) -> Iterable[Conversation]:
        """Nothing yet."""
        if isinstance(row.get("prompt"), dict):
            self._plant(row["prompt"], "", position)
        elif not row.get("deleted"):
            parent = row.get("parent_id")
            self.replies["" if is_null(parent) else str(parent)].append((position, row))
        return ()

    def finish(self) -> Late:
        """The ways from each first prompt to the last answers."""
        for position, prompt in self.replies.get("", ()):
            paths = list(self._paths([prompt]))
            if not paths:
                yield position, RecordError("no_answer", f"message {prompt.get('message_id')}: nobody answered it")
            for path in paths:
                yield position, _conversation(path)
        self.replies = defaultdict(list)

    def _plant(self, node: Node, parent: str, position: str) -> None:
        """Take a tree as its messages."""
        nodes = [(node, parent)]
        while nodes:
            node, parent = nodes.pop()
            if not node.get("deleted"):
                self.replies[parent].append((position, node))
                nodes += [(reply, str(node.get("message_id"))) for reply in node.get("replies") or ()]

    def _paths(self, path: list[Node]) -> Iterator[list[Node]]:
        """The ways that go on from here, each up to an answer that nobody went on from."""
        paths = [path]
        while paths:
            path = paths.pop()
            replies = [node for _, node in self.replies.get(str(path[-1].get("message_id")), ())]
            if _speaker(path[-1]) == "user":
                # What nobody answered ends with the answer before it, which is on another way.
                paths += [[*path, min(replies, key=_rank)]] if replies else []
                continue
            followed = [node for node in replies if self.replies.get(str(node.get("message_id")))]
            paths += [[*path, node] for node in reversed(followed)]
            if not followed:
                yield path


def _speaker(node: Node) -> str:
    return SPEAKERS.get(str(node.get("role")), "")


def _rank(node: Node) -> float:
    rank = node.get("rank")
    return float(rank) if isinstance(rank, int | float) and not is_null(rank) else float("inf")


def _conversation(path: list[Node]) -> Conversation:
    messages = [{"role": _speaker(node), "content": text_of("text", node["text"])} for node in path]
    ids = {"message_id": path[-1].get("message_id")}
    return Conversation(messages, columns=columns_of({name: path[0].get(name) for name in _KEPT} | ids, ()))


FORMAT = Format("oasst", "OpenAssistant (messages of trees)", FIELDS, is_oasst, Reader, 80, joins=True)
