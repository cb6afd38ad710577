"""The pages about monitoring: what they tell people to ask exists, and where they lead there is something."""

import re
from pathlib import Path

import pytest

from tests.support.promql import named
from tests.support.vocabulary import faults
from tests.support.written import PAGES, expressions


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_metrics_labels_and_values_that_exist(page: Path) -> None:
    for expression in expressions(page):
        assert list(named(expression)), expression
        assert list(faults(expression)) == [], expression


def test_the_runbooks_say_how_to_look() -> None:
    for page in PAGES:
        if page.parent.name == "runbooks" and page.name != "README.md":
            assert len(list(expressions(page))) > 3, page.name


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        leads_to = (page.parent / path).resolve() if path else page
        assert leads_to.exists(), target
        assert not anchor or anchor in _anchors(leads_to), target
