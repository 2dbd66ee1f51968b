"""ISO-2: a refusal tells nothing about a dataset that its caller cannot see."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.ground import Ground
from conformance.model import Finding


def leaks(ground: Ground) -> Iterator[Finding]:
    """Arranged names and e-mails of invisible rows that stand in a refusal."""
    hidden: dict[str, _Hidden] = {}
    for seen in ground.seen:
        exchange = seen.exchange
        if exchange.op != "create" or exchange.status is None or not 400 <= exchange.status < 500:
            continue
        if exchange.who not in hidden:
            hidden[exchange.who] = _Hidden(ground, exchange.who)
        for symbol, told in hidden[exchange.who].told(exchange.response_body.decode("utf-8", "replace")):
            what = f"the refusal tells about {symbol}, which {exchange.who} cannot see"
            yield Finding("ISO-2", what, "nothing", told, seen.index, "advisory")


class _Hidden:
    """What an answer must not tell one caller, looked for at once: almost every refusal tells nothing."""

    def __init__(self, ground: Ground, who: str) -> None:
        world, binding = ground.case.world, ground.binding
        self._words: dict[str, list[str]] = {}
        for symbol, row in world.datasets.items():
            if not world.may_read(who, row):
                words = [binding.names.get(symbol, ""), binding.emails[row.owner] if row.owner else ""]
                self._words[symbol] = [each for each in words if each]
        every = {each for words in self._words.values() for each in words}
        self._marks = {binding.token if binding.token in each else each for each in every}

    def told(self, text: str) -> Iterator[tuple[str, str]]:
        """Each dataset that the text tells about, and the first word that does."""
        if not any(each in text for each in self._marks):
            return
        for symbol, words in self._words.items():
            if found := [each for each in words if each in text]:
                yield symbol, found[0]
