"""In which language the command line speaks."""

import json
import locale
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

Language = Literal["zh", "en"]
#: Gives of a Chinese and an English text the one that is asked for.
Texts = Callable[[str, str], str]

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def system_language() -> Language:
    """Return the language of the computer: Chinese where its messages are Chinese, else English.

    On Windows that is the language of its windows, elsewhere the first of LC_ALL, LC_MESSAGES and LANG that is set.
    """
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - of Windows alone

        number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        return language_of_locale(locale.windows_locale.get(number, ""))
    return language_of_locale(next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), ""))


def language_of_locale(name: str) -> Language:
    """Return the language of a locale such as zh_CN.UTF-8."""
    return "zh" if name.lower().startswith("zh") else "en"


def language_of_words(words: Sequence[str]) -> Language:
    """Return the language that a command line asks for, before anything else of it is understood."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        given = following if word == "--language" else word.removeprefix("--language=")
        if word.startswith("--language") and given in ("zh", "en"):
            return "zh" if given == "zh" else "en"
    return system_language()


def language_of_results(folder: Path) -> Language:
    """Return the language of a results folder; that of the computer where it is none, which others refuse."""
    try:
        given = json.loads((folder / "run.json").read_text(encoding="utf-8"))["results"]["language"]
    except (OSError, ValueError, KeyError, TypeError):
        return system_language()
    return "zh" if given == "zh" else "en"


def texts_in(language: Language) -> Texts:
    """Return what chooses texts of a language."""
    return (lambda zh, _en: zh) if language == "zh" else (lambda _zh, en: en)
