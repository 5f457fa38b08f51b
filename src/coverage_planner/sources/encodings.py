"""Which encoding a text file is in: recognised where it is beyond doubt, else refused with the lines that are not.

A file is taken for UTF-8 when all of it is (bytes of another encoding hardly ever are), for UTF-16 when it begins with
that encoding's mark (Excel's 'Unicode text'), and for GB18030 (of which GBK and GB2312 are parts) when all of it is
GB18030 and at least `PLAUSIBLE` of its characters beyond ASCII are everyday ones. Everyday characters are the first
level of GB 2312-80, 3,755 characters, with the punctuation, the full-width letters and those that GB18030 writes in
four bytes, which no other text looks like; those of the second level (驿, 圳, 鄞) count half. Other encodings read as
GB18030 give rarer characters mostly. Not told apart from it: Korean text in EUC-KR, which has the same bytes.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.sources.raw_tables import AnyPath, unreadable

#: Least share of everyday characters among those beyond ASCII, for a file to be taken for Chinese.
PLAUSIBLE = 0.7
#: The same for one line, in which a rare name weighs more; UTF-8 read as GB18030 has a share of a third or so.
PLAUSIBLE_LINE = 0.5

GB18030_NOTE = "read as GB18030 (GBK), the encoding of Chinese Windows"
DOUBTFUL_NOTE = "read as UTF-8; the few characters beyond ASCII would make sense in GB18030 too"
UTF16_NOTE = "read as UTF-16, as Excel's 'Unicode text' has it"

#: What the bytes of one line, or one cell, can be. 'both' is text that makes sense either way.
Reading = Literal["ascii", "utf-8", "gb18030", "both", "neither"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 22
_MOST_JUDGED = 200_000  # characters; the plausibility of more text is no other
_FIRST_CJK = "\u2e80"  # the scripts of East Asia and all that follows
_IN_A_WORD = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")  # as in café
#: Two Chinese characters of UTF-8 side by side; in GB18030 a rare character with two others, seldom.
_UTF8_CHINESE = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){2}")


def recognise_encoding(path: AnyPath, encoding: str | None = None) -> tuple[str, str]:
    """Return the Python codec that reads a text file, and a note where it is not UTF-8; in bounded memory.

    Parameters
    ----------
    path
        The file.
    encoding
        What the planner says it is in; then only checked.

    Raises
    ------
    InputError
        The file is not in the encoding said; mixes encodings; is in none that is recognised.
    ConfigError
        There is no such encoding.
    SourceError
        The file cannot be opened.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            start = stream.read(4)
        marked = next((codec for mark, codec in _MARKS if start.startswith(mark)), None)
        if encoding is not None:
            return _said(file, encoding, marked), ""
        if marked is not None:
            _check_decodes(file, marked, marked.removesuffix("-sig").upper())
            return marked, "" if marked == "utf-8-sig" else UTF16_NOTE
        return _recognised(file)
    except OSError as error:
        raise unreadable(file, error) from error


def known_codec(encoding: str, source: str) -> str:
    """Return the Python codec for an encoding that a planner names; GB2312 and GBK are read as GB18030, their superset.

    Raises
    ------
    ConfigError
        There is no such encoding.
    """
    try:
        codec = codecs.lookup(encoding).name
        "a".encode(codec)  # not all codecs are of text
    except (LookupError, ValueError) as error:
        raise ConfigError(
            f"encoding must be one that Python knows, got {encoding!r} for {source}; use 'utf-8' or 'gb18030'"
        ) from error
    return {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "utf-8": "utf-8-sig"}.get(codec, codec)


def read_as(line: bytes) -> Reading:
    """Return what the bytes of a line can be, by strict decoding and by its characters."""
    if line.isascii():
        return "ascii"
    as_utf8, as_gb18030 = _strictly(line, "utf-8"), _strictly(line, "gb18030")
    chinese = as_gb18030 is not None and everyday_share(as_gb18030) >= PLAUSIBLE_LINE
    if as_utf8 is None:
        return "gb18030" if chinese else "neither"
    # one rare syllable of GB18030 can be one letter of UTF-8, Greek or Cyrillic; East Asian ones come three bytes long
    doubtful = chinese and all(letter < _FIRST_CJK for letter in as_utf8) and not _IN_A_WORD.search(as_utf8)
    return "both" if doubtful else "utf-8"


def everyday_share(text: str) -> float:
    """Return the share of everyday Chinese characters among those of a text beyond ASCII; 1 where there are none."""
    beyond = [letter for letter in text if letter > "\x7f"]
    weights = _everyday()
    return sum(weights.get(letter, _weight_of_rare(letter)) for letter in beyond) / len(beyond) if beyond else 1.0


@cache
def _everyday() -> dict[str, float]:
    weights: dict[str, float] = {}
    # punctuation, full-width letters and the first level of GB 2312-80; the second level
    for rows, weight in (((0xA1, 0xA3, *range(0xB0, 0xD8)), 1.0), (range(0xD8, 0xF8), 0.5)):
        text = (bytes((row, cell)).decode("gb2312", errors="ignore") for row in rows for cell in range(0xA1, 0xFF))
        weights |= dict.fromkeys("".join(text), weight)
    return weights


def _weight_of_rare(letter: str) -> float:
    """Return 1 for the Chinese characters that GB18030 writes in four bytes."""
    return float("\u3400" <= letter <= "\u4dbf" or letter >= "\U00020000")


def _strictly(line: bytes, codec: str) -> str | None:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return None


