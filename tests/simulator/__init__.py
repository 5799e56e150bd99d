"""A simulated Zoom account behind Zoom's API, on the loopback, that knows its own ground truth."""

from . import truth
from .account import Account
from .faults import Fault
from .further.truth import truth_of
from .server import SimulatedZoom

__all__ = ["Account", "Fault", "SimulatedZoom", "truth", "truth_of"]
