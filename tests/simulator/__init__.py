"""A simulated Zoom account with Zoom's API on a local port. It can list the records that a correct tap emits."""

from . import truth
from .account import Account
from .faults import Fault
from .further.truth import truth_of
from .server import SimulatedZoom

__all__ = ["Account", "Fault", "SimulatedZoom", "truth", "truth_of"]
