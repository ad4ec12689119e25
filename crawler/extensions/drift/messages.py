"""The drift alarm in words: what a degraded crawl says, and what to do."""

from __future__ import annotations

from typing import Any

from crawler.extensions.drift.coverage import SELECTORS
from crawler.items import NewsmillError
from crawler.page import versions_of


def warnings(newspaper: str, findings: list[dict[str, Any]], accepted: bool) -> list[str]:
    """What a degraded crawl says on stderr: one line for each field, and what to do."""
    if not findings:
        return []
    lines, subjects = [], set()
    for finding in sorted(findings, key=lambda finding: _ORDER.index(finding["what"])):
        subject = f"{finding['what'] == 'refused'} {finding['field']}"
        if subject not in subjects:
            subjects.add(subject)
            lines.append(_line(newspaper, finding))
    if accepted:
        return [*lines, f"{newspaper}: accepted: later crawls are compared with this one"]
    links = [link for finding in findings for link in finding["links"]]
    advice = (
        f"{newspaper}: DRIFT: the site changed, or our reading of it did. Save such a page and look: "
        f"python -m crawler.page --newspaper {newspaper} --url {links[0] if links else 'LINK'} FILE; the selectors are "
        f"{_class_file(newspaper)}. Once they are right, -a refresh=1 reads these articles again. If it is right as it "
        f"is: scrapy crawl {newspaper} --accept-drift"
    )
    return [*lines, advice]


_ORDER = ("filled", "found", "length", "differs", "refused")


def _line(newspaper: str, finding: dict[str, Any]) -> str:
    name, was, now = finding["field"], finding["was"], finding["now"]
    unit = "pages" if finding["what"] in ("refused", "found", "differs") else "articles"
    share = f"{now:.0%} of {finding['count']} {unit}, {was:.0%} of {finding['before']} before"
    message = {
        "filled": f"{name}: filled in {share}",
        "found": f"{name}: its element (by {SELECTORS.get(name, '')} of the page class) is on {share}",
        "length": f"{name}: about {now:,.0f} characters (median of {finding['count']} articles), {was:,.0f} before",
        "differs": f"{name}: trafilatura reads another body on {share}",
        "refused": f"refused ({name.replace('_', ' ')}): {share}",
    }[finding["what"]]
    since = f"last good crawl {finding['last_good'][:16].replace('T', ' ')} UTC" if finding["last_good"] else ""
    return f"{newspaper}: DRIFT: {message}; {since}" + "".join(f"; {link}" for link in finding["links"])


def _class_file(newspaper: str) -> str:
    """Where the newspaper's selectors are: the class and its file."""
    try:
        page = versions_of(newspaper)[0]
    except NewsmillError:
        return "the page class's"
    return f"{page.__name__}'s in {page.__module__.replace('.', '/')}.py"
