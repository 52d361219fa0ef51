"""Merging a local variant with its base when that was revised: three ways, by element id, conflicts named."""

from engine.merging.conflicts import Conflict, NoSuchConflict, Side
from engine.merging.packages import Merged, merge

__all__ = ["Conflict", "Merged", "NoSuchConflict", "Side", "merge"]
