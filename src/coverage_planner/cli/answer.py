"""What a command comes to: lines for people, one JSON object for machines, an exit code, a page to look at."""

import json
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What a command came to.

    Attributes
    ----------
    lines
        What people read.
    record
        The same for machines: what JSON can hold, without NaN. docs/how-to/command-line.md lists the keys.
    code
        The exit code.
    page
        The page that ``--open`` shows; None where the command writes none.
    """

    lines: Sequence[str]
    record: Mapping[str, Any]
    code: int = 0
    page: Path | None = None


def say_answer(answer: Answer, command: str, *, as_json: bool, quiet: bool) -> None:
    """Print an answer: as JSON, as lines, or not at all.

    Parameters
    ----------
    answer
        What a command came to.
    command
        Its name.
    as_json
        Print one JSON object and nothing else.
    quiet
        Print no lines; the JSON object is asked for, and printed all the same.
    """
    if as_json:
        print_json({"command": command, **answer.record})
    elif not quiet and answer.lines:
        print("\n".join(answer.lines))  # noqa: T201 - the command line speaks


def say_error(message: str, *, kind: str, command: str | None, as_json: bool) -> None:
    """Say on standard error what went wrong, and on standard output for machines."""
    print(f"coverage-planner: {message}", file=sys.stderr)  # noqa: T201 - the command line speaks
    if as_json:
        print_json({"command": command, "error": {"kind": kind, "message": message}})


def print_json(record: Mapping[str, Any]) -> None:
    """Print one JSON object, in ASCII where standard output is in another encoding than UTF-8."""
    unicode = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") in ("utf8", "")
    print(json.dumps(record, ensure_ascii=not unicode, indent=2, allow_nan=False))  # noqa: T201 - the same
    sys.stdout.flush()


def open_page(page: Path) -> None:
    """Show a page in the browser."""
    webbrowser.open(page.resolve().as_uri())
