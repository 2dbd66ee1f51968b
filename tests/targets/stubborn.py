"""The reference, but nobody may share a dataset: ``python -m tests.targets.stubborn --port 0``."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from reference_impl import __main__, writes


def refuse(*_: object) -> None:
    raise HTTPException(403, "Sharing is switched off.")


if __name__ == "__main__":
    read = writes.read_changes

    def read_changes(caller: object, fields: dict[str, object]) -> dict[str, object]:
        return refuse() or {} if fields.get("org_id") else read(caller, fields)  # type: ignore[arg-type]

    writes.read_changes = read_changes  # type: ignore[assignment]
    __main__.main()
