"""What is wrong with points: where they lie, how far from a street, behind what, and which stand twice."""

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import BEHIND_OBSTACLE, Positions, snap_points
from coverage_planner.pipeline.doctor_streets import mode_name
from coverage_planner.report.findings import Finding, Level, Named, Said, SnapCheck, snap_counts
from coverage_planner.traveltime.times import travel_times

#: Places nearer to each other than this are one place whatever they are called, metres.
_SAME_PLACE_M = 3.0
#: Places of the same name within this distance are probably the same one, entered twice.
_SAME_NAME_M = 150.0
#: Places whose names differ in a character or two must be nearer to be suspected.
_LIKE_NAME_M = 50.0
_LIKE = 0.8
#: So many demand points on the very same spot are rather an address that was not found than people.
_PILE = 5
#: Points beyond a border by less than this are rounding.
_ROUNDING_M = 1.0
#: A leg this much longer than to the nearest street goes round something.
_ROUND_M = 10.0
#: The way round a barrier is searched this far, from at most so many points; one this long makes a side matter.
_SEARCHED_MIN, _MOST_WALKED, _LONG_WAY_MIN = 20.0, 300, 3.0
#: People walk this far to the nearest street without anybody wondering, metres.
_FAR_M = 60.0
_MARKS = re.compile(r"[\W_]+")
_TELLING = re.compile("[0-9一二三四五六七八九十甲乙丙丁东南西北前后左右上下]|[a-z](?=[座栋区幢楼馆厅口号])")


def check_snaps(
    network: RoadNetwork, points: gpd.GeoDataFrame, mode: str, limit_m: float
) -> tuple[SnapCheck, Positions]:
    """Measure how far points lie from the streets of a mode."""
    positions = snap_points(network, points, mode, limit_m=limit_m)
    access_m = positions.access_m[positions.snapped]
    check = SnapCheck(
        mode=network.graph(mode).mode.describe(),
        limit_m=limit_m,
        counts=snap_counts(access_m, limit_m),
        too_far=int((~positions.snapped & (positions.status != BEHIND_OBSTACLE)).sum()),
        barred=int((positions.status == BEHIND_OBSTACLE).sum()),
        on_island=int(positions.on_island.sum()),
        median_m=float(np.median(access_m)) if len(access_m) else float("nan"),
        p95_m=float(np.percentile(access_m, 95)) if len(access_m) else float("nan"),
    )
    return check, positions


def find_unsnapped(
    named: Named, points: gpd.GeoDataFrame, positions: Positions, mode: str, limit_m: float, *, others: bool = False
) -> list[Finding]:
    """Say which points have no street within the limit, or only one behind an obstacle; an error where that is all.

    Parameters
    ----------
    named, points
        The input.
    positions, mode, limit_m
        Where its points touch the streets of a mode, and how far they may lie from them.
    others
        Whether some of the points have a street for another mode in use: then it is no error.
    """
    found = []
    said = mode_name(mode)
    level: Level = "warning" if positions.snapped.any() or others else "error"
    for status in dict.fromkeys(positions.status[~positions.snapped]):
        lost = positions.status == status
        barred = status == BEHIND_OBSTACLE
        found.append(
            Finding(
                level,
                "behind an obstacle" if barred else "no street near",
                named.key,
                Said(
                    f"{lost.sum():,} 个{named.what.zh}在 {limit_m:g} 米内的道路（{said.zh}）都被水域、铁路或围墙隔开"
                    if barred
                    else f"{lost.sum():,} 个{named.what.zh}在 {limit_m:g} 米内没有可通行的道路（{said.zh}）",
                    f"{lost.sum():,} {named.what.en}: every street within {limit_m:g} m ({said.en}) lies behind water, "
                    "a railway or a wall"
                    if barred
                    else f"{lost.sum():,} {named.what.en}: no street within {limit_m:g} m ({said.en})",
                ),
                Said(
                    "请核对坐标、坐标系（datum）和道路是否覆盖同一地方"
                    if level == "error"
                    else "坐标有误就更正；坐标无误则多半缺了通到那里的小路，请在路网中补画",
                    "check the coordinates, the datum, and that the roads cover the same place"
                    if level == "error"
                    else "correct the coordinates; if they are right a path is probably missing in the roads there",
                ),
                ids=tuple(map(str, positions.ids[lost])),
                where=points.geometry[lost],
            )
        )
    return found


