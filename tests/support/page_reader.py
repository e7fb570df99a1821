"""A page as a browser would read it: well formed, and of elements of ours only."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from services.web import formulas

VOID = {"meta", "link", "input", "rect"}
TEMPLATES = Path(__file__).parents[2] / "services" / "web" / "templates"
# Every element of ours stands in a template, or is one of mathematics.
OURS = formulas.ELEMENTS | {
    tag for file in TEMPLATES.iterdir() for tag in re.findall(r"<([a-z][a-z0-9]*)", file.read_text("utf-8"))
}


class Reader(HTMLParser):
    """Tags, attributes and text of a page; it must be well formed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
