"""Records → verdicts. Pure: no file, no socket, no clock; the oracle and the tables say what is permitted."""

from conformance.judge.case import judge_case
from conformance.judge.run import Judgement, Judging, judge_run

__all__ = ["Judgement", "Judging", "judge_case", "judge_run"]
