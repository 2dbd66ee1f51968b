"""The ledger's raw entries: what the target chose where the page leaves the choice to it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.ground import Ground
from conformance.judge.seen import Seen
from conformance.judge.shape import instant


def choices_of(ground: Ground) -> tuple[tuple[str, str], ...]:
    """(open point, choice) for every request of the case; a refusal's status counts under its row."""
    return tuple(dict.fromkeys(_choices(ground)))


def _choices(ground: Ground) -> Iterator[tuple[str, str]]:
    for at, step in enumerate(ground.case.steps):
        for index, post in enumerate(ground.posts(at)):
            if post.exchange.status == 201:
                yield from _of_answer(post)
            elif post.exchange.status is not None and 400 <= post.exchange.status < 500:
                yield "error-body", _media_type(post)
            if step.open_point:
                yield f"{step.open_point}/{ground.case.id}.{at}", str(post.exchange.status)
            elif step.races and post.exchange.status != 201:
                yield "losing-racers", str(post.exchange.status)
            elif step.expect and _statuses_left_open(ground, at) and post.exchange.status != 201:
                yield f"status/{ground.case.id}.{at}.{index}", str(post.exchange.status)


def _statuses_left_open(ground: Ground, at: int) -> bool:
    return any(len(each.statuses - {201}) > 1 for each in ground.case.steps[at].expect)


def _of_answer(post: Seen) -> Iterator[tuple[str, str]]:
    body = post.object
    yield "updated-at", "null" if body.get("updated_at") is None else "set"
    created = body.get("created_at")
    if instant(created) is not None and isinstance(created, str):
        zone = "Z" if created[-1] in "Zz" else "offset" if "+" in created or created.count("-") > 2 else "no zone"
        form = {".": ", fractions", " ": ", a blank for the T"}
        yield "time-format", zone + "".join(words for mark, words in form.items() if mark in created)
    documented = {"id", "user", "name", "org_id", "author_email", "datasets", "runs", "created_at", "updated_at"}
    yield "extra-fields", "yes" if set(body) - documented else "no"


def _media_type(post: Seen) -> str:
    return post.exchange.response_headers.get("content-type", "none").split(";")[0].strip().lower()[:60] or "none"
