"""Datasets and runs as people see them whom they do not belong to.

The page does not document who reads a dataset or a run, so a target is held to what it does itself: who could not read
a private row at first cannot after a request that leaves it private, and where members read what colleagues share, they
read what was promoted. The same goes for outsiders who read what is shared elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.judge.blame import Moment
from conformance.judge.compare import Lens
from conformance.judge.ground import Ground
from conformance.judge.seen import Seen
from conformance.model import Dataset, Finding, Run, World


def see(ground: Ground, moment: Moment, lens: Lens, seen: Seen) -> Iterator[Finding]:
    """One read of a row by somebody else, beside the same read, and others, before the first request."""
    op, about, who = seen.exchange.op, seen.exchange.about, seen.exchange.who
    row, arranged = _rows(moment.state, op)[about], _rows(ground.case.world, op)[about]
    could = who in ground.stored.get((op, about), {})
    if seen.exchange.truncated or seen.usable == moment.state.may_read(who, row):
        return
    what = f"{who} reads {about}"
    if seen.usable:
        # Who may read a collection may be shown the runs in it.
        shown = op == "run" and row.collection and moment.state.may_read(who, moment.state.collections[row.collection])
        anybodys = row.organization is not None and _reads_others(ground, who, op)
        if not could and not shown and not anybodys:
            blamed = ("ATO-1", "PRO-5") if moment.effect is None else ("PRO-5", "PRO-6", "VIS-2")
            yield lens.find(blamed, what, "as at first: not", 200, seen.index)
    elif could or (not ground.case.world.may_read(who, arranged) and _reads_others(ground, who, op)):
        yield lens.find(("PRO-1", "PRO-2") if op == "dataset" else ("PRO-2",), what, 200, seen.unusable, seen.index)


def _rows(world: World, op: str) -> Mapping[str, Dataset | Run]:
    return world.datasets if op == "dataset" else world.runs


def _reads_others(ground: Ground, who: str, op: str) -> bool:
    """Whether this reader was shown a row of that kind of somebody else."""
    rows = _rows(ground.case.world, op)
    return any(
        who in readers and kind == op and rows[symbol].owner != who for (kind, symbol), readers in ground.stored.items()
    )
