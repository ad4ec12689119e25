"""What tests share that cross several packages or rooms: the loopback language model and a store of articles."""

from tests.synth.llm.conftest import stand, store

__all__ = ["stand", "store"]
