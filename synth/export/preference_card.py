"""What the manifest and the card of a folder of preferences say: how many pairs, of what, and what made none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from synth.export.formats import NO_PAIR
from synth.export.preferences import KINDS
from synth.export.split import SPLITS

Pairs = Mapping[tuple[str, str, str], int]

MEANINGS = {
    "chosen": "an answer that a person edited or accepted",
    "rejected": "the answer before the edit (kind edit), or another answer of the same request that a person rejected "
    "(kind rejected)",
}
#: Why a sample is in no pair, for people.
REASONS = {
    "not_edited": "nobody edited the answer, and no other answer of its request was rejected",
    "original_unknown": "edited, and the answer before was not kept",
    "question_changed": "the request was edited, too: the answer before answers another one",
    "white_space_edit": "the edit changed white space only",
    "several_turns": "a conversation of several turns, for which plain texts have no place",
    "tool_calls": "the conversation calls tools",
    "not_to_be_learnt": "its set gives the answer the weight 0",
}
_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6))


def pair_summary(pairs_of: Mapping[str, Pairs]) -> dict[str, Any]:
    """The manifest's `preference`: what chosen and rejected are, and format -> {pairs, kinds, splits, languages}."""
    return {**MEANINGS, "formats": {name: _counts(pairs) for name, pairs in pairs_of.items()}}


def _counts(pairs: Pairs) -> dict[str, Any]:
    totals = [Counter[str](), Counter[str](), Counter[str]()]
    for key, count in pairs.items():
        for total, name in zip(totals, key, strict=True):
            total[name] += count
    splits, kinds, languages = totals
    return {
        "pairs": sum(pairs.values()), "kinds": {name: kinds[name] for name in KINDS},
        "splits": {name: splits[name] for name in SPLITS if splits[name]}, "languages": dict(sorted(languages.items())),
    }  # fmt: skip


def reasons_of(manifest: Mapping[str, Any], name: str) -> dict[str, int]:
    """Why samples are not in a format of preferences -> how many; none is in another file of the export only."""
    counts = Counter({reason: n for reason, n in manifest["left_out"].items() if reason in REASONS})
    counts.update(manifest["left_out_of"].get(name, {}))
    return {reason: counts[reason] for reason in REASONS if counts[reason]}


def pair_line(manifest: Mapping[str, Any]) -> str:
    """What the terminal says of preferences, as part of a sentence; "" where there are none."""
    parts = []
    for name, row in (manifest.get("preference") or {"formats": {}})["formats"].items():
        kinds = f"{row['kinds']['edit']:,} edited, {row['kinds']['rejected']:,} of two answers"
        reasons = manifest["left_out_of"].get(name, {})
        without = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in reasons.items())
        pairs = f"; {name}: {row['pairs']:,} pair{'s' if row['pairs'] != 1 else ''} ({kinds})"
        parts.append(pairs + (f", without one: {without}" if without else ""))
    return "".join(parts)


def is_no_pair(reason: str) -> bool:
    """Whether a reason says that there is nothing to prefer, and not that a format has no place for a sample."""
    return reason in NO_PAIR


def write_pair_card(manifest: Mapping[str, Any], name: str, pairs: Pairs, *, title: str, license_id: str) -> str:
    """The text of a folder's README.md, which the hub and `datasets` read."""
    import yaml

    from synth.export.dataset_card import card_environment

    counts = _counts(pairs)
    front = {
        "pretty_name": f"{title}: preferences",
        "language": sorted(code for code in counts["languages"] if 2 <= len(code) <= 3 and code.isascii()),
        "license": license_id, "task_categories": ["text-generation"], "tags": ["preference", "trl", "orpo", "dpo"],
        "size_categories": [next((size for size, limit in _SIZES if counts["pairs"] < limit), "1M<n<10M")],
        "configs": [{"config_name": "default", "data_files": [
            {"split": split, "path": f"{split}.jsonl"} for split in counts["splits"]
        ]}],
    }  # fmt: skip
    return card_environment().get_template("preference_card.md.jinja").render(
        front=yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000), title=title, manifest=manifest,
        counts=counts, meanings=MEANINGS, license=license_id, is_plain=name.endswith("-plain"),
        reasons=[(REASONS[reason], count) for reason, count in reasons_of(manifest, name).items()],
    )  # fmt: skip