def find_on_islands(named: Named, points: gpd.GeoDataFrame, positions: Positions, mode: str) -> list[Finding]:
    """Say which points stand on streets that are joined to nothing else."""
    alone = positions.on_island
    if not alone.any():
        return []
    said = mode_name(mode)
    return [
        Finding(
            "warning",
            "on an island",
            named.key,
            Said(
                f"{alone.sum():,} 个{named.what.zh}只能接到孤岛道路上（{said.zh}），与其他道路不通",
                f"{alone.sum():,} {named.what.en} touch only streets that are joined to nothing else ({said.en})",
            ),
            Said(
                "请在地图上查看，并在路网中补画缺少的连接",
                "look at them on the map and draw the missing connection in the roads",
            ),
            ids=tuple(map(str, positions.ids[alone])),
            where=points.geometry[alone],
        )
    ]


def find_behind_barriers(
    named: Named, network: RoadNetwork, points: gpd.GeoDataFrame, positions: Positions, mode: str
) -> list[Finding]:
    """Find points whose nearest street lies behind an obstacle, so that they go to another, farther one.

    Of stations and premises it is also said how long one walks from the street they are taken to belong to round to the
    street that is nearest: where that is long, they may stand on the wrong side.
    """
    graph = network.graph(mode)
    streets = network.edges.geometry.to_numpy()[graph.snappable & ~graph.island]
    if not len(streets) or network.obstacles.empty:
        return []
    here = np.flatnonzero(positions.snapped & ~positions.on_island)
    geometry = points.geometry.to_crs(network.crs).to_numpy()
    row, nearest = shapely.STRtree(streets).query_nearest(geometry[here], all_matches=False)
    legs = shapely.shortest_line(geometry[here[row]], streets[nearest])
    turned = positions.access_m[here[row]] > shapely.length(legs) + _ROUND_M
    if not turned.any():
        return []
    who, legs = here[row[turned]], legs[turned]
    round_min = _ways_round_min(network, positions.xy[who], shapely.get_point(legs, -1), mode)
    longer_m = positions.access_m[who] - shapely.length(legs)
    worst = int(np.argmax(longer_m if np.isnan(round_min).all() else round_min))
    far = bool(round_min[worst] >= _LONG_WAY_MIN)
    way = _say_way(round_min[worst])
    label, first_m, then_m = positions.ids[who[worst]], legs[worst].length, positions.access_m[who[worst]]
    return [
        Finding(
            "warning" if far and named.key in ("[facilities]", "[premises]") else "note",
            "nearest street behind a barrier",
            named.key,
            Said(
                f"{len(who):,} 个{named.what.zh}最近的道路被水域、铁路或围墙隔开，改接较远的道路；"
                f"例如 {label}：最近 {first_m:.0f} 米，改接 {then_m:.0f} 米{way.zh}",
                f"{len(who):,} {named.what.en}: the nearest street lies behind water, a railway or a wall, and a "
                f"farther one is taken; for example {label}: {then_m:.0f} m instead of {first_m:.0f} m{way.en}",
            ),
            Said(
                "请在地图上核对点位是否落在了正确的一侧；若那里有门或通道，请在路网中补画",
                "look on the map whether they stand on the right side; if there is a gate or passage, draw it in the "
                "roads",
            ),
            ids=tuple(map(str, positions.ids[who])),
            where=points.geometry.iloc[who],
        )
    ]


