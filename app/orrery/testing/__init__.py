"""What tests of Orrery and tests with Orrery hold: a whole cluster in one process, on a virtual clock, without a socket."""

from orrery.testing.simulation import Simulation

__all__ = ["Simulation"]
