"""ISO-2: a refusal tells nothing about a dataset that its caller cannot see."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.walk import Ground
from conformance.model import Finding


def leaks(ground: Ground) -> Iterator[Finding]:
    """Arranged names and e-mails of invisible rows that stand in a refusal."""
    world, binding = ground.case.world, ground.binding
    for seen in ground.seen:
        exchange = seen.exchange
        if exchange.op != "create" or exchange.status is None or not 400 <= exchange.status < 500:
            continue
        text = exchange.response_body.decode("utf-8", "replace")
        for symbol, row in world.datasets.items():
            if world.may_read(exchange.who, row):
                continue
            secrets = [binding.names.get(symbol, "")] + ([binding.emails[row.owner]] if row.owner else [])
            told = [each for each in secrets if each and each in text]
            if told:
                what = f"the refusal tells about {symbol}, which {exchange.who} cannot see"
                yield Finding("ISO-2", what, "nothing", told[0], seen.index, "advisory")
