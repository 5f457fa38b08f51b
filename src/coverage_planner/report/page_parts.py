"""What pages carry inside themselves: Leaflet, our scripts and styles, data as JSON; no network is asked."""

import base64
import json
from importlib.resources import files
from pathlib import Path

from xstatic.pkg import leaflet


def to_json(value: object) -> str:
    """Write JSON that can stand in a script: no text in it can end the script or start a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def asset(name: str) -> str:
    """Return one of our own scripts or styles."""
    return (files("coverage_planner.report") / "assets" / name).read_text(encoding="utf-8")


def leaflet_js() -> str:
    """Return Leaflet without the line that asks for its source map."""
    text = (Path(leaflet.BASE_DIR) / "leaflet.js").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("//# sourceMappingURL="))


def leaflet_css() -> str:
    """Return Leaflet's style with its images inside."""
    folder = Path(leaflet.BASE_DIR)
    text = (folder / "leaflet.css").read_text(encoding="utf-8")
    for image in sorted((folder / "images").glob("*.png")):
        data = base64.b64encode(image.read_bytes()).decode("ascii")
        text = text.replace(f"url(images/{image.name})", f"url(data:image/png;base64,{data})")
    return text
