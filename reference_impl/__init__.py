"""The minimal, honest reference implementation of `POST /data-collections`.

    __main__ ──► app ──► bodies            what was asked (401, 422)
                  │ ───► rules             what the page makes of it; pure
                  │ ───► store ──► tables  one transaction for each request; SQLite
                  │ ───► views             rows as the page's JSON
                  └────► provider_states   how a test arranges a world
    __main__ ──► writes                    the documented operations that arrange rows

Where the page leaves a choice open, the module that makes it says which it took.
"""
