"""Plan → records: worlds are arranged in batches, cases run side by side, every exchange is kept, redacted.

Nothing is judged here, but ``keep`` may take its time: it is called where nothing else is to be begun.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from conformance.attempt import Carried, Execution, carry_out
from conformance.errors import TargetUnreachable
from conformance.model import Case, Record, in_turn
from conformance.targets import Arranged, Unarranged
from conformance.transport import BUSY

BREAKER = 25
"""Cases in a row that the way to the target spoiled; then the run is given up."""
BACKLOG = 128
"""Records that may wait to be kept: more would fill the memory where the target is faster than the judge."""
SWITCH = 0.0005
"""Seconds that the judge keeps the interpreter while threads have answers to take: ten times less than usual."""

Worlds = Sequence[tuple[Case, Arranged | Unarranged]]


def execute(plan: Sequence[Case], on: Execution, keep: Callable[[Record], None]) -> None:
    """Carry out every case and hand its record to ``keep``; TargetUnreachable when connections keep failing."""
    kept = _Kept(keep)
    run = _Run(plan, on)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        with ThreadPoolExecutor(on.concurrency) as pool:
            try:
                run.go(pool, kept)
            except BaseException:
                on.transport.allowance.stop()  # what other threads are at ends with the answer that they wait for
                pool.shutdown(wait=False, cancel_futures=True)
                kept.rest()
                raise
    finally:
        sys.setswitchinterval(usual)
        with on.transport.allowance.lifted():
            if run.standing:
                on.arranger.remove(run.standing)


class _Run:
    """What is to be begun, what is under way, and which worlds stand when their cases are over."""

    def __init__(self, plan: Sequence[Case], on: Execution) -> None:
        self._on = on
        self._size = on.arranger.batch
        turns = in_turn(plan)
        self._waiting = [turns[at : at + self._size] for at in range(0, len(turns), self._size)][::-1]
        self._pending: set[Future[Worlds | Carried | None]] = set()
        self._in_hand = 0  # cases whose worlds stand or are being arranged: few, however many there are in all
        self.standing: list[Arranged] = []

    def go(self, pool: ThreadPoolExecutor, kept: _Kept) -> None:
        """Begin what can be begun, then keep one record, until all is done: threads never wait for the judge."""
        while self._waiting or self._pending or kept.waiting:
            while self._waiting and self._in_hand <= 2 * self._on.concurrency and len(kept.waiting) <= BACKLOG:
                self._in_hand += len(self._waiting[-1])
                self._pending.add(pool.submit(self._arrange, self._waiting.pop()))
            timeout = 0 if kept.waiting else None
            done, self._pending = wait(self._pending, timeout, return_when=FIRST_COMPLETED)
            for result in (future.result() for future in done):
                if isinstance(result, Carried):
                    self._over(result, pool)
                    kept.waiting.append(replace(result.record, repeat=self._on.repeat))
                elif result is not None:
                    self._pending.update(pool.submit(carry_out, case, each, self._on) for case, each in result)
            kept.next()

    def _arrange(self, cases: Sequence[Case]) -> Worlds:
        results = self._on.arranger.arrange([(case, self._on.token(case.id)) for case in cases])
        return [(case, results[case.id]) for case in cases]

    def _over(self, carried: Carried, pool: ThreadPoolExecutor) -> None:
        self._in_hand -= 1
        self.standing += carried.over
        if len(self.standing) >= self._size:
            self._pending.add(pool.submit(self._on.arranger.remove, self.standing))
            self.standing = []


class _Kept:
    """Records in the order in which they came; gives up when nothing is answered any more, but by gateways."""

    def __init__(self, keep: Callable[[Record], None]) -> None:
        self._keep = keep
        self._in_a_row = 0
        self.waiting: deque[Record] = deque()

    def next(self) -> None:
        """Keep the first one that waits."""
        if not self.waiting:
            return
        record = self.waiting.popleft()
        self._keep(record)
        answered = any(each.status is not None and each.status not in BUSY for each in record.exchanges)
        self._in_a_row = self._in_a_row + 1 if record.trouble and not answered else 0
        if self._in_a_row >= BREAKER:
            raise TargetUnreachable(f"{BREAKER} cases in a row could not be carried out: {record.trouble}")

    def rest(self) -> None:
        """The run ends early: nothing that is there is lost."""
        while self.waiting:
            self._keep(self.waiting.popleft())
