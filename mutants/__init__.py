"""Faulty references and correct variants, as data: patches of ``reference_impl`` that each match exactly once."""
