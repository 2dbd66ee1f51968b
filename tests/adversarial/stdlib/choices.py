"""Correct behaviours: each choice alone, and seeded mixtures of many.

A choice is a mixin; a group holds the ones that exclude each other.
"""

from __future__ import annotations

import random
import re

import choices_answers as answers
import choices_rules as rules
from base import Target
from registry import correct

MIXTURES = 24

GROUPS: tuple[tuple[type[Target], ...], ...] = (
    (rules.AttachOwned, rules.AttachOwnAndOrgOnly, rules.AttachOwn),
    (rules.DuplicateBoth,),
    (rules.MovedVisible, rules.MovedMine),
    (rules.RunsElsewhereStay,),
    (rules.PromoteSelection,),
    (rules.StaleAttach, rules.Stale404),
    (rules.ListedRunsReadable, rules.ListedDatasetsReadable, rules.ListedReadable),
    (rules.Ineligible404, rules.Hidden400, rules.LeakyRefusals),
    (rules.NameFirst,),
    (rules.BodyBeforeKey,),
    (rules.IdsBackwards,),
    (rules.StrictIds, rules.RefusingIds, rules.LaxIds),
    (rules.UnknownFields422,),
    (rules.JsonOnly415, rules.JsonOnly422),
    (rules.Trimmed, rules.Printable, rules.Long400),
    (rules.Casefolded, rules.FoldedNfc),
    (rules.StrictScheme,),
    (rules.Small413,),
    (answers.OffsetMicroseconds, answers.NoZone),
    (answers.NeverUpdated,),
    (answers.ExtraFields,),
    (answers.BareRuns,),
    (answers.NoOrgAuthor,),
    (answers.Shuffled,),
    (answers.RawUtf8,),
    (answers.HugeIds, answers.SameIds),
    (answers.PlainErrors, answers.HtmlErrors, answers.EmptyErrors, answers.ArrayErrors),
    (answers.SharedTrueWithOwn,),
    (answers.Http10,),
    (answers.GlobalLock, answers.LosersGet409),
    (answers.SomeWorlds, answers.OwnersStayPut),
)
ALONE = (answers.Slow, answers.OneByOne, answers.NoReads, answers.CollectionReadsOnly, answers.DatasetAndRunReadsOnly)


def kebab(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z0-9])", "-", name).lower()


def note_of(choice: type[Target]) -> str:
    return (choice.__doc__ or f"chooses {kebab(choice.__name__).replace('-', ' ')}").splitlines()[0]


def mixture(seed: int) -> tuple[type[Target], ...]:
    """About half of the groups, one choice of each: the class order decides which wraps which."""
    draw = random.Random(seed)
    chosen = [draw.choice(group) for group in GROUPS if draw.random() < 0.5]
    draw.shuffle(chosen)
    return tuple(chosen)


def register_all() -> None:
    for choice in [c for group in GROUPS for c in group] + list(ALONE):
        correct("ok-" + kebab(choice.__name__), note_of(choice))(choice)
    for seed in range(MIXTURES):
        parts = mixture(seed)
        note = "mixture of " + ", ".join(kebab(part.__name__) for part in parts)
        correct(f"ok-mixture-{seed:02}", note)(type(f"Mixture{seed}", (*parts, Target), {}))


register_all()
