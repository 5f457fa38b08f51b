"""Fonts for pictures: a Chinese one where this computer has one, and what is done where it has none.

matplotlib draws letters as outlines, so it needs a font that has them. Where no font on this computer has Chinese, the
pictures keep their letters as text: whoever opens the report sees them in the fonts of their own computer (Windows and
macOS have Chinese ones), and a warning says what to install.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager

#: Families with simplified Chinese, the preferred first: Windows, macOS, Linux, then what only holds the letters.
CHINESE_FAMILIES = (
    "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "Hiragino Sans GB", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Heiti SC", "STHeiti", "DengXian", "SimHei",
    "Sarasa Gothic SC", "HarmonyOS Sans SC", "Alibaba PuHuiTi", "Noto Serif CJK SC", "Source Han Serif SC",
    "Songti SC", "STSong", "SimSun", "Noto Sans CJK JP", "Droid Sans Fallback", "Arial Unicode MS",
)  # fmt: skip

#: What matplotlib brings itself: digits and Latin letters are always there.
LATIN_FAMILY = "DejaVu Sans"

#: Stands for a letter that no font here has.
_UNKNOWN = "\u25a1"

#: Whoever has no Chinese font reads this.
WARNING = (
    "pictures with Chinese need a font that has it, found none of {known}; their letters are kept as text and shown in "
    "the fonts of whoever opens the report; to draw them here, install one: 'apt install fonts-noto-cjk' (Debian, "
    "Ubuntu), 'dnf install google-noto-sans-cjk-fonts' (Fedora), or copy msyh.ttc to the folder of fonts, "
    "and run again (rm -r {cache} if it is still not found)"
)


@dataclass(frozen=True)
class Lettering:
    """How letters are drawn.

    Attributes
    ----------
    families
        Font families, the first that has a letter draws it.
    as_text
        Whether letters stay text, because no font here has Chinese.
    """

    families: tuple[str, ...]
    as_text: bool


def find_chinese(installed: Iterable[str] | None = None) -> str | None:
    """Return the family that draws Chinese; None where this computer has none.

    Parameters
    ----------
    installed
        Names of the families there are; by default what matplotlib's font manager knows.
    """
    there = {entry.name for entry in font_manager.fontManager.ttflist} if installed is None else set(installed)
    return next((family for family in CHINESE_FAMILIES if family in there), None)


def choose_lettering(texts: Iterable[str]) -> Lettering:
    """Choose fonts for pictures with these texts, and warn where there is none for them.

    Parameters
    ----------
    texts
        What is to be written, such as names of stations.

    Warns
    -----
    UserWarning
        There is Chinese among the texts and no font for it; the message says what to install.
    """
    family = find_chinese()
    if family is not None:
        return Lettering((family, LATIN_FAMILY), as_text=False)
    if not any(_is_wide(character) for text in texts for character in text):
        return Lettering((LATIN_FAMILY,), as_text=False)
    known = ", ".join(CHINESE_FAMILIES[:6])
    warnings.warn(WARNING.format(known=f"{known}, …", cache=mpl.get_cachedir()), UserWarning, stacklevel=2)
    return Lettering((LATIN_FAMILY,), as_text=True)


@contextmanager
def lettered(lettering: Lettering) -> Iterator[None]:
    """Draw with these fonts inside a with-block; matplotlib's own settings are as before afterwards."""
    settings: Any = {
        **mpl.rcParamsDefault,
        "font.family": list(lettering.families),
        "font.size": 9.0,
        "text.parse_math": False,  # a $ in a name is a $
        "axes.unicode_minus": True,
        "svg.fonttype": "none" if lettering.as_text else "path",
        "svg.hashsalt": "coverage-planner",  # the same picture twice is the same file
        "path.simplify_threshold": 0.2,
        "agg.path.chunksize": 20_000,  # long paths are drawn in pieces
    }
    settings.pop("backend", None)
    with mpl.rc_context(settings), warnings.catch_warnings():
        if lettering.as_text:
            # said once already by choose_lettering, with what to do
            warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def drawable(text: str, lettering: Lettering) -> str:
    """Return a text whose letters can all be drawn: those that no font has become an empty square."""
    if lettering.as_text or text.isascii():
        return text
    known: set[int] = set()
    for family in lettering.families:
        entry = next((e for e in font_manager.fontManager.ttflist if e.name == family), None)
        if entry is not None:
            known |= _characters(entry)
    return "".join(letter if ord(letter) in known else _UNKNOWN for letter in text)


_CHARACTERS: dict[str, frozenset[int]] = {}


def _characters(entry: Any) -> frozenset[int]:
    """Return what a font has; remembered, because a Chinese font has tens of thousands."""
    if entry.fname not in _CHARACTERS:
        font: Any = font_manager.get_font(entry.fname)
        _CHARACTERS[entry.fname] = frozenset(font.get_charmap())
    return _CHARACTERS[entry.fname]


def _is_wide(character: str) -> bool:
    return character >= "\u2e80"