def _ways_round_min(
    network: RoadNetwork, taken: NDArray[np.float64], behind: NDArray[np.object_], mode: str
) -> NDArray[np.float64]:
    """Shape (points,): minutes from the street taken to the one behind the barrier; infinite where beyond the search.

    NaN for all where there are too many points to search from each.
    """
    if len(taken) > _MOST_WALKED:
        return np.full(len(taken), np.nan)
    ids = np.arange(len(taken)).astype(str)
    start = gpd.GeoDataFrame({"id": ids}, geometry=shapely.points(taken), crs=network.edges.crs)
    end = gpd.GeoDataFrame({"id": ids}, geometry=behind, crs=network.edges.crs)
    times = travel_times(network, start, end, mode=mode, limit_s=_SEARCHED_MIN * 60.0).to_frame()
    own = times[times["facility_id"] == times["demand_id"]]
    ways = np.full(len(taken), np.inf)
    ways[own["facility_id"].astype(int)] = own["time_s"] / 60.0
    return ways


def _say_way(way_min: float) -> Said:
    if np.isnan(way_min):
        return Said("", "")
    if np.isinf(way_min):
        return Said(
            f"，绕到另一侧超过 {_SEARCHED_MIN:.0f} 分钟", f", and the way round takes more than {_SEARCHED_MIN:.0f} min"
        )
    return Said(f"，绕到另一侧要 {way_min:.0f} 分钟", f", and the way round takes {way_min:.0f} min")


def find_far_snaps(named: Named, check: SnapCheck) -> list[Finding]:
    """Say that the middle point of an input stands far from its street: the datum or the CRS may be wrong."""
    if not check.median_m > _FAR_M:
        return []
    return [
        Finding(
            "warning",
            "far from streets",
            named.key,
            Said(
                f"{named.what.zh}离道路普遍偏远：一半在 {check.median_m:.0f} 米以外",
                f"{named.what.en} lie far from the streets: half of them more than {check.median_m:.0f} m",
            ),
            Said(
                "请核对 datum（高德、腾讯为 gcj02，百度为 bd09）、坐标列，以及道路是否齐全",
                "check the datum (gcj02 for Amap and Tencent, bd09 for Baidu), the columns of the coordinates, and "
                "that the roads are complete",
            ),
        )
    ]


def find_twins(named: Named, points: gpd.GeoDataFrame, *, like: bool) -> list[Finding]:
    """Find places that were probably entered twice.

    Parameters
    ----------
    named, points
        The input.
    like
        Whether names that are merely similar count too; and places without a name on the very same spot.

    Returns
    -------
    list of Finding
        At most one, with the later place of each pair.
    """
    geometry = points.geometry.to_numpy()
    left, right = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=_SAME_NAME_M)
    once = left < right
    left, right = left[once], right[once]
    distance_m = shapely.distance(geometry[left], geometry[right])
    names = [_plain(name) for name in points["name"]] if "name" in points.columns else [""] * len(points)
    pairs = [
        (i, j, float(metres))
        for i, j, metres in zip(left.tolist(), right.tolist(), distance_m, strict=True)
        if _are_twins(names[i], names[j], float(metres), like=like)
    ]
    if not pairs:
        return []
    pairs.sort(key=lambda pair: (pair[1], pair[0]))
    ids = points["id"].astype(str).to_numpy()
    labels = [_label(points, j) for j in range(len(points))]
    shown = [f"{labels[i]} – {labels[j]} ({metres:.0f} m)" for i, j, metres in pairs[:3]]
    rest = " …" if len(pairs) > len(shown) else ""
    later = list(dict.fromkeys(j for _, j, _ in pairs))
    return [
        Finding(
            "warning",
            "entered twice",
            named.key,
            Said(
                f"{len(pairs):,} 对{named.what.zh}像是同一处登记了两次：{'；'.join(shown)}{rest}",
                f"{len(pairs):,} {'pair' if len(pairs) == 1 else 'pairs'} of {named.what.en} look like one place "
                f"entered twice: {'; '.join(shown)}{rest}",
            ),
            Said(
                "确是同一处就删去一行；否则把名称写得可以区分",
                "remove one row of each where it is the same place; else give them names that tell them apart",
            ),
            ids=tuple(map(str, ids[later])),
            where=points.geometry.iloc[later],
        )
    ]


