"""One certification from settings to judgement: plan → execute → read the record back → judge."""

from __future__ import annotations

import secrets
import shlex
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from conformance import __version__
from conformance.allowance import Limits
from conformance.consent import require_consent
from conformance.errors import ConformanceError, Interrupted, NothingSelected, TranscriptRefused, defect
from conformance.execute import Execution, execute
from conformance.judge import judge_run
from conformance.model import Case, Record
from conformance.plan import DEPTHS, Depth, Plan, make_plan
from conformance.preflight import preflight
from conformance.redact import Redactor
from conformance.result import Result
from conformance.shrink import shrink
from conformance.smallest import ordinary, smallest
from conformance.spec import Catalogue, digests, load_catalogue
from conformance.targets import Arranger, DocumentedApi, ProviderStates
from conformance.targets.accounts import Accounts
from conformance.targets.target_file import Target
from conformance.transcript import Header, Writer, read
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
        if self.target:
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

UNVERIFIED = "TLS certificates were not verified (tls.verify: false): who answered is not certain"


def default_provider_states(base_url: str) -> str:
    """Where a target serves its provider states when nothing else is said."""
    return f"{origin_of(base_url)}/_conformance/provider-states"


def certify(
    settings: Settings,
    plan: Plan,
    selected: Sequence[Case],
    progress: Callable[[int, int], None],
    carry_out: CarryOut | None = None,
) -> Result:
    """Carry the selected cases out and judge them from the record; ``progress`` gets (done, of)."""
    if not selected:
        raise NothingSelected("no case matches the selection")
    folder = settings.report_dir or Path(tempfile.mkdtemp(prefix="conformance-"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "transcript.jsonl"
    partial = len(selected) < len(plan.cases)
    try:
        _record(settings, plan, selected, path, partial, progress, carry_out or execute)
        return judge_transcript(path, plan)
    finally:
        if settings.report_dir is None:
            path.unlink(missing_ok=True)
            folder.rmdir()


def _record(
    settings: Settings,
    plan: Plan,
    selected: Sequence[Case],
    path: Path,
    partial: bool,
    progress: Callable[[int, int], None],
    carry_out: CarryOut,
) -> None:
    require_consent(settings.write_to, settings.base_url, *([] if settings.accounts else [settings.provider_states]))
    redactor = redactor_of(settings)
    transport = transport_of(settings)
    run_id = secrets.token_hex(8)
    arranger = arranger_of(settings, transport, redactor, run_id)
    on = Execution(settings.base_url, transport, arranger, redactor, run_id, settings.concurrency)
    try:
        on = _checked(on)
        header = Header(
            base_url=settings.base_url,
            suite=__version__,
            catalogue=load_catalogue().version,
            depth=plan.depth,
            seed=plan.seed,
            run_id=run_id,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            selection=tuple(case.id for case in selected) if partial else None,
            digests=digests(),
            bodies=plan.bodies,
            drawings=plan.drawings,
            notes=() if settings.tls.verify else (UNVERIFIED,),
            held_to=settings.held_to,
            command=settings.command,
        )
        with path.open("w", encoding="ascii", newline="\n") as stream:
            writer = Writer(stream, header)
            records: list[Record] = []

            def keep(record: Record) -> None:
                writer.add(record)
                records.append(record)
                if len(records) <= len(selected):
                    progress(len(records), len(selected))

            catalogue = load_catalogue().held_to(settings.held_to)
            started = time.monotonic()
            aborted = ""
            try:
                carry_out(selected, on, keep)
                for repeat in range(1, settings.confirm + 1):
                    again = _failed(selected, records, catalogue, partial)
                    execute(again, replace(on, repeat=repeat), keep)
                shrink(selected, records, catalogue, on, keep)
            except ConformanceError as error:
                aborted = str(error)
            except KeyboardInterrupt:
                aborted = "the run was interrupted"
            with transport.allowance.lifted():
                left = arranger.close()
            writer.close(time.monotonic() - started, aborted, left)
    finally:
        transport.close()


def _failed(selected: Sequence[Case], records: Sequence[Record], catalogue: Catalogue, partial: bool) -> Sequence[Case]:
    """Cases that failed by themselves: what conflicts with others only, no repetition settles."""
    first = [each for each in records if not each.repeat]
    judgement = judge_run(selected, first, catalogue, partial=partial)
    return [
        case for case in selected if judgement.cases[case.id].outcome == "failed" and case.id not in judgement.conflict
    ]


def _checked(on: Execution) -> Execution:
    """The execution after the preflight; what the preflight made is removed where it ends the run."""
    try:
        return preflight(on)
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
    return ProviderStates(transport, settings.provider_states, settings.state_headers, redactor)


def judge_transcript(path: Path, plan: Plan | None = None) -> Result:
    """Judge a recorded run, live or off line; TranscriptRefused where it belongs to other tables."""
    transcript = read(path)
    header = transcript.header
    depth = next((each for each in DEPTHS if each == header.depth), None)
    if depth is None:
        raise TranscriptRefused(f"{path}:1: there is no depth {header.depth!r}")
    for name, digest in digests().items():
        if header.digests.get(name) != digest:
            raise TranscriptRefused(f"{path}:1: recorded by a suite whose {name} differ from this one ({__version__})")
    live = plan is not None
    plan = plan or make_plan(depth, header.seed, header.bodies, header.drawings)
    selected = plan.cases if header.selection is None else plan.only(header.selection)
    aborted = (
        "the transcript has no footer: the run was cut off" if transcript.footer is None else transcript.footer.aborted
    )
    catalogue = load_catalogue().held_to(header.held_to)
    partial = header.selection is not None
    try:
        judgement = judge_run(selected, ordinary(transcript.records), catalogue, partial=partial, aborted=aborted)
        parts = smallest(selected, judgement, transcript.records)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        if live:
            raise
        raise TranscriptRefused(f"{path}: no run records what stands there, or there is {defect(error)}") from None
    return Result(plan, catalogue, tuple(selected), transcript, judgement, parts)
