"""The reference, but its first answers to large selections are 400: ``python -m tests.targets.flaky --port 0``."""

from __future__ import annotations

from reference_impl import __main__, rules

TIMES = 1

if __name__ == "__main__":
    decide, left = rules.decide, [TIMES]

    def moody(*arguments):  # type: ignore[no-untyped-def]
        if len(arguments[2]) == 100 and left[0]:
            left[0] -= 1
            return rules.Refusal(400, "Not now.")
        return decide(*arguments)

    rules.decide = moody
    __main__.main()
