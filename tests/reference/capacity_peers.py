"""What other packages make of one case: floating catchments of PySAL access, Gini coefficients of PySAL inequality.

The figures stand in capacity_peers.json. To make them again::

    pip install access==1.1.10 inequality==1.1.2
    python tests/reference/capacity_peers.py
"""

import json
from pathlib import Path

FIGURES = Path(__file__).with_suffix(".json")
N_FACILITIES, N_POINTS = 7, 40
BANDS_S, WEIGHTS = [300, 600, 900], [1.0, 0.68, 0.22]


def draw_case():
    """Seconds of each pair, facilities in rows; people of each point; places of each facility: all whole numbers."""
    seconds = [[(i * i * 37 + j * 211 + i * j * 53) % 1400 for i in range(N_POINTS)] for j in range(N_FACILITIES)]
    return seconds, [1 + (i * 7) % 13 for i in range(N_POINTS)], [5 + (j * 11) % 17 for j in range(N_FACILITIES)]


def main():
    import pandas as pd
    from access.fca import two_stage_fca
    from access.weights import step_fn
    from inequality.gini import Gini

    seconds, people, places = draw_case()
    demand = pd.DataFrame({"geoid": range(N_POINTS), "demand": people}).set_index("geoid")
    supply = pd.DataFrame({"geoid": range(N_FACILITIES), "supply": places}).set_index("geoid")
    cost = pd.DataFrame(
        [
            {"origin": i, "dest": j, "cost": seconds[j][i]}
            for j in range(N_FACILITIES)
            for i in range(N_POINTS)
            if seconds[j][i] <= BANDS_S[-1]
        ]
    )

    def access(weight_fn):
        found = two_stage_fca(
            demand, supply, cost, max_cost=BANDS_S[-1], demand_index=True, supply_index=True, weight_fn=weight_fn
        )
        return [float(found.get(i, 0.0)) for i in range(N_POINTS)]

    figures = {
        "e2sfca": access(step_fn(dict(zip(BANDS_S, WEIGHTS, strict=True)))),
        "2sfca": access(None),
        "gini": [float(Gini(row).g) for row in seconds],
    }
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
