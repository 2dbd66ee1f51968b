"""One world, made row by row: collections, datasets, runs, sharing, linking; each answer is held to what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from conformance.model import Case, Dataset, Run
from conformance.targets.accounts import Persona
from conformance.targets.arranging import named
from conformance.targets.client import Client, field
from conformance.targets.feasible import Cast
from conformance.targets.target_file import Upload

Note = Callable[[str, int, Persona], None]


class Misarranged(Exception):
    """An operation was answered, and the row is not as the world has it."""


class Maker:
    """Makes a case's world; ids by symbol are there when ``make`` has returned."""

    def __init__(self, client: Client, case: Case, cast: Cast, token: str, upload: Upload, note: Note) -> None:
        self._client = client
        self._case = case
        self._world = case.world
        self._cast = cast
        self._token = token
        self._upload = upload
        self._note = note
        self.collections: dict[str, int] = {}
        self.datasets: dict[str, int] = {}
        self.runs: dict[str, int] = {}
        self.names: dict[str, str] = {}

    def make(self) -> None:
        """Everything, in an order in which each operation does only what it says."""
        self._make_collections()
        for symbol, row in self._world.datasets.items():
            if symbol in self._cast.known:
                self._take_known(symbol, row)
            else:
                self._make_dataset(symbol, row)
        self._check_early_runs()

    def _persona(self, symbol: str | None) -> Persona:
        return self._cast.users[str(symbol)]

    def _organization(self, symbol: str | None) -> int | None:
        return None if symbol is None else self._cast.organizations[symbol]

    def _make_collections(self) -> None:
        """All private ones first: a name that is shared already could block a colleague's."""
        for symbol, row in self._world.collections.items():
            owner = self._persona(row.owner)
            body = {"name": named(row.name, self._case, self._token)}
            answer = self._client.call(owner, "POST", "/data-collections", body)
            self.collections[symbol] = self._id(answer, "POST /data-collections")
            self._note("data-collections", self.collections[symbol], owner)
        for symbol, row in self._world.collections.items():
            if row.organization is not None:
                path, home = f"/data-collections/{self.collections[symbol]}", self._organization(row.organization)
                answer = self._client.call(self._persona(row.owner), "PUT", path, {"org_id": home})
                self._held(answer, f"PUT {path}", {"org_id": home})

    # ------------------------------------------------------------ datasets

    def _take_known(self, symbol: str, row: Dataset) -> None:
        """A dataset that stands there already; whoever may read it sees whether it is as declared."""
        known = self._cast.known[symbol]
        self.datasets[symbol] = known.id
        self.names[symbol] = ""
        reader = next((each for each in self._world.users if self._reads(each, row)), None)
        if reader is not None:
            path = f"/datasets/{known.id}"
            answer = self._client.call(self._persona(reader), "GET", path)
            self._held(answer, f"GET {path}", {"org_id": known.organization, "data_collection_id": None})
            self.names[symbol] = str(field(answer, "name") or "")
        for each, run in self._runs_of(symbol):
            self._make_run(each, run)

    def _reads(self, user: str, row: Dataset) -> bool:
        return self._world.users[user].api_key == "active" and self._world.may_read(user, row)

    def _make_dataset(self, symbol: str, row: Dataset) -> None:
        """Upload; runs that stay private; share; link; runs that inherit both."""
        owner, home = self._persona(row.owner), self._organization(row.organization)
        collection = None if row.collection is None else self._world.collections[row.collection]
        early = [(each, run) for each, run in self._runs_of(symbol) if run.organization != row.organization]
        at_once = collection is not None and collection.organization == row.organization and not early
        wanted = {"org_id": home, "data_collection_id": self.collections.get(row.collection or "")}
        self.names[symbol] = f"{row.name or symbol} {self._token}"
        fields = {"name": self.names[symbol], "selected_metrics": json.dumps(self._upload.selected_metrics)}
        if at_once:
            fields["data_collection_id"] = str(wanted["data_collection_id"])
        answer = self._client.upload(owner, fields, self._upload.csv)
        self.datasets[symbol] = self._id(answer, "POST /datasets")
        self._note("datasets", self.datasets[symbol], owner)
        for each, run in early:
            self._make_run(each, run)
        path = f"/datasets/{self.datasets[symbol]}"
        if row.organization is not None and not at_once:
            answer = self._client.call(owner, "PUT", path, {"org_id": home})
        if collection is not None and not at_once:
            link = {"data_collection_id": wanted["data_collection_id"]}
            answer = self._client.call(owner, "PUT", path, link)
        if field(answer, "org_id") != home:  # linking may have shared it, or the collection's sharing is not inherited
            answer = self._client.call(owner, "PUT", path, {"org_id": home})
        self._held(answer, path, wanted)
        for each, run in self._runs_of(symbol):
            if run.organization == row.organization:
                self._make_run(each, run)

    # ------------------------------------------------------------ runs

    def _runs_of(self, dataset: str) -> list[tuple[str, Run]]:
        return [(symbol, run) for symbol, run in self._world.runs.items() if run.dataset == dataset]

    def _make_run(self, symbol: str, run: Run) -> None:
        body = {"dataset_id": self.datasets[str(run.dataset)], "alias": f"{symbol} {self._token}"}
        answer = self._client.call(self._persona(run.owner), "POST", "/runs/dataset", body)
        self.runs[symbol] = self._id(answer, "POST /runs/dataset")
        self._held(answer, "POST /runs/dataset", {"org_id": self._organization(run.organization)})

    def _check_early_runs(self) -> None:
        """Runs that were made before their dataset was shared or linked must have stayed as they were."""
        for symbol, run in self._world.runs.items():
            if run.organization != self._world.datasets[str(run.dataset)].organization:
                path = f"/runs/{self.runs[symbol]}"
                answer = self._client.call(self._persona(run.owner), "GET", path)
                self._held(answer, f"GET {path}", {"org_id": self._organization(run.organization)})

    # ------------------------------------------------------------ answers

    @staticmethod
    def _id(answer: Any, what: str) -> int:
        number = field(answer, "id")
        if type(number) is not int:
            raise Misarranged(f"{what} answered without an integer id")
        return number

    @staticmethod
    def _held(answer: Any, what: str, wanted: Mapping[str, Any]) -> None:
        """What the answer says must be so; a field that it leaves out is read back by the case."""
        for name, value in wanted.items():
            if isinstance(answer, dict) and name in answer and answer[name] != value:
                raise Misarranged(f"after {what}, {name} is {answer[name]!r:.60}, not {value!r}")
