"""What is different between two packages: as data by element id, and in sentences."""

from engine.differences.items import Change
from engine.differences.packages import differences
from engine.differences.sentences import sentences

__all__ = ["Change", "differences", "sentences"]
