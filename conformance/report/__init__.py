"""Verdicts → what people and programs read. Pure but for the files that ``write_all`` is asked to write."""
