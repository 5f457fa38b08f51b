"""The commands `isochrones` and `gaps`: what is reached today, and where nobody is, as one layer."""

import argparse
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely

from coverage_planner.cli.answer import Answer
from coverage_planner.cli.plan_commands import keep_network, place_of_network
from coverage_planner.cli.progress import stage_bar
from coverage_planner.cli.records import as_json, today_record
from coverage_planner.cli.summary import about_inputs, about_network
from coverage_planner.cli.words import WORDS
from coverage_planner.config import read_plan
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.pipeline.today import TodayRun, run_today
from coverage_planner.report.drawing import WGS84
from coverage_planner.report.result_layers import report_layers
from coverage_planner.report.speech import speech
from coverage_planner.report.tables import measure_outcome

#: Stages of a run: compile, network, read, today, write.
_STAGES = 5
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON"}
_S_PER_MIN = 60.0
_M2_PER_KM2 = 1e6
#: Gaps that are shown on the screen, of each group.
_SHOWN = 10


def isochrones(given: argparse.Namespace) -> Answer:
    """Draw what each group reaches today."""
    bands_s = sorted({minutes * _S_PER_MIN for minutes in given.minutes or ()})
    run, lines, layer = _run(given, "isochrones", bands_s)
    bands = layer.assign(area_km2=layer.geometry.area / _M2_PER_KM2)
    words = WORDS[run.plan.language]
    said = [
        words["band"].format(group=row["group"], minutes=round(row["cutoff_s"] / _S_PER_MIN, 1), area=row["area_km2"])
        for row in bands.to_dict("records")
    ]
    said += [words["no band"].format(group=name) for name in run.today.groups if name not in set(bands["group"])]
    record = {
        "file": str(given.out),
        "isochrones": bands.drop(columns="geometry").to_dict("records"),
        **today_record(run),
    }
    return Answer([*said, *lines, words["layer"].format(file=given.out)], as_json(record))


def gaps(given: argparse.Namespace) -> Answer:
    """List the gaps of today with their reasons."""
    run, lines, layer = _run(given, "gaps", ())
    words, speak = WORDS[run.plan.language], speech(run.plan.language)
    points = gpd.GeoSeries(shapely.point_on_surface(layer.geometry.to_numpy()), crs=layer.crs).to_crs(WGS84)
    places = layer.drop(columns="geometry").assign(lon=points.x.round(7), lat=points.y.round(7))
    said: list[str] = []
    for name in run.today.groups:
        rows = places[places["group"] == name]
        said.append(words["gaps"].format(group=name, n=len(rows), people=rows["uncovered_demand"].sum()))
        said += [
            words["gap"].format(
                id=row["id"], people=row["uncovered_demand"], points=row["n_points"],
                reason=speak.say("reason", row["reason"]), lon=row["lon"], lat=row["lat"],
            )
            for row in rows.head(_SHOWN).to_dict("records")
        ]  # fmt: skip
        if len(rows) > _SHOWN:
            said.append(words["more gaps"].format(n=len(rows) - _SHOWN))
    if given.out is not None:
        lines.append(words["layer"].format(file=given.out))
    file = None if given.out is None else str(given.out)
    record = {"file": file, "gaps": places.to_dict("records"), **today_record(run)}
    return Answer([*said, *lines], as_json(record))


def _run(given: argparse.Namespace, layer: str, bands_s: Any) -> tuple[TodayRun, list[str], gpd.GeoDataFrame]:
    """Evaluate today; write the layer where a file is named; return it with what is to be said of the inputs."""
    _check_layer(given.out, force=given.force)
    plan = read_plan(given.plan)
    if given.language:
        plan = replace(plan, language=given.language)
    keep = place_of_network(given, plan, given.plan)
    with stage_bar(_STAGES, plan.language, quiet=given.quiet) as (report, _):
        run = run_today(
            plan, group=given.group, bands_s=bands_s, report=report, network_folder=keep, rebuild=given.rebuild
        )
        report("write", None)
        found = report_layers(measure_outcome(run.today, None), run.today, None, None, None)[layer]
        if given.out is not None:
            _write_layer(found, given.out, layer)
        not_kept = keep_network(run.streets, keep)
        report("write", 0.0)
    said = [WORDS[plan.language]["synthetic"]] if plan.synthetic else []
    return run, [*said, *about_inputs(run), *about_network(run, keep, not_kept)], found


def _check_layer(file: Path | None, *, force: bool) -> None:
    """Raise where a layer would replace a file or be of an unknown kind."""
    if file is None:
        return
    if file.suffix.lower() not in _DRIVERS:
        raise ConfigError(f"the layer must be a file of a known kind ({', '.join(_DRIVERS)}), got {file}; rename it")
    if file.exists() and not force:
        raise ConfigError(f"the layer must not exist yet, got {file}; choose another name, or force (--force)")
    if not file.absolute().parent.is_dir():
        raise ConfigError(f"the layer must be in a folder that exists, got {file}; make it, or choose another")


def _write_layer(layer: gpd.GeoDataFrame, file: Path, name: str) -> None:
    """Write a layer whole or not at all: metres in a GeoPackage, longitude and latitude (WGS 84) in GeoJSON."""
    driver = _DRIVERS[file.suffix.lower()]
    shown = layer.to_crs(WGS84) if driver == "GeoJSON" else layer
    options = {"layer": name} if driver == "GPKG" else {}
    partial = file.with_name(f".{os.getpid()}.partial-{file.name}")
    try:
        pyogrio.write_dataframe(
            shown, partial, driver=driver, geometry_type="MultiPolygon", promote_to_multi=True, **options
        )
        partial.replace(file)
    except OSError as error:
        raise InputError(f"the layer must be writable, got {file}: {error}; choose another place") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
