"""What is wrong between areas, on drawn cases whose sizes are known."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, CrsError, InputError
from coverage_planner.sources.area_topology import find_area_problems
from coverage_planner.sources.areas import read_areas

CRS = "EPSG:32650"
X0, Y0 = 500_000.0, 3_400_000.0


def box(west, south, east, north):
    return shapely.box(X0 + west, Y0 + south, X0 + east, Y0 + north)


def areas_of(*shapes):
    ids = [chr(ord("A") + row) for row in range(len(shapes))]
    return gpd.GeoDataFrame({"id": ids, "name": ids}, geometry=list(shapes), crs=CRS)


def told(problems):
    return [
        (problem, ids, round(area, 3))
        for problem, ids, area in zip(problems["problem"], problems["ids"], problems["area_m2"], strict=True)
    ]


def test_neighbours_that_share_their_border_are_right():
    grid = [box(100 * x, 100 * y, 100 * x + 100, 100 * y + 100) for x in range(3) for y in range(3)]
    problems = find_area_problems(areas_of(*grid))
    assert problems.empty
    assert list(problems.columns) == ["problem", "ids", "area_m2", "geometry"]
    assert problems.crs == CRS
    # so are areas that meet in a point, or lie apart
    assert find_area_problems(areas_of(box(0, 0, 100, 100), box(100, 100, 200, 200), box(900, 0, 950, 50))).empty


def test_overlaps_wide_and_narrow():
    areas = areas_of(box(0, 0, 100, 100), box(80, 0, 200, 100), box(0, 99, 100, 200))
    problems = find_area_problems(areas)
    assert told(problems) == [("overlap", "A; B", 2000), ("sliver", "A; C", 100), ("sliver", "B; C", 20)]
    assert problems.geometry[0].equals(box(80, 0, 100, 100))
    # what is a sliver is said
    assert told(find_area_problems(areas, sliver_m=0.5))[1] == ("overlap", "A; C", 100)
    assert told(find_area_problems(areas, sliver_m=25))[0][0] == "sliver"


def test_an_overlap_in_two_parts_is_two_problems():
    comb = shapely.union_all([box(0, 0, 10, 100), box(0, 0, 100, 20), box(0, 80, 100, 100)])
    overlaps = [("overlap", "A; B", 1000)] * 2
    assert told(find_area_problems(areas_of(comb, box(50, 0, 200, 100)))) == [*overlaps, ("hole", "A; B", 2400)]


def test_an_area_inside_another_overlaps_it():
    assert told(find_area_problems(areas_of(box(0, 0, 100, 100), box(20, 20, 40, 40)))) == [("overlap", "A; B", 400)]


def test_duplicates():
    square = box(0, 0, 100, 100)
    areas = areas_of(square, square, box(0, 0, 101, 100), box(0, 0, 120, 100))
    assert told(find_area_problems(areas)) == [
        ("duplicate", "A; B", 10_000), ("duplicate", "A; C", 10_000), ("duplicate", "B; C", 10_000),
        ("overlap", "C; D", 10_100), ("overlap", "A; D", 10_000), ("overlap", "B; D", 10_000),
    ]  # fmt: skip


def test_holes_that_areas_enclose():
    ring = [box(0, 0, 300, 100), box(0, 200, 300, 300), box(0, 100, 100, 200), box(200, 100, 300, 200)]
    problems = find_area_problems(areas_of(*ring))
    assert told(problems) == [("hole", "A; B; C; D", 10_000)]
    assert problems.geometry[0].equals(box(100, 100, 200, 200))
    # an area on an island in the hole, and one that touches nobody
    assert told(find_area_problems(areas_of(*ring, box(140, 140, 160, 160)))) == [("hole", "A; B; C; D; E", 9600)]
    assert find_area_problems(areas_of(*ring, box(100, 100, 200, 200))).empty
    one = areas_of(shapely.difference(box(0, 0, 100, 100), box(40, 40, 60, 60)))
    assert told(find_area_problems(one)) == [("hole", "A", 400)]


@pytest.mark.parametrize("angle", [0, 33])
def test_narrow_gaps_between_two_areas(angle):
    left, right = box(0, 0, 100, 100), box(101, 0, 200, 100)
    turned = [shapely.affinity.rotate(shape, angle, origin=(X0, Y0)) for shape in (left, right)]
    assert told(find_area_problems(areas_of(*turned))) == [("sliver", "A; B", 100)]
    # wider than a sliver: the border of the city may well run so
    assert find_area_problems(areas_of(*turned), sliver_m=0.9).empty
    # between two parts of one area
    assert find_area_problems(areas_of(shapely.MultiPolygon(turned))).empty


def test_an_enclosed_narrow_gap_is_a_sliver():
    shapes = [box(0, 0, 100, 100), box(102, 0, 200, 100), box(0, 100, 200, 200), box(0, -100, 200, 0)]
    assert told(find_area_problems(areas_of(*shapes))) == [("sliver", "A; B; C; D", 200)]


def test_sharp_corners_of_the_outline_are_no_gaps():
    wedge = shapely.Polygon([(X0, Y0), (X0 + 300, Y0), (X0 + 300, Y0 + 60)])
    mirrored = shapely.Polygon([(X0, Y0), (X0 + 300, Y0 + 100), (X0 + 300, Y0 + 200), (X0, Y0 + 300)])
    assert find_area_problems(areas_of(wedge, mirrored)).empty


def test_a_study_area_shows_what_no_area_covers():
    areas = areas_of(box(0, 0, 100, 100), box(101, 0, 200, 100))
    study = gpd.GeoDataFrame(geometry=[box(-50, 0, 200, 102)], crs=CRS)
    problems = find_area_problems(areas, study_area=study)
    assert told(problems) == [("hole", "A; B", 250 * 102 - 100 * 199)]
    assert find_area_problems(areas_of(box(-50, 0, 200, 102)), study_area=study.to_crs(4326)).empty


def test_rounding_is_not_told():
    nearly = shapely.transform(box(100, 0, 200, 100), lambda xy: xy + np.array([0.001, 0.0]))
    assert find_area_problems(areas_of(box(0, 0, 100, 100), nearly)).empty
    assert find_area_problems(areas_of(box(0, 0, 100, 100), box(99.999, 0, 200, 100))).empty


def test_arguments_that_cannot_be():
    square = areas_of(box(0, 0, 100, 100))
    for wrong in (0, 0.05, np.inf, np.nan):
        with pytest.raises(ConfigError, match=r"sliver_m must be above 0\.05 m"):
            find_area_problems(square, sliver_m=wrong)
    with pytest.raises(CrsError, match="areas must be in a projected CRS"):
        find_area_problems(square.to_crs(4326))
    bowtie = shapely.Polygon([(X0, Y0), (X0 + 9, Y0 + 9), (X0 + 9, Y0), (X0, Y0 + 9)])
    with pytest.raises(InputError, match="must be valid polygons, those of 1: B cross themselves"):
        find_area_problems(areas_of(box(0, 0, 9, 9), bowtie))


@given(
    corners=st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=6
    )
)
@settings(max_examples=60, deadline=None)
def test_rectangles_on_a_grid_against_counting_its_squares(corners):
    """Rectangles of whole squares of 100 m: every overlap and enclosed hole can be counted square by square."""
    rectangles = [(x, y, x + w, y + h) for x, y, w, h in dict.fromkeys(corners)]
    areas = areas_of(*(box(*(100 * side for side in sides)) for sides in rectangles))
    problems = find_area_problems(areas)
    covers = np.zeros((len(rectangles), 22, 22), dtype=bool)
    for row, (west, south, east, north) in enumerate(rectangles):
        covers[row, west + 1 : east + 1, south + 1 : north + 1] = True
    shared = [
        (100.0**2 * np.logical_and(covers[a], covers[b]).sum(), f"{areas['id'][a]}; {areas['id'][b]}")
        for a in range(len(rectangles))
        for b in range(a + 1, len(rectangles))
    ]
    overlapping = problems[problems["problem"] != "hole"]
    assert set(overlapping["problem"]) <= {"overlap"}
    assert sorted(zip(overlapping["area_m2"].round(3), overlapping["ids"], strict=True)) == sorted(
        (area, ids) for area, ids in shared if area
    )
    outside = np.zeros((22, 22), dtype=bool)
    outside[0, 0] = True
    covered = covers.any(axis=0)
    for _ in range(22 * 22):
        grown = outside.copy()
        grown[1:] |= outside[:-1]
        grown[:-1] |= outside[1:]
        grown[:, 1:] |= outside[:, :-1]
        grown[:, :-1] |= outside[:, 1:]
        grown &= ~covered
        if (grown == outside).all():
            break
        outside = grown
    holes = problems[problems["problem"] == "hole"]
    assert holes["area_m2"].sum() == pytest.approx(100.0**2 * (~covered & ~outside).sum())


@pytest.mark.real_data
def test_districts_of_ten_cities(real_data):
    path = real_data / "areas" / "districts.gpkg"

    def problems_of(city):
        areas = read_areas(path, where={"city": [city]}, columns={"id": "gb"})
        return find_area_problems(areas)["problem"].tolist()

    assert problems_of("Nanjing") == []
    assert problems_of("Wuhan") == ["hole"]  # 0.44 km² inside one district
    assert problems_of("Zhanjiang") == ["hole"] * 3
