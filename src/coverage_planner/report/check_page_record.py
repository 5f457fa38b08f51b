"""A check report for machines: JSON, and the tables that stand beside the page."""

import math
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from coverage_planner.report.drawing import WGS84
from coverage_planner.report.findings import CheckReport, Finding, InputCheck

#: Places of a finding that JSON names.
_PLACES = 1000


def check_record(report: CheckReport) -> dict[str, Any]:
    """Return a report as what JSON can hold: exit code, inputs, findings with row numbers, ids and places."""
    return {
        "plan": report.file,
        "name": report.name,
        "exit_code": report.exit_code,
        "level": report.level,
        "inputs": [_input(check) for check in report.inputs],
        "findings": [_finding(finding) for finding in report.findings],
        "modes": [] if report.streets is None else report.streets.modes.to_dict("records"),
        "cleaning": _cleaning(report),
    }


def findings_table(report: CheckReport) -> pd.DataFrame:
    """Return one row per row of the inputs that a finding is about, or one for findings about none."""
    language = report.language
    files = {check.key: check.file for check in report.inputs}
    columns = ["level", "input", "file", "what", "advice", "row", "id"]
    records = []
    for finding in report.findings:
        said = [
            finding.level, finding.input, files.get(finding.input, report.file),
            finding.what.of(language), finding.advice.of(language),
        ]  # fmt: skip
        n = max(len(finding.rows), len(finding.ids), 1)
        rows: list[int | None] = [*finding.rows, *[None] * (n - len(finding.rows))]
        ids: list[str | None] = [*finding.ids, *[None] * (n - len(finding.ids))]
        records += [[*said, row, label] for row, label in zip(rows, ids, strict=True)]
    return pd.DataFrame(records, columns=columns).astype({"row": "Int64"})


def _cleaning(report: CheckReport) -> list[dict[str, Any]]:
    if report.streets is None or report.streets.cleaning is None:
        return []
    return [
        {"what": str(what), "count": int(count), "length_m": round(float(length_m), 1)}
        for what, count, length_m in report.streets.cleaning.summary().itertuples(index=False)
    ]


def _input(check: InputCheck) -> dict[str, Any]:
    snap = check.snap
    return {
        "key": check.key,
        "table": check.table,
        "file": check.file,
        "group": check.group or None,
        "read": check.read,
        "rejected": check.rejected,
        "outside": check.outside,
        "kept": check.kept,
        "remarks": check.remarks,
        "demand": None if math.isnan(check.total) else check.total,
        "how": [text.en for text in check.how],
        "datum": None if not check.datum.en else {**check.datum._asdict(), "fits": check.datum_fits},
        "snap": None
        if snap is None
        else {
            "mode": snap.mode,
            "limit_m": snap.limit_m,
            "classes": [{"from_m": low, "to_m": high, "points": n} for low, high, n in snap.classes()],
            "too_far": snap.too_far,
            "behind_an_obstacle": snap.barred,
            "on_island": snap.on_island,
            "median_m": None if math.isnan(snap.median_m) else round(snap.median_m, 1),
            "p95_m": None if math.isnan(snap.p95_m) else round(snap.p95_m, 1),
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "level": finding.level,
        "code": finding.code,
        "input": finding.input,
        "what": finding.what._asdict(),
        "advice": finding.advice._asdict() if finding.advice.en else None,
        "count": finding.count,
        "rows": list(finding.rows),
        "ids": list(finding.ids),
        "places": _places(finding.where),
    }


def _places(where: gpd.GeoSeries | None) -> list[list[float]]:
    """Return longitude and latitude (WGS 84) of a point in each of the first geometries."""
    if where is None or where.empty:
        return []
    points = gpd.GeoSeries(shapely.point_on_surface(where.iloc[:_PLACES].to_numpy()), crs=where.crs).to_crs(WGS84)
    return [[round(x, 6), round(y, 6)] for x, y in shapely.get_coordinates(points.to_numpy()).tolist()]
