"""How help is laid out: in Chinese or English, with Chinese characters counted as two columns wide."""

import argparse
import shutil
import unicodedata
from collections.abc import Iterable
from typing import Any, NoReturn

from coverage_planner.cli.language import Language, Texts, texts_in


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help whose descriptions and examples stay as they are, and whose lines are cut where they are full."""

    usage_word = "usage: "

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """Begin with the word for usage in the parser's language."""
        super().add_usage(usage, actions, groups, self.usage_word if prefix is None else prefix)

    def add_argument(self, action: argparse.Action) -> None:
        """Count the names of commands at the indent that they are printed with, so that help stands beside them."""
        super().add_argument(action)
        for command in self._iter_indented_subactions(action):
            wanted = len(self._format_action_invocation(command)) + self._current_indent
            self._action_max_length = max(self._action_max_length, wanted)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Cut paragraphs; what is indented is to be typed, and stays whole."""
        lines = [[line] if line.startswith(" ") else wrap(line, width) for line in text.splitlines()]
        return "\n".join(indent + line for paragraph in lines for line in paragraph)


class _ChineseHelpFormatter(HelpFormatter):
    usage_word = "用法："

    def __init__(self, prog: str) -> None:
        # argparse takes the word for as many columns as it has characters
        super().__init__(prog, width=shutil.get_terminal_size().columns - 2 - len(self.usage_word))


class Parser(argparse.ArgumentParser):
    """A parser that speaks Chinese or English: its own words, and those that it is given."""

    language: Language = "en"

    def __init__(self, **options: Any) -> None:
        formatter = _ChineseHelpFormatter if self.language == "zh" else HelpFormatter
        super().__init__(formatter_class=formatter, allow_abbrev=False, add_help=False, **options)
        self.say: Texts = texts_in(self.language)
        self.main_words = self.add_argument_group(self.say("参数", "arguments"))
        self.options = self.add_argument_group(self.say("选项", "options"))
        self.options.add_argument(
            "-h", "--help", action="help", help=self.say("显示这段说明", "show this help and exit")
        )

    def error(self, message: str) -> NoReturn:
        """Say how the command is used and what is wrong; exit code 2."""
        more = self.say(f"（用法和例子：{self.prog} --help）", f" (for examples: {self.prog} --help)")
        super().error(message + more)


class ChineseParser(Parser):
    """A parser that speaks Chinese."""

    language: Language = "zh"


def wrap(text: str, width: int) -> list[str]:
    """Cut a text into lines of at most `width` columns, between words or behind any Chinese character.

    Parameters
    ----------
    text
        One paragraph.
    width
        Columns; a Chinese character takes two.
    """
    lines, line, used = [], "", 0
    for piece in _pieces(" ".join(text.split())):
        columns = sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in piece)
        if line and used + columns - piece.endswith(" ") > width:
            lines.append(line.rstrip())
            line, used = "", 0
        line, used = line + piece, used + columns
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    """Return what must not be cut: a word with the blank behind it, a Chinese character with punctuation behind it."""
    pieces: list[str] = []
    for character in text:
        wide = unicodedata.east_asian_width(character) in "WF"
        closing = character in "，。、；：）》”！？,.;:)"
        before = pieces[-1][-1] if pieces else " "
        opened = before in "（《“("
        if pieces and (closing or opened or not (wide or before == " " or _is_wide(before))):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
