"""What lies around the stations besides street workers: firms with their workers, organisations."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from shapely import Point, Polygon

from demo_city.areas import Community
from demo_city.blocks import Block, BlockKind, Contents
from demo_city.demand import Place, front_spot, spot
from demo_city.names import Pairs

#: Kind of firm -> number, workers of a typical one, and where it is, by what stands on a block.
FIRMS: Mapping[str, tuple[int, float, Mapping[BlockKind, float]]] = {
    "餐饮": (180, 7.0, {"commercial": 1.6, "old town": 1.1, "urban village": 0.8, "compounds": 0.3, "offices": 0.5}),
    "零售": (240, 4.0, {"commercial": 1.8, "old town": 1.0, "urban village": 0.7, "compounds": 0.4, "offices": 0.3}),
    "物流": (60, 22.0, {"industry": 1.2, "urban village": 0.2, "vacant": 0.1}),
    "制造": (70, 60.0, {"industry": 1.0}),
    "商务服务": (150, 14.0, {"offices": 2.0, "commercial": 0.6, "old town": 0.1}),
    "信息技术": (60, 25.0, {"offices": 1.6, "industry": 0.2}),
    "居民服务": (140, 5.0, {"compounds": 0.6, "old town": 0.8, "urban village": 0.6, "commercial": 0.5}),
}  # fmt: skip
FIRM_ENDINGS: Mapping[str, str] = {
    "餐饮": "餐饮管理有限公司", "零售": "商贸有限公司", "物流": "物流有限公司", "制造": "制造有限公司",
    "商务服务": "商务服务有限公司", "信息技术": "信息技术有限公司", "居民服务": "生活服务有限公司",
}  # fmt: skip
UNION, PARTY, SOCIAL, TRADE = "工会", "党群服务", "社会组织", "行业协会"
N_SOCIAL, N_TRADE = 40, 14


def make_firms(
    blocks: Sequence[Block], contents: Sequence[Contents], study: Polygon, rng: np.random.Generator
) -> list[Place]:
    """Return firms inside the study area; `people` are the workers of each."""
    names = Pairs(rng)
    firms: list[Place] = []
    usable = [(b, c) for b, c in zip(blocks, contents, strict=True) if b.in_study and len(b.front.geoms)]
    for kind, (count, workers, density) in FIRMS.items():
        wanted = np.array([density.get(block.kind, 0.0) * block.shape.area for block, _ in usable])
        for n in sorted(rng.choice(len(usable), count, p=wanted / wanted.sum()).tolist()):
            people = max(round(workers * rng.lognormal(0.0, 0.7)), 1)
            at = spot(*usable[n], kind, rng)
            while not study.contains(Point(at)):
                at = spot(*usable[n], kind, rng)
            firms.append(Place(names.take() + FIRM_ENDINGS[kind], kind, at, people))
    return firms


def make_organisations(
    blocks: Sequence[Block], communities: Sequence[Community], rng: np.random.Generator
) -> list[Place]:
    """Return organisations: a union in each subdistrict, a Party centre in each community, and clubs."""
    fronted = [block for block in blocks if block.in_study and len(block.front.geoms)]
    lively = [block for block in fronted if block.kind in ("commercial", "offices", "old town", "urban village")]
    study = shapely.union_all([community.shape for community in communities])
    names = Pairs(rng)

    def near(community: Community) -> tuple[float, float]:
        middle = community.shape.centroid
        return within([min(fronted, key=lambda b: float(middle.distance(b.shape.representative_point())))])

    def within(choice: Sequence[Block]) -> tuple[float, float]:
        while True:
            at = front_spot(choice[int(rng.integers(len(choice)))], rng)
            if study.contains(Point(at)):
                return at

    first = {community.subdistrict: community for community in reversed(communities)}
    return [
        *(Place(f"{name}总工会", UNION, near(first[name])) for name in sorted(first)),
        *(Place(f"{community.name}党群服务中心", PARTY, near(community)) for community in communities),
        *(Place(f"{names.take()}志愿服务队", SOCIAL, within(lively)) for _ in range(N_SOCIAL)),
        *(Place(f"{names.take()}行业协会", TRADE, within(lively)) for _ in range(N_TRADE)),
    ]
