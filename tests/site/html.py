"""A page as a test reads it: its ids, its links, its headings."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """Ids in order, addresses that it links to or loads, headings with their ids, commands that it shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.headings: dict[str, str] = {}
        self.commands: list[str] = []
        self._heading: str | None = None
        self._in_command = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        self.addresses += [str(found[name]) for name in ("href", "src") if found.get(name)]
        if tag in ("h1", "h2", "h3") and found.get("id"):
            self._heading = str(found["id"])
            self.headings[self._heading] = ""
        if tag == "pre" and found.get("class") == "command":
            self._in_command = True
            self.commands.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "h2", "h3"):
            self._heading = None
        if tag == "pre":
            self._in_command = False

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.headings[self._heading] += data
        if self._in_command:
            self.commands[-1] += data


def pages(files: dict[str, bytes]) -> dict[str, Page]:
    """Every HTML page of the site."""
    return {name: Page(content.decode()) for name, content in files.items() if name.endswith(".html")}
