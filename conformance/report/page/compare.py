"""A comparison as a page."""

from __future__ import annotations

from conformance.report.compared import lost_sentence
from conformance.report.comparison import ABSENT, Comparison
from conformance.report.page.render import page


def comparison_page(comparison: Comparison) -> str:
    """One self-contained file, like the report's."""
    numbered = list(zip(comparison.files, comparison.reports, strict=True))
    return page(
        "compare.html", comparison=comparison, numbered=numbered, sentence=lost_sentence(comparison), absent=ABSENT
    )
