"""The command `notebooks`: the notebooks and their data, copied to where they can be read and changed."""

import argparse

from coverage_planner.cli.answer import Answer
from coverage_planner.cli.language import system_language
from coverage_planner.cli.words import WORDS
from coverage_planner.notebooks import NOTEBOOKS, copy_notebooks


def notebooks(given: argparse.Namespace) -> Answer:
    """Copy the notebooks."""
    language = given.language or system_language()
    words = WORDS[language]
    folder = copy_notebooks(given.out, force=given.force)
    lines = [words["copied"].format(folder=folder)]
    lines += [f"  {name}  {zh if language == 'zh' else en}" for name, (zh, en) in NOTEBOOKS.items()]
    lines.append(words["open notebooks"].format(folder=folder))
    return Answer(lines, {"folder": str(folder), "notebooks": list(NOTEBOOKS)})
