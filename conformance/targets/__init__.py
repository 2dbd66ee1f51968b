"""How worlds are arranged on a target."""

from conformance.targets.provider_states import Arranged, ProviderStates, Unarranged

__all__ = ["Arranged", "ProviderStates", "Unarranged"]
