"""The command line: arguments and exit status only."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from conformance.cli import certifying, comparing, deployments, evidence, proving, specification
from conformance.cli.common import app
from conformance.errors import ConformanceError, Exit, defect

__all__ = ["certifying", "comparing", "deployments", "evidence", "proving", "specification"]


def main() -> None:
    """Entry point: every deliberate error is one sentence on stderr and its exit status."""
    try:
        app(standalone_mode=False)
    except ConformanceError as error:
        _end(str(error), error.exit)
    except NoArgsIsHelpError as error:
        error.show()
        sys.exit(Exit.USAGE)
    except click.ClickException as error:
        _end(error.format_message(), Exit.USAGE)
    except click.Abort:
        _end("interrupted", Exit.INCOMPLETE)
    except Exception as error:
        _end(str(defect(error)), Exit.HARNESS)
    finally:
        gc.freeze()  # the process ends: a last search through all that it holds would take a fifth of a second


def _end(message: str, status: Exit) -> NoReturn:
    from conformance.report.text import safe

    print(f"conformance: {safe(message)}", file=sys.stderr)
    sys.exit(status)
