"""Opening hours as planners write them -> the opening_hours grammar of OpenStreetMap."""

from opening_hours import OpeningHours, validate


def parse_hours(text: str) -> str | None:
    """Write opening hours in the opening_hours grammar of OpenStreetMap; None where they are not understood."""
    return str(OpeningHours(text)) if validate(text) else None
