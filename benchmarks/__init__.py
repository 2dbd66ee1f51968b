"""How fast the suite is: one module a question, each run as ``python -m benchmarks.NAME [--short]``."""
