"""What the pages on monitoring tell people to ask Prometheus."""

import re
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [DOCS / "monitoring.md", DOCS / "quality.md", *sorted((DOCS / "runbooks").glob("*.md"))]


def expressions(page: Path) -> Iterator[str]:
    """Yield the PromQL of a page: what stands in blocks of it, and what is set as code and names a metric of ours."""
    text = page.read_text(encoding="utf-8")
    yield from re.findall(r"^```promql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (code for code in re.findall(r"`([^`\n]+)`", outside) if re.search(r"\bstreamer_\w", code))
