"""Scenario tables: YAML rows become planned cases."""

from conformance.tables.load import Row, Table, load_cast, load_tables

__all__ = ["Row", "Table", "load_cast", "load_tables"]
