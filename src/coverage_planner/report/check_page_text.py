"""A check report for the terminal: the table of inputs, the findings, the distances to the streets as bars."""

import math
import unicodedata
from collections.abc import Mapping, Sequence

from coverage_planner.report.check_page_words import check_words, count_words, datum_word, input_name
from coverage_planner.report.findings import LEVELS, CheckReport, Finding, InputCheck, SnapCheck
from coverage_planner.report.speech import speech

_BAR = 28
#: So many row numbers or ids are listed.
_LISTED = 12


def check_text(report: CheckReport) -> list[str]:
    """Return the lines of a report.

    Parameters
    ----------
    report
        What was found; its language is that of the lines.
    """
    words = check_words(report.language)
    lines = [f"{words['title']} · {report.name} · {words['plan_file'].format(file=report.file)}"]
    if report.synthetic:
        lines.append(words["synthetic"])
    if report.inputs:
        lines += ["", *_inputs(report.inputs, words)]
    for level in LEVELS:
        found = [(number, f) for number, f in enumerate(report.findings, start=1) if f.level == level]
        if found:
            lines += ["", count_words(level, len(found), words)]
            lines += [line for number, finding in found for line in _finding(number, finding, report, words)]
    for check in report.inputs:
        if check.snap is not None:
            lines += ["", *_bars(check, check.snap, report, words)]
        if check.datum.en:
            lines.append(f"  {words['datum']}: {check.datum.of(report.language)}")
    return [one_line(line) for line in (*lines, "", verdict(report, words))]


def verdict(report: CheckReport, words: Mapping[str, str]) -> str:
    """Say in one sentence what the findings mean for the plan, with how many there are."""
    counts = [count_words(level, n, words) for level in LEVELS if (n := sum(f.level == level for f in report.findings))]
    joined = ("，" if report.language == "zh" else ", ").join(counts)
    colon = "：" if report.language == "zh" else ": "
    sentence = words[f"verdict_{report.level or 'none'}"]
    return f"{joined}{colon}{sentence}" if counts else sentence


def input_cells(check: InputCheck, words: Mapping[str, str]) -> list[str]:
    """Return the cells of an input in the table of inputs, in the order of `INPUT_COLUMNS`."""
    if check.read is None:
        return [words["unreadable"], *["–"] * (len(INPUT_COLUMNS) - 1)]
    return [
        f"{check.read:,}",
        f"{check.rejected or 0:,}",
        f"{check.outside:,}",
        f"{check.kept:,}",
        f"{check.remarks:,}",
        "–" if math.isnan(check.total) else f"{check.total:,.0f}",
        "–" if check.snap is None or math.isnan(check.snap.median_m) else f"{check.snap.median_m:.0f} m",
        datum_word(check, words),
    ]


#: Keys of the words that head the table of inputs, after its name and file.
INPUT_COLUMNS = ("read", "rejected", "outside", "kept", "remarks", "total", "median", "datum")


def _inputs(checks: Sequence[InputCheck], words: Mapping[str, str]) -> list[str]:
    header = [words["input"], words["file"], *(words[column] for column in INPUT_COLUMNS)]
    rows = [[input_name(check, words), check.file, *input_cells(check, words)] for check in checks]
    widths = [max(_width(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [_row(header, widths), *(_row(row, widths) for row in rows)]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Align two columns of text to the left and the numbers after them to the right."""
    padded = [
        cell + " " * (width - _width(cell)) if i < 2 else " " * (width - _width(cell)) + cell  # noqa: PLR2004
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return ("  " + "  ".join(padded)).rstrip()


def _width(text: str) -> int:
    """Return how many columns a terminal gives to a text; Chinese characters take two."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in one_line(text)
    )


def _finding(number: int, finding: Finding, report: CheckReport, words: Mapping[str, str]) -> list[str]:
    check = next((check for check in report.inputs if check.key == finding.input), None)
    where = words["plan"] if check is None else f"{finding.input} {check.file}"
    colon = "：" if report.language == "zh" else ": "
    lines = [f"  {number}. {where}{colon}{finding.what.of(report.language)}"]
    if finding.advice.en:
        lines.append(f"     → {finding.advice.of(report.language)}")
    if finding.rows:
        lines.append(f"     {words['row_list'].format(rows=_some(finding.rows, words))}")
    elif finding.ids:
        lines.append(f"     {words['id_list'].format(ids=_some(finding.ids, words))}")
    return lines


def one_line(text: str) -> str:
    """Return a text of other people's without what would break a line or steer a terminal."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") else " " for c in text)


def _some(labels: Sequence[object], words: Mapping[str, str]) -> str:
    shown = ", ".join(str(label) for label in labels[:_LISTED])
    rest = len(labels) - _LISTED
    return f"{shown} … {words['more'].format(n=f'{rest:,}')}" if rest > 0 else shown


def _bars(check: InputCheck, snap: SnapCheck, report: CheckReport, words: Mapping[str, str]) -> list[str]:
    mode = str(speech(report.language).say("mode", snap.mode))
    title = words["distances_of"].format(input=input_name(check, words), mode=mode, limit=snap.limit_m)
    lines = [f"{words['distances']} · {title}"]
    classes = snap_classes(snap, words)
    most = max(count for _, count in classes)
    label = max(_width(text) for text, _ in classes)
    for text, count in classes:
        bar = "█" * math.ceil(_BAR * count / most) if most else ""
        lines.append(f"  {' ' * (label - _width(text))}{text} {bar}{' ' if bar else ''}{count:,}")
    return lines


def snap_classes(snap: SnapCheck, words: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return text and count of every class of distances, up to the last that has points, and what has no street."""
    classes = snap.classes()
    last = max((i for i, (_, _, count) in enumerate(classes) if count), default=0)
    shown = [(words["metres"].format(low=low, high=high), count) for low, high, count in classes[: last + 1]]
    for count, text in ((snap.too_far, words["too_far"].format(limit=snap.limit_m)), (snap.barred, words["barred"])):
        if count:
            shown.append((text, count))
    return shown
