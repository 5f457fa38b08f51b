"""Markdown tables, and the sections of RESULTS.md that hold them."""

import re
from collections.abc import Sequence
from pathlib import Path


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Draw a Markdown table; columns whose heading ends with a blank and a dash are left-aligned, all others right."""
    left = [heading.endswith(" -") for heading in headings]
    lines = [
        _row([heading.removesuffix(" -") for heading in headings]),
        "|" + "|".join("---" if is_left else "---:" for is_left in left) + "|",
        *(_row(row) for row in rows),
    ]
    return "\n".join(lines)


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def seconds(value: float) -> str:
    """Write seconds with three significant figures."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 1 else f"{value:.2g}"


def replace_sections(results: Path, sections: dict[str, str]) -> None:
    """Put sections into a Markdown file in place of those with the same heading, new ones at the end."""
    text = results.read_text(encoding="utf-8") if results.exists() else "# Figures of the benchmarks\n"
    for title, body in sections.items():
        section = f"## {title}\n\n{body.strip()}\n"
        found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
        if found:
            tail = text[found.end() :]
            text = text[: found.start()] + section + ("\n" if tail else "") + tail
        else:
            text = text.rstrip("\n") + "\n\n" + section
    results.write_text(text, encoding="utf-8")
