"""Conformance suite for ``POST /data-collections``: plan, execute, judge, report."""

__version__ = "1.0.0"
