"""Permission: what happens to an article whose site opted out of text and data mining (the setting OPT_OUT)."""

from __future__ import annotations

from typing import Any

from crawler.pipelines import Pipeline


class PermissionPipeline(Pipeline):
    """Lets opted-out articles through, marked, unless OPT_OUT=drop."""

    async def process_item(self, item: Any) -> Any:
        """Count what is opted out, and drop it where OPT_OUT says so."""
        permission = self.article(item).permission
        if permission.get("opt_out"):
            if self.crawler.stats:
                self.crawler.stats.inc_value("newsmill/opted_out")
            if self.crawler.settings["OPT_OUT"] == "drop":
                raise await self.drop(item, "opted_out", "; ".join(permission.get("evidence", [])))
        return item
