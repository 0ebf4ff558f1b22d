"""A simulated GSM network with AT modems on ptys: for training, the demo, tests and benchmarks, without hardware."""

from __future__ import annotations

from drivers.simulator.simulator import Simulator

__all__ = ["Simulator"]
