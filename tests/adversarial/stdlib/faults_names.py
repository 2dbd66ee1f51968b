"""Faults in names: what is stored, and what blocks what."""

from __future__ import annotations

import html
import re
from typing import Any

from base import Plan, Refusal, Target
from registry import faulty
from store import Collection, User

PAIR = re.compile(rb"\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class StoredName(Target):
    """Stores another name than the one sent."""

    def changed(self, name: str) -> str:
        return name

    def check_name_form(self, name: str) -> str:
        return self.changed(super().check_name_form(name))


@faulty(
    "nam-before-promotion", "NAM-3", note="the organization's names are asked only when all datasets were shared before"
)
class BeforePromotion(Target):
    def check_name_free(self, plan: Plan) -> None:
        org_id = None if plan.promoted else plan.org_id
        if self.own_name_taken(plan.caller, plan.wish.name, org_id):
            raise Refusal(400, "Name taken.")
        if self.org_name_taken(plan.caller, plan.wish.name, org_id):
            raise Refusal(400, "Name taken.")


@faulty("nam-colleagues-private-block", "NAM-4", note="when shared, names in colleagues' private collections block")
class ColleaguesPrivateBlock(Target):
    def org_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        if org_id is None:
            return False
        namesakes = self.store.collections.where("name", self.name_key(name))
        owners = [self.store.owner(c) for c in namesakes]
        return super().org_name_taken(caller, name, org_id) or any(o and o.org_id == org_id for o in owners)


@faulty("nam-own-shared-free", "NAM-2", note="a private creation does not look at my own shared collections")
class OwnSharedFree(Target):
    def own_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        namesakes = self.store.collections.where("owner_name", (caller.id, self.name_key(name)))
        return any(c.org_id == org_id or org_id is not None for c in namesakes)


@faulty(
    "nam-own-private-free",
    "NAM-2",
    note="a shared creation looks at the organization only: my private namesake is missed",
)
class OwnPrivateFree(Target):
    def own_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        return org_id is None and super().own_name_taken(caller, name, org_id)


@faulty(
    "nam-members-only", "NAM-3", note="an inner join on members: org-only and former members' collections do not block"
)
class MembersOnly(Target):
    def org_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        if org_id is None:
            return False
        namesakes = self.store.collections.where("org_name", (org_id, self.name_key(name)))
        owners = [self.store.owner(c) for c in namesakes]
        return any(o is not None and o.org_id == org_id for o in owners)


@faulty(
    "nam-null-organization", "NAM-4", note="private names block among callers without an organization (null == null)"
)
class NullOrganization(Target):
    def org_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        if caller.org_id is not None:
            return super().org_name_taken(caller, name, org_id)
        namesakes = self.store.collections.where("org_name", (None, self.name_key(name)))
        return any((o := self.store.owner(c)) is not None and o.org_id is None for c in namesakes)


@faulty("nam-other-organizations-block", "NAM-4", note="shared names are unique over all organizations")
class OtherOrganizationsBlock(Target):
    def org_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        namesakes = self.store.collections.where("name", self.name_key(name))
        return org_id is not None and any(c.org_id is not None for c in namesakes)


@faulty(
    "nam-second-namesake", "NAM-2", note="`one or none`: with two namesakes already there the check gives up and passes"
)
class SecondNamesake(Target):
    def own_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        return len(self.store.collections.where("owner_name", (caller.id, self.name_key(name)))) == 1


@faulty("nam-like", "CRE-4", "NAM-4", note="names are compared with LIKE: a % or _ in the new name matches other names")
class Like(Target):
    def own_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        if not re.search("[%_]", name):
            return super().own_name_taken(caller, name, org_id)
        pattern = re.escape(name).replace("%", ".*").replace("_", ".")
        return any(re.fullmatch(pattern, c.name) for c in self.store.collections.where("owner", caller.id))


@faulty("nam-255-bytes", "CRE-4", note="the limit counts bytes: 100 CJK characters (300 bytes) are refused")
class Bytes255(StoredName):
    def changed(self, name: str) -> str:
        if len(name.encode("utf-8", "replace")) > 255:
            raise Refusal(400, "The name is too long.")
        return name


@faulty("nam-escaped-pairs", "CRE-4", note="an emoji sent as two \\u escapes is stored as two replacement characters")
class EscapedPairs(Target):
    def parse(self, raw: bytes) -> Any:
        return super().parse(PAIR.sub(rb"\\ufffd\\ufffd", raw))


@faulty("nam-raw-latin-1", "CRE-4", note="raw UTF-8 is read as Latin-1, escapes are fine")
class RawLatin1(Target):
    def parse(self, raw: bytes) -> Any:
        return super().parse(raw.decode("latin-1").encode("utf-8"))


@faulty("nam-bmp-only", "CRE-4", note="three-byte utf8 column: an astral character ends the name, without a warning")
class BmpOnly(StoredName):
    def changed(self, name: str) -> str:
        return re.split("[\U00010000-\U0010ffff]", name)[0] or "?"


@faulty("nam-html", "CRE-4", note="stored escaped for HTML")
class Html(StoredName):
    def changed(self, name: str) -> str:
        return html.escape(name, quote=False)


@faulty("nam-inner-blanks", "CRE-4", note="runs of blanks inside a name collapse")
class InnerBlanks(StoredName):
    def changed(self, name: str) -> str:
        return re.sub("(?<=\\S)  +(?=\\S)", " ", name)


@faulty("nam-zero-is-empty", "CRE-4", note='empty("0"): the name "0" is refused as empty')
class ZeroIsEmpty(StoredName):
    def changed(self, name: str) -> str:
        if name in ("0", "null", "None", "false"):
            raise Refusal(400, "Name is empty.")
        return name


@faulty(
    "nam-stored-cut", "CRE-4", "CRE-3", note="the column holds 64 characters; the answer still shows the whole name"
)
class StoredCut(Target):
    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        row.name = row.name[:64]
        return row

    def answer(self, plan: Plan, row: Collection) -> Any:
        return super().answer(plan, row) | {"name": plan.wish.name}
