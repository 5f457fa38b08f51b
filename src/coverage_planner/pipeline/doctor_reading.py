"""Each input of a plan read on its own: what came of it, and what its reader said, as findings."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from coverage_planner.errors import CoveragePlannerError, InputError, name_some
from coverage_planner.report.findings import NOTHING_SAID, Finding, InputCheck, Level, Said
from coverage_planner.report.speech import speech
from coverage_planner.schema import Rejections

Found = TypeVar("Found")
#: Refused rows that every extract of OpenStreetMap has: ways cut off at its edge.
_CUT_OFF = "fewer than two nodes of the way are in the file"


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
    rejected_rows = len(rejected.rows)
    checked = replace(check, rejected=rejected_rows, remarks=len(rejected.remarks))
    return Reading(checked, found, findings, rejected)


def of_message(level: Level, code: str, key: str, message: str) -> Finding:
    """Turn a message of a reader into a finding: what follows its last semicolon says what to do.

    Readers speak English; the Chinese page shows their words.
    """
    what, mark, advice = message.rpartition("; ")
    if not mark:
        what, advice = message, ""
    return Finding(level, code, key, Said(what, what), Said(advice, advice) if advice else NOTHING_SAID)


def _of_refusals(key: str, rejected: Rejections) -> list[Finding]:
    """Say which rows were refused, one finding per reason."""
    return [
        Finding(
            "note" if reason == _CUT_OFF else "warning",
            "rows refused",
            key,
            Said(
                f"{len(rows)} 行未采用：{speech('zh').say('reason', reason)}",
                f"{len(rows)} {'row was' if len(rows) == 1 else 'rows were'} not used: {reason}",
            ),
            Said("这是数据截取边缘的正常现象", "usual at the edge of an extract")
            if reason == _CUT_OFF
            else Said(
                "请在文件中更正这些行，或确认可以不用",
                "correct these rows in the file, or make sure they are not needed",
            ),
            **_rows_and_ids(rows),
        )
        for reason, rows in _by(rejected.rows, "reason").items()
    ]


def _of_remarks(key: str, rejected: Rejections) -> list[Finding]:
    """Say which cells were not understood or taken otherwise, one finding per column and remark."""
    findings = []
    for (column, remark), rows in _by(rejected.remarks, "column", "remark").items():
        cells = list(dict.fromkeys(str(row["given"]) for row in rows))
        shown = name_some(cells, most=3).partition(": ")[2]
        findings.append(
            Finding(
                _level_of_remark(remark),
                "remark",
                key,
                Said(
                    f"{len(rows)} 行的{_heading(column)}：{speech('zh').say('reason', remark)}（{shown}）",
                    f"{column} of {len(rows)} {'row' if len(rows) == 1 else 'rows'}: {remark} ({shown})",
                ),
                Said("请核对；写法不对就在文件中更正", "look whether that is right; if not, correct the cells"),
                **_rows_and_ids(rows),
            )
        )
    return findings


def _level_of_remark(remark: str) -> Level:
    """Tell what was not understood, which is lost, from what was only taken another way."""
    return "warning" if "not understood" in remark or "unknown" in remark or "far from" in remark else "note"


def _heading(column: str) -> str:
    zh = speech("zh")
    try:
        return zh.heading(column)
    except KeyError:  # a column of the file itself
        return f"“{column}”"


def _by(rows: Sequence[Mapping[str, object]], *columns: str) -> dict[Any, list[Mapping[str, object]]]:
    """Group rows by the values of columns, in order of first appearance."""
    groups: dict[Any, list[Mapping[str, object]]] = {}
    for row in rows:
        value = row[columns[0]] if len(columns) == 1 else tuple(row[column] for column in columns)
        groups.setdefault(value, []).append(row)
    return groups


def _rows_and_ids(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"rows": tuple(int(row["row"]) for row in rows), "ids": tuple(str(row["id"]) for row in rows)}


def nothing_inside(what: str, region: str, file: str, ids: Sequence[object]) -> InputError:
    """Say that no point of an input lies where the plan looks."""
    return InputError(
        f"{what} must have points inside {region}, but {file} has none there, all are outside: {name_some(ids)}; "
        "check the study area, the datum and the columns of the coordinates"
    )
