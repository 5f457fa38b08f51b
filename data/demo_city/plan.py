"""The plan file of the demo."""

PLAN = """\
# 示范区 (Demo District): SYNTHETIC DATA. The city, its people and its stations do not exist.
# Made by data/make_demo_city.py; all files are described in data/README.md.
name = "示范区"
language = "zh"
synthetic = true

[roads]
file = "roads.osm.pbf"
attribution = "合成数据 synthetic, made by data/make_demo_city.py"

[study_area]
file = "study_area.geojson"

[communities]
file = "communities.geojson"

[facilities]
file = "stations.csv"
datum = "gcj02"        # as read off an online map

[premises]
file = "premises.csv"

[[groups]]             # the first group is the headline: street workers on foot
name = "户外劳动者"
mode = "walk"
cutoff_min = 15
demand = { file = "demand_walkers.csv" }

[[groups]]
name = "骑手"
mode = "ebike"
cutoff_min = 5
demand = { file = "demand_riders.csv" }

[siting]
n_open = 5

[bands]
minutes = [5, 10, 15]
"""