def _said(file: Path, encoding: str, marked: str | None) -> str:
    codec = known_codec(encoding, file.name)
    family = codec.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    if marked is not None and marked.removesuffix("-sig") != family:
        raise InputError(
            f"{file.name} must be text in the encoding said, {encoding}; it begins with the mark of "
            f"{marked.removesuffix('-sig').upper()}; leave 'encoding' out or correct it"
        )
    _check_decodes(file, codec, encoding)
    if codec.startswith("utf"):
        return marked or codec
    start = _read_start(file)
    if read_as(start) == "utf-8" and everyday_share(start.decode(codec, errors="replace")) < PLAUSIBLE:
        raise InputError(
            f"{file.name} must be text in the encoding said, {encoding}; its bytes are UTF-8, and in {encoding} they "
            f"would read {_first_beyond_ascii(start).decode(codec, errors='replace')!r}; leave 'encoding' out or "
            "correct it"
        )
    return codec


def _read_start(file: Path) -> bytes:
    """Return up to a block of whole lines."""
    with file.open("rb") as stream:
        return next(_blocks(stream.read(_BLOCK) for _ in range(1)), b"")


def _first_beyond_ascii(data: bytes) -> bytes:
    return next((line for line in data.splitlines() if not line.isascii()), b"")[:60]


def _check_decodes(file: Path, codec: str, called: str) -> None:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    before = lines = 0
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            try:
                decoder.decode(block)
            except UnicodeError as error:
                at = error.start if isinstance(error, UnicodeDecodeError) else 0
                line = lines + block[:at].count(b"\n") + 1
                raise _not_in(file, called, f"at byte {before + at}, line {line}") from error
            before += len(block)
            lines += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise _not_in(file, called, "at its end: the file is cut off") from error


def _not_in(file: Path, called: str, where: str) -> InputError:
    return InputError(
        f"{file.name} must be text in {called}, got bytes that are not ({where}); save it as 'CSV UTF-8' in Excel, or "
        "say its encoding: encoding='gb18030' for files of Chinese Windows"
    )


def _recognised(file: Path) -> tuple[str, str]:
    if b"\0" in _read_start(file):
        raise InputError(
            f"{file.name} must be a text file, got zero bytes as no text has them but UTF-16 without its mark; save it "
            "as 'CSV UTF-8', or say encoding='utf-16-le' if it is that"
        )
    beyond_ascii = False
    chinese = False
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    with file.open("rb") as stream:
        try:
            while block := stream.read(_BLOCK):
                beyond_ascii = beyond_ascii or not block.isascii()
                text = decoder.decode(block)
                chinese = chinese or (not block.isascii() and max(text, default="") >= _FIRST_CJK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _recognised_gb18030(file)
    if beyond_ascii and not chinese and read_as(_read_start(file)) == "both":
        return "utf-8", DOUBTFUL_NOTE
    return "utf-8", ""


def _recognised_gb18030(file: Path) -> tuple[str, str]:
    judged: list[str] = []
    room = _MOST_JUDGED
    try:
        with file.open("rb") as stream:
            for block in _blocks(iter(lambda: stream.read(_BLOCK), b"")):
                text = block.decode("gb18030")
                if room > 0 and not block.isascii():
                    beyond = "".join(re.findall(r"[^\x00-\x7f]+", text))[:room]
                    room -= len(beyond)
                    judged.append(beyond)
                if any(read_as(_line_around(block, hit.start())) == "utf-8" for hit in _UTF8_CHINESE.finditer(block)):
                    raise _no_one_encoding(file)
    except UnicodeDecodeError as error:
        raise _no_one_encoding(file) from error
    if everyday_share("".join(judged)) < PLAUSIBLE:
        raise _no_one_encoding(file)
    return "gb18030", GB18030_NOTE


def _line_around(block: bytes, at: int) -> bytes:
    end = block.find(b"\n", at)
    return block[block.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(block)]


def _blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in blocks that end where a line does."""
    rest = b""
    for part in parts:
        whole, newline, tail = part.rpartition(b"\n")
        if newline:
            yield rest + whole + newline
            rest = tail
        else:
            rest += part
    if rest:
        yield rest


def _no_one_encoding(file: Path) -> InputError:
    """Return the error of a file that is neither UTF-8 nor GB18030 throughout, naming its lines."""
    lines: dict[Reading, list[int]] = {"ascii": [], "utf-8": [], "gb18030": [], "both": [], "neither": []}
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.isascii():
                lines[read_as(line)].append(number)
    utf8, gb18030, neither = lines["utf-8"], lines["gb18030"], lines["neither"]
    if utf8 and gb18030:
        few, few_in, many_in = (utf8, "UTF-8", "GB18030") if len(utf8) < len(gb18030) else (gb18030, "GB18030", "UTF-8")
        return InputError(
            f"{file.name} must be in one encoding, got lines of both UTF-8 and GB18030 (GBK); in {few_in} are "
            f"{name_some(f'line {number}' for number in few)}; the others beyond ASCII are in {many_in}; put the parts "
            "together in Excel and save as 'CSV UTF-8'"
        )
    known = "UTF-8" if utf8 else "GB18030" if gb18030 else ""
    others = f" (the other lines are in {known}; a text cut in the middle of a character looks so)" if known else ""
    shown = neither or gb18030  # rare characters only: each line may pass, the file does not
    return InputError(
        f"{file.name} must be text in UTF-8 or GB18030 (GBK), got bytes that make no sense as either in "
        f"{name_some(f'line {number}' for number in shown)}{others}; correct them, save the file in UTF-8 "
        "('CSV UTF-8' in Excel), or say its encoding, for example encoding='big5'"
    )
