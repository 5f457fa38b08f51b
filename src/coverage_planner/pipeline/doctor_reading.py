"""Each input of a plan read on its own: what came of it, and what its reader said, as findings."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from coverage_planner.errors import CoveragePlannerError, name_some
from coverage_planner.report.findings import NOTHING_SAID, Finding, InputCheck, Level, Said
from coverage_planner.report.messages import in_chinese
from coverage_planner.report.speech import speech
from coverage_planner.report.table_columns import COLUMNS
from coverage_planner.schema import Rejections
from coverage_planner.sources.record_faults import count_refused

Found = TypeVar("Found")
#: Refused rows that every extract of OpenStreetMap has: ways cut off at its edge.
_CUT_OFF = "fewer than two nodes of the way are in the file"
#: Words of remarks on a whole file of which something was left out.
_LOSSES = ("were not read", "formulas without a saved value", "only the sheet", "said on reading")
#: Words of remarks on cells whose meaning is lost or doubtful; other remarks say how a cell was taken.
_DOUBTS = (
    "not understood", "not in the catalogue", "without saying", "far from", "km from the study area", "outside China",
    "says neither", "without a saved value", "error of the workbook", "hidden",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Reading(Generic[Found]):
    """What came of reading one input.

    Attributes
    ----------
    check
        Its row in the table of inputs.
    found
        What was read; None where that failed.
    findings
        What is wrong with it.
    rejected
        Its refused rows and remarks.
    """

    check: InputCheck
    found: Found | None
    findings: list[Finding]
    rejected: Rejections = field(default_factory=Rejections)

    def adding(self, findings: Iterable[Finding] = (), **changes: Any) -> "Reading[Found]":
        """Return it with more findings, and with changes to its row in the table of inputs."""
        return replace(self, findings=[*self.findings, *findings], check=replace(self.check, **changes))


def read_alone(check: InputCheck, read: Callable[[Rejections], Found]) -> Reading[Found]:
    """Read one input; what its reader refuses, remarks, warns of or stumbles over becomes findings.

    Parameters
    ----------
    check
        Its row in the table of inputs, not filled in yet.
    read
        The reader.
    """
    rejected = Rejections()
    found: Found | None = None
    findings: list[Finding] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            found = read(rejected)
        except CoveragePlannerError as error:
            findings.append(of_message("error", "unreadable", check.key, str(error)))
    texts = dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, UserWarning))
    findings += [of_message("warning", "reader's warning", check.key, text) for text in texts]
    findings += [*_of_refusals(check.key, rejected), *_of_remarks(check.key, rejected)]
    how = notes_on_files(rejected)
    remarks = sum(1 for row in rejected.remarks if row["column"] or row["id"])
    checked = replace(check, rejected=count_refused(rejected.rows), remarks=remarks, how=how)
    return Reading(checked, found, findings, rejected)


def of_message(level: Level, code: str, key: str, message: str) -> Finding:
    """Turn a message of a reader into a finding: what follows its last semicolon says what to do.

    Readers speak English; a message that has no Chinese yet is shown as it is.
    """
    what, mark, advice = message.rpartition("; ")
    if not mark:
        what, advice = message, ""
    zh = in_chinese(message) or (what, advice)
    return Finding(level, code, key, Said(zh[0], what), Said(zh[1], advice) if advice else NOTHING_SAID)


def _of_refusals(key: str, rejected: Rejections) -> list[Finding]:
    """Say which rows were refused, one finding per reason; what a reason says of one row alone is left out."""
    findings = []
    for stem, rows in _by(rejected.rows, lambda row: str(row["reason"]).partition(": ")[0]).items():
        reasons = {str(row["reason"]) for row in rows}
        said = _reason(next(iter(reasons)) if len(reasons) == 1 else stem, str(rows[0]["reason"]))
        cut_off = stem == _CUT_OFF
        count = count_refused(rows)
        findings.append(
            Finding(
                "note" if cut_off else "warning",
                "rows refused",
                key,
                Said(
                    f"{count:,} 行未采用：{said.zh}",
                    f"{count:,} {'row was' if count == 1 else 'rows were'} not used: {said.en}",
                ),
                _advice(stem),
                **_rows_and_ids(rows),
            )
        )
    return findings


def _advice(reason: str) -> Said:
    if reason == _CUT_OFF:
        return Said("这是数据截取边缘的正常现象", "usual at the edge of an extract")
    if reason.endswith("not data"):
        return Said("确实不是数据就无需处理", "nothing, if that is so")
    return Said("请在文件中更正这些行，或确认可以不用", "correct these rows, or make sure they are not needed")


def _reason(english: str, example: str) -> Said:
    """Say a reason, or what reasons that differ in their last part have in common."""
    zh = str(speech("zh").say("reason", example))
    return Said(zh if english == example else zh.partition("：")[0], english)


def _of_remarks(key: str, rejected: Rejections) -> list[Finding]:
    """Say which cells were not understood or taken otherwise, one finding per column and remark."""
    cells = [row for row in rejected.remarks if row["column"] or row["id"]]
    findings = [_of_note(key, str(row["remark"])) for row in rejected.remarks if _loses(row)]
    for (column, remark), rows in _by(cells, lambda row: (str(row["column"]), str(row["remark"]))).items():
        given = list(dict.fromkeys(str(row["given"]) for row in rows if str(row["given"])))
        shown = "" if not given else name_some(given, most=3).partition(": ")[2]
        heading = _heading(column)
        findings.append(
            Finding(
                _level_of_remark(remark),
                "remark",
                key,
                Said(
                    f"{len(rows):,} 行{f'的{heading.zh}' if column else ''}：{speech('zh').say('remark', remark)}"
                    f"{f'（{shown}）' if shown else ''}",
                    f"{f'{heading.en} of ' if column else ''}{len(rows):,} {'row' if len(rows) == 1 else 'rows'}: "
                    f"{remark}{f' ({shown})' if shown else ''}",
                ),
                Said("请核对；不对就在文件中更正", "look whether that is right; if not, correct the cells"),
                **_rows_and_ids(rows),
            )
        )
    return findings


def notes_on_files(rejected: Rejections) -> tuple[Said, ...]:
    """Return what was remarked on the file as a whole: its encoding, delimiter, sheet, header."""
    texts = dict.fromkeys(str(row["remark"]) for row in rejected.remarks if not row["column"] and not row["id"])
    return tuple(Said(str(speech("zh").say("remark", text)), text) for text in texts)


def _loses(row: Mapping[str, object]) -> bool:
    """Whether a remark on a whole file says that something of it was left out."""
    return not row["column"] and not row["id"] and any(word in str(row["remark"]) for word in _LOSSES)


def _of_note(key: str, remark: str) -> Finding:
    return Finding(
        "note",
        "left out",
        key,
        Said(str(speech("zh").say("remark", remark)), remark),
        Said(
            "若需要这些内容，请在方案中写明 sheet 或另存一份",
            "if it is needed, name the sheet in the plan or save it anew",
        ),
    )


def _level_of_remark(remark: str) -> Level:
    """Tell what was not understood, which is lost, from what was only taken another way."""
    return "warning" if any(word in remark for word in _DOUBTS) else "note"


def _heading(column: str) -> Said:
    if column in COLUMNS:
        return Said(speech("zh").heading(column), speech("en").heading(column))
    return Said(f"“{column}”列", f"‘{column}’")  # a column of the file itself


def _by(
    rows: Sequence[Mapping[str, object]], group: Callable[[Mapping[str, object]], Any]
) -> dict[Any, list[Mapping[str, object]]]:
    """Group rows, in order of first appearance."""
    groups: dict[Any, list[Mapping[str, object]]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row)
    return groups


def _rows_and_ids(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"rows": tuple(int(row["row"]) for row in rows), "ids": tuple(str(row["id"]) for row in rows)}


def with_rows(reading: Reading[Found], file: str) -> Reading[Found]:
    """Add row numbers to the findings that name rows by their ids alone."""
    check, taken = reading.check, reading.rejected.taken
    numbered = []
    for finding in reading.findings:
        rows = tuple(taken.get((check.table, file, label), 0) for label in finding.ids)
        known = not finding.rows and rows and all(rows)
        numbered.append(replace(finding, rows=rows) if known else finding)
    return replace(reading, findings=numbered)
