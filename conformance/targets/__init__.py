"""How worlds are arranged on a target."""

from conformance.targets.arranging import Arranged, Arranger, Unarranged
from conformance.targets.documented_api import DocumentedApi
from conformance.targets.provider_states import ProviderStates

__all__ = ["Arranged", "Arranger", "DocumentedApi", "ProviderStates", "Unarranged"]
