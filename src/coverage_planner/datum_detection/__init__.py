"""Which datum the positions of a file are really in: their distances to the streets, compared with chance."""

from coverage_planner.datum_detection.detect import detect_datum
from coverage_planner.datum_detection.verdict import DatumVerdict

__all__ = ["DatumVerdict", "detect_datum"]
