"""Correct choices in the rules: readings, statuses, order of checks, ids, bodies and names."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from base import LARGEST_ID, Plan, Refusal, Target, Wish
from store import Collection, Dataset, Run, User

Rows = list[Dataset]
Json = dict[str, Any]

# --- readings -------------------------------------------------------------------------------------


class AttachOwned(Target):
    def attachable(self, caller: User, dataset: Dataset) -> bool:
        return super().attachable(caller, dataset) and dataset.user_id is not None


class AttachOwnAndOrgOnly(Target):
    def attachable(self, caller: User, dataset: Dataset) -> bool:
        return super().attachable(caller, dataset) and dataset.user_id in (None, caller.id)


class AttachOwn(Target):
    def attachable(self, caller: User, dataset: Dataset) -> bool:
        return super().attachable(caller, dataset) and dataset.user_id == caller.id


class DuplicateBoth(Target):
    def org_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        return super().org_name_taken(caller, name, caller.org_id)


class MovedVisible(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        return [run for run in super().runs_to_move(caller, datasets, org_id) if self.visible(caller, run)]


class MovedMine(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        return [run for run in super().runs_to_move(caller, datasets, org_id) if run.user_id == caller.id]


class RunsElsewhereStay(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        return [run for run in super().runs_to_move(caller, datasets, org_id) if run.collection_id is None]


class PromoteSelection(Target):
    def runs_to_promote(self, caller: User, datasets: Rows, promoted: Rows) -> list[Run]:
        return super().runs_to_promote(caller, datasets, datasets if promoted else [])


class StaleAttach(Target):
    def check_stale(self, dataset: Dataset) -> None:
        """Neither shared nor private: attached, and left as it is."""


class Stale404(Target):
    def check_stale(self, dataset: Dataset) -> None:
        raise Refusal(404, "Not found.")


class ListedRunsReadable(Target):
    def runs_in(self, reader: User, row: Collection) -> list[Run]:
        return [run for run in super().runs_in(reader, row) if self.readable(reader, run)]


class ListedDatasetsReadable(Target):
    def datasets_of(self, reader: User, row: Collection) -> Rows:
        return [d for d in super().datasets_of(reader, row) if self.readable(reader, d)]


class ListedReadable(ListedRunsReadable, ListedDatasetsReadable):
    pass


# --- statuses and the order of checks ---------------------------------------------------------------


class Ineligible404(Target):
    """Proprietary and taken ones are `treated as invalid`: 404 (advisories), hidden ones too."""

    def check_dataset(self, caller: User, dataset: Dataset) -> None:
        if self.proprietary(caller, dataset) or self.taken(caller, dataset):
            raise Refusal(404, "Dataset not found.")
        super().check_dataset(caller, dataset)


class Hidden400(Target):
    """An id that exists and is not for the caller is 400, one that never existed is 404."""

    def find(self, caller: User, dataset_id: int) -> Dataset:
        if self.store.datasets.get(dataset_id) is None:
            raise Refusal(404, f"Dataset {dataset_id} not found.")
        try:
            return super().find(caller, dataset_id)
        except Refusal:
            raise Refusal(400, f"Dataset {dataset_id} is invalid.") from None


class LeakyRefusals(Target):
    """Names what it refuses to show: an advisory (ISO-2), not a breach."""

    def find(self, caller: User, dataset_id: int) -> Dataset:
        try:
            return super().find(caller, dataset_id)
        except Refusal as refusal:
            dataset = self.store.datasets.get(dataset_id)
            owner = self.store.owner(dataset) if dataset else None
            about = f" It is {dataset.name} of {owner.email if owner else 'nobody'}." if dataset else ""
            raise Refusal(refusal.status, refusal.message + about) from None


class NameFirst(Target):
    """The account's names before any dataset is looked at."""

    def plan(self, caller: User, wish: Wish) -> Plan:
        with self.store.lock:
            if self.own_name_taken(caller, wish.name, None):
                raise Refusal(400, "You have a collection of that name.")
            return super().plan(caller, wish)


class BodyBeforeKey(Target):
    auth_first = False


class IdsBackwards(Target):
    """Looks at the last id first, and attaches in that order."""

    def select(self, caller: User, ids: list[int]) -> Rows:
        return super().select(caller, ids[::-1])


# --- lists of ids -------------------------------------------------------------------------------------


class StrictIds(Target):
    """[] and repeated ids are 422, ids outside 1...2^31-1 too."""

    def read_ids(self, body: Json) -> list[int] | None:
        if body.get("dataset_ids") == []:
            raise Refusal(422, "dataset_ids: at least one.")
        return super().read_ids(body)

    def to_id(self, value: Any) -> int:
        if not 1 <= super().to_id(value) <= LARGEST_ID:
            raise Refusal(422, "dataset_ids: not an id.")
        return value

    def unique(self, ids: list[int]) -> list[int]:
        if len(set(ids)) != len(ids):
            raise Refusal(422, "dataset_ids: repeated.")
        return ids


class RefusingIds(StrictIds):
    """[], repeated ids, impossible ids and more than a hundred are 400."""

    def read_ids(self, body: Json) -> list[int] | None:
        ids = body.get("dataset_ids")
        try:
            return super().read_ids(body)
        except Refusal:
            integers = isinstance(ids, list) and all(type(i) is int for i in ids)
            raise Refusal(400 if integers else 422, "dataset_ids are invalid.") from None

    def unique(self, ids: list[int]) -> list[int]:
        if len(ids) > 100:
            raise Refusal(400, "At most a hundred.")
        return super().unique(ids)


class LaxIds(Target):
    """ "12", 1.0 and true are the integers they stand for."""

    def to_id(self, value: Any) -> int:
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, str) and re.fullmatch("-?[0-9]{1,18}", value):
            return int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return int(value)
        return super().to_id(value)


# --- bodies and names -----------------------------------------------------------------------------------


class UnknownFields422(Target):
    def read_wish(self, raw: bytes) -> Wish:
        wish = super().read_wish(raw)
        if set(wish.body) - {"name", "dataset_ids"}:
            raise Refusal(422, "Unknown fields.")
        return wish


class JsonOnly415(Target):
    def check_content_type(self, content_type: str | None) -> None:
        if (content_type or "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "application/json is required.")


class JsonOnly422(Target):
    def check_content_type(self, content_type: str | None) -> None:
        if "json" not in (content_type or "").lower():
            raise Refusal(422, "application/json is required.")


class Trimmed(Target):
    """Trimmed before anything else, so that a blank name is an empty one: 400."""

    def check_name_form(self, name: str) -> str:
        return super().check_name_form(name.strip())


class Printable(Target):
    """At most 100 characters, no control characters, no lone surrogates, no blank names: 422."""

    def check_name_form(self, name: str) -> str:
        name = super().check_name_form(name)
        odd = any(unicodedata.category(c) in ("Cc", "Cs") for c in name)
        if len(name) > 100 or odd or not name.strip():
            raise Refusal(422, "name: 1 to 100 printable characters.")
        return name


class Long400(Target):
    def check_name_form(self, name: str) -> str:
        if len(name) > 100:
            raise Refusal(400, "name: at most 100 characters.")
        return super().check_name_form(name)


class Casefolded(Target):
    def name_key(self, name: str) -> Any:
        return name.casefold()


class FoldedNfc(Target):
    def name_key(self, name: str) -> Any:
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class StrictScheme(Target):
    def scheme_accepted(self, scheme: str) -> bool:
        return scheme == "Bearer"


class Small413(Target):
    max_body = 64 * 1024
