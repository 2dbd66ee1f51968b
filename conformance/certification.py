"""One certification from settings to judgement: plan → execute → read the record back → judge."""

from __future__ import annotations

import secrets
import shlex
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from conformance import __version__
from conformance.allowance import Limits
from conformance.attempt import Execution
from conformance.consent import require_consent
from conformance.depth import DEPTHS, Depth
from conformance.errors import ConformanceError, Interrupted, NothingSelected, TranscriptRefused, defect
from conformance.execute import execute
from conformance.judge import Judging
from conformance.model import Case, Record
from conformance.plan import Plan, make_plan
from conformance.preflight import preflight
from conformance.recording import Recording
from conformance.redact import Redactor
from conformance.result import Result
from conformance.shrink import shrink
from conformance.smallest import is_part, smallest
from conformance.spec import digests, load_catalogue
from conformance.targets import Arranger, DocumentedApi, ProviderStates
from conformance.targets.accounts import Accounts
from conformance.targets.target_file import Target
from conformance.transcript import Header, Transcript, header_of, read
from conformance.transport import Tls, Transport, origin_of


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user chose; header values may be secret and are never recorded."""

    base_url: str
    provider_states: str
    depth: Depth = "standard"
    seed: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    state_headers: Mapping[str, str] = field(default_factory=dict)
    concurrency: int = 32
    timeout: float = 30.0
    report_dir: Path | None = None
    target: Target | None = None
    """The target file, for what no option says: accounts, limits, TLS, proxy."""
    held_to: str = ""
    """The version of the catalogue that the run is held to; empty: the newest."""
    confirm: int = 0
    """Times that what failed is run again."""
    write_to: tuple[str, ...] = ()
    """Hosts beside this machine that may be written to."""
    bundled: bool = False
    """Whether this is the bundled reference, which is started for each run."""

    @property
    def tls(self) -> Tls:
        """Whose certificates are believed."""
        return self.target.tls if self.target else Tls()

    @property
    def limits(self) -> Limits:
        """How much may be sent, and how fast."""
        return replace(self.target.limits if self.target else Limits(), answer=self.timeout)

    @property
    def command(self) -> str:
        """What runs it again, without the selection."""
        parts = ["conformance", "certify", "--base-url", self.base_url]
        if self.bundled:
            parts[2:] = []
        elif self.target:
            parts[2:] = ["--target", str(self.target.path)]
        elif self.provider_states != default_provider_states(self.base_url):
            parts += ["--provider-states", self.provider_states]
        if self.depth != "standard":
            parts += ["--depth", self.depth]
        if self.seed:
            parts += ["--seed", str(self.seed)]
        if self.held_to:
            parts += ["--catalogue", self.held_to]
        return shlex.join(parts)

    @property
    def accounts(self) -> Accounts | None:
        """Who plays the people of the worlds where these are arranged through the documented API."""
        return self.target.accounts if self.target else None


CarryOut = Callable[[Sequence[Case], Execution, Callable[[Record], None]], None]
"""What turns cases into records: ``execute`` in this process, or workers."""

ADAPTER = 2
"""Requests at a time for a provider-state URL on a server of its own: a small one may take no more."""
NARROW = "the target serves {} at once: no more requests than that ran against one another"
UNVERIFIED = "TLS certificates were not verified (tls.verify: false): who answered is not certain"


def default_provider_states(base_url: str) -> str:
    """Where a target serves its provider states when nothing else is said."""
    return f"{origin_of(base_url)}/_conformance/provider-states"


def certify(
    settings: Settings,
    plan: Plan,
    selected: Sequence[Case],
    progress: Callable[[int, int], None] = lambda done, of: None,
    carry_out: CarryOut | None = None,
) -> Result:
    """Carry the selected cases out and judge them from the record; ``progress`` gets (done, of)."""
    if not selected:
        raise NothingSelected("no case matches the selection")
    how = carry_out or execute
    if settings.report_dir is not None:
        settings.report_dir.mkdir(parents=True, exist_ok=True)
        return _recorded(settings, plan, selected, settings.report_dir / "transcript.jsonl", progress, how)
    folder = Path(tempfile.mkdtemp(prefix="conformance-"))
    try:
        result = _recorded(settings, plan, selected, folder / "transcript.jsonl", progress, how)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(result.transcript.records, shutil.rmtree, folder, ignore_errors=True)  # they lie there
    return result


def _recorded(
    settings: Settings,
    plan: Plan,
    selected: Sequence[Case],
    path: Path,
    progress: Callable[[int, int], None],
    carry_out: CarryOut,
) -> Result:
    require_consent(settings.write_to, settings.base_url, *([] if settings.accounts else [settings.provider_states]))
    redactor = redactor_of(settings)
    transport = transport_of(settings)
    run_id = secrets.token_hex(8)
    arranger = arranger_of(settings, transport, redactor, run_id)
    on = Execution(settings.base_url, transport, arranger, redactor, run_id, settings.concurrency)
    try:
        _checked(on)
        header = _header(settings, plan, selected, run_id, transport.room(settings.base_url))
        catalogue = load_catalogue().held_to(settings.held_to)
        with path.open("w", encoding="ascii", newline="\n") as stream:
            run = Recording(path, stream, header, selected, catalogue, progress)
            transcript = _carried_out(run, selected, on, settings.confirm, carry_out)
    finally:
        transport.close()
    judgement = run.judgement(transcript.aborted)
    return Result(plan, catalogue, tuple(selected), transcript, judgement, smallest(selected, judgement, run.records))


def _header(settings: Settings, plan: Plan, selected: Sequence[Case], run_id: str, room: int | None) -> Header:
    return Header(
        base_url=settings.base_url,
        suite=__version__,
        catalogue=load_catalogue().version,
        depth=plan.depth,
        seed=plan.seed,
        run_id=run_id,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        selection=tuple(case.id for case in selected) if len(selected) < len(plan.cases) else None,
        digests=digests(),
        bodies=plan.bodies,
        drawings=plan.drawings,
        notes=(*(() if settings.tls.verify else (UNVERIFIED,)), *((NARROW.format(room),) if room else ())),
        held_to=settings.held_to,
        command=settings.command,
    )


def _carried_out(
    run: Recording, selected: Sequence[Case], on: Execution, confirm: int, carry_out: CarryOut
) -> Transcript:
    """The closed transcript of the run, of its repetitions, and of the search for smaller cases that fail."""
    started = time.monotonic()
    aborted = ""
    try:
        carry_out(selected, on, run.keep)
        failed = run.failed() if confirm else ()
        for repeat in range(1, confirm + 1):
            execute(failed, replace(on, repeat=repeat), run.keep)
        shrink(selected, run.judgement(), run.records, on, run.keep)
    except ConformanceError as error:
        aborted = str(error)
    except KeyboardInterrupt:
        aborted = "the run was interrupted"
    with on.transport.allowance.lifted():
        left = on.arranger.close()
    return run.close(time.monotonic() - started, aborted, left)


def _checked(on: Execution) -> None:
    """The preflight; what it made is removed where it ends the run."""
    try:
        preflight(on)
    except BaseException as end:
        with on.transport.allowance.lifted():
            on.arranger.close()
        if isinstance(end, KeyboardInterrupt):
            raise Interrupted("the run was interrupted before its first case") from None
        raise


def redactor_of(settings: Settings, redactor: Redactor | None = None) -> Redactor:
    """Knows every secret that the user gave."""
    redactor = redactor or Redactor()
    given = {**settings.headers, **settings.state_headers}
    for name, value in given.items():
        # "Bearer KEY": the key may come back without its scheme
        redactor.guard({f"$header-{name}": each for each in (value, *value.split()) if len(each) > 7})
    redactor.guard(settings.target.secrets if settings.target else {})
    return redactor


def transport_of(settings: Settings, workers: int = 1) -> Transport:
    """What sends, within the user's limits, or one worker's part of them."""
    proxy = settings.target.proxy if settings.target else None
    return Transport(settings.headers, settings.limits.part(workers), settings.tls, proxy)


def arranger_of(settings: Settings, transport: Transport, redactor: Redactor, run_id: str) -> Arranger:
    """Arranges worlds as the target file says, or else by provider states."""
    if settings.target and settings.accounts:
        upload = settings.target.upload
        return DocumentedApi(transport, settings.base_url, settings.accounts, upload, redactor, run_id)
    if origin_of(settings.provider_states) != origin_of(settings.base_url):
        transport.crowded(settings.provider_states, ADAPTER)
    return ProviderStates(transport, settings.provider_states, settings.state_headers, redactor)


def judge_transcript(path: Path, plan: Plan | None = None) -> Result:
    """Judge a recorded run off line; TranscriptRefused where it belongs to other tables."""
    header = header_of(path)
    depth = next((each for each in DEPTHS if each == header.depth), None)
    if depth is None:
        raise TranscriptRefused(f"{path}:1: there is no depth {header.depth!r}")
    for name, digest in digests().items():
        if header.digests.get(name) != digest:
            raise TranscriptRefused(f"{path}:1: recorded by a suite whose {name} differ from this one ({__version__})")
    plan = plan or make_plan(depth, header.seed, header.bodies, header.drawings)
    selected = plan.cases if header.selection is None else plan.only(header.selection)
    catalogue = load_catalogue().held_to(header.held_to)
    judging = Judging(selected, catalogue)
    try:
        transcript = read(path, lambda record: None if is_part(record.case) else judging.add(record))
        partial = header.selection is not None
        judgement = judging.judgement(transcript.records, partial=partial, aborted=transcript.aborted)
        parts = smallest(selected, judgement, transcript.records)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise TranscriptRefused(f"{path}: no run records what stands there, or there is {defect(error)}") from None
    return Result(plan, catalogue, tuple(selected), transcript, judgement, parts)
