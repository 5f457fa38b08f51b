"""The command line: parse, call the pipeline, print, exit code.

Exit codes: 0 done; 1 of `check`: warnings; 2 an input or setting is wrong (one message, nothing written; of `check`:
errors among its findings); 130 interrupted.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr
from importlib import import_module

from coverage_planner.cli.answer import Answer, open_page, print_json, say_answer, say_error
from coverage_planner.cli.language import language_of_words, texts_in
from coverage_planner.cli.parser import build_parser
from coverage_planner.errors import CoveragePlannerError

_INTERRUPTED = 130

#: Command -> module of this package with a function of its name.
_HOMES: Mapping[str, str] = {
    "check": "check",
    "clip": "osm_commands",
    "compare": "results_commands",
    "demo": "plan_commands",
    "fetch": "osm_commands",
    "gaps": "area_commands",
    "isochrones": "area_commands",
    "map": "results_commands",
    "network": "plan_commands",
    "notebooks": "notebooks_command",
    "plan": "plan_commands",
    "propose": "plan_commands",
    "report": "results_commands",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        The words after ``coverage-planner``; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Chinese name must not end the program on a console in another code page
            stream.reconfigure(errors="replace")
    say = texts_in(language_of_words(words))
    given = _understand(words)
    try:
        answer = _command(given.command)(given)
        say_answer(answer, given.command, as_json=given.json, quiet=given.quiet)
        if answer.page is not None and given.open:
            open_page(answer.page)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python says so once more at its end
        return 0
    except CoveragePlannerError as error:
        say_error(str(error), kind=type(error).__name__, command=given.command, as_json=given.json)
        return 2
    except KeyboardInterrupt:
        message = say("已中断；没有写入任何内容", "interrupted; nothing was written")
        say_error(message, kind="Interrupted", command=given.command, as_json=given.json)
        return _INTERRUPTED
    return answer.code


def _command(name: str) -> Callable[[argparse.Namespace], Answer]:
    """Return what does a command; --help must start without the libraries that it needs."""
    command: Callable[[argparse.Namespace], Answer] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return command


def _understand(words: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; one that cannot be understood ends the program with code 2, and with JSON if asked for."""
    parser = build_parser(language_of_words(words))
    if "--json" not in words:
        return parser.parse_args(words)
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            return parser.parse_args(words)
    except SystemExit as end:
        sys.stderr.write(said.getvalue())
        if end.code:
            message = said.getvalue().strip().rpartition("\n")[2].partition("error: ")[2]
            print_json({"command": None, "error": {"kind": "UsageError", "message": message}})
        raise