def _are_twins(one: str, other: str, distance_m: float, *, like: bool) -> bool:
    if one and one == other:
        return True
    if not like:
        return False
    if distance_m <= _SAME_PLACE_M:
        return True
    alike = bool(one and other) and distance_m <= _LIKE_NAME_M
    return alike and SequenceMatcher(None, one, other, autojunk=False).ratio() >= _LIKE and not _numbered(one, other)


def _numbered(one: str, other: str) -> bool:
    """Whether two names differ in what tells places apart: 'No. 1' and 'No. 2', '东区' and '西区', 'A座' and 'B座'."""
    return _TELLING.findall(one) != _TELLING.findall(other)


def _plain(name: Any) -> str:
    """Return a name without what people write differently: width, case, blanks, brackets."""
    return "" if pd.isna(name) else _MARKS.sub("", unicodedata.normalize("NFKC", str(name))).casefold()


def _label(points: gpd.GeoDataFrame, row: int) -> str:
    record = points.iloc[row]
    name = record.get("name")
    return str(record["id"]) if name is None or pd.isna(name) else f"{record['id']} {name}"


def find_piles(named: Named, points: gpd.GeoDataFrame) -> list[Finding]:
    """Find spots where many points lie exactly on each other."""
    xy = np.round(shapely.get_coordinates(points.geometry.to_numpy()), 2)
    _, spot, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    piled = count[spot.ravel()] >= _PILE
    if not piled.any():
        return []
    spots = int((count >= _PILE).sum())
    return [
        Finding(
            "warning",
            "many on one spot",
            named.key,
            Said(
                f"{piled.sum():,} 个{named.what.zh}重叠在 {spots} 个完全相同的位置上，最多一处 {count.max():,} 个",
                f"{piled.sum():,} {named.what.en} lie on {spots} identical {'spot' if spots == 1 else 'spots'}, up to "
                f"{count.max():,} on one",
            ),
            Said(
                "多半是地址没有解析出来、都落到了默认位置：请核对这些行的坐标",
                "addresses that were not found often end at such a default place: check the coordinates of these rows",
            ),
            ids=tuple(map(str, points["id"][piled])),
            where=points.geometry[piled],
        )
    ]


def find_outside(
    named: Named, points: gpd.GeoDataFrame, outside: NDArray[np.bool_], region: Said, *, area: shapely.Geometry
) -> list[Finding]:
    """Say which points lie outside the region that counts; an error where all do."""
    if not outside.any():
        return []
    weight = Said("", "")
    if "demand" in points.columns:
        people = points["demand"].to_numpy(dtype=float)
        share = people[outside].sum() / people.sum() if people.sum() > 0 else 0.0
        weight = Said(f"，占需求的 {share:.1%}", f", {share:.1%} of the demand")
    away_m = float(shapely.distance(area, points.geometry.to_numpy()[outside]).max())
    every = bool(outside.all())
    return [
        Finding(
            "error" if every else "warning" if "demand" in points.columns and away_m >= _ROUNDING_M else "note",
            "outside",
            named.key,
            Said(
                f"{'全部 ' if every else ''}{outside.sum():,} 个{named.what.zh}在{region.zh}之外{weight.zh}，不计入；"
                f"最远 {_distance(away_m)}",
                f"{'all ' if every else ''}{outside.sum():,} {named.what.en} lie outside {region.en}{weight.en} and do "
                f"not count; the farthest {_distance(away_m)} away",
            ),
            Said(
                "请核对研究范围、datum 和坐标列" if every else "属于邻区可以不管；否则请核对坐标或研究范围",
                "check the study area, the datum and the columns of the coordinates"
                if every
                else "no harm if they belong to the neighbours; else check the coordinates or the study area",
            ),
            ids=tuple(map(str, points["id"][outside])),
            where=points.geometry[outside],
        )
    ]


def _distance(metres: float) -> str:
    return f"{metres / 1000:,.1f} km" if metres >= 1000 else f"{metres:.0f} m"  # noqa: PLR2004 - metres to a kilometre
