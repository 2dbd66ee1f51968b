"""How much beyond the tables a run sends."""

from typing import Literal, get_args

Depth = Literal["quick", "standard", "exhaustive"]
DEPTHS: tuple[Depth, ...] = get_args(Depth)
