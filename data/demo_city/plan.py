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

[[mobile]]             # a service bus by day, a vending truck by night
file = "mobile_stops.csv"
datum = "gcj02"

[services]             # 5 + X: who reaches the five is fully served
counted = ["休息", "饮水", "充电", "热饭", "药品", "厕所", "法律援助", "淋浴"]
required = ["休息", "饮水", "充电", "热饭", "药品"]
cutoff_min = { "厕所" = 5, "法律援助" = 25 }

[hours]
week_of = "2025-09-17"                     # an ordinary week
dates = ["2025-10-03", "2025-09-28"]       # National Day's holiday, a Sunday that is worked instead
moments = ["We 12:00", "We 23:00"]
night = [22, 6]

[levels]               # 1 + N: each hub (服务中心) looks after at most five satellites (驿站) near it
most_satellites = 5
radius_m = 2000

[levels.satellite]     # what a new station will be, where nothing else is said
services = ["休息", "饮水", "充电", "热饭", "药品"]
opening_hours = "Mo-Su 08:00-22:00"
capacity = 15

[capacity]
people_per_place = 2   # an assumption: people stay half an hour, so a seat serves two in the hour that is looked at
at = "We 12:00"        # the busiest one
bands_min = [5, 10, 15]
band_weights = [1.0, 0.68, 0.22]

[[layers]]
name = "企业"
file = "firms.csv"
count = "workers"
unit = "家"
unit_en = "firms"
counted = "名职工"
counted_en = "workers"

[[layers]]
name = "组织"
file = "organisations.csv"
unit = "个"
unit_en = "organisations"

[[groups]]             # the first group is the headline: street workers on foot
name = "户外劳动者"
mode = "walk"
cutoff_min = 15
demand = { file = "demand_walkers.csv" }
profile = "demand_profiles.csv"

[[groups]]
name = "骑手"
mode = "ebike"
cutoff_min = 5
parking_min = 0.5
demand = { file = "demand_riders.csv" }
profile = "demand_profiles.csv"

[[groups]]             # by e-bike, and the last steps on foot
name = "快递员"
mode = "courier"
cutoff_min = 7
demand = { file = "demand_couriers.csv" }
profile = "demand_profiles.csv"

[[groups]]             # they drive past: the cutoff is the longest detour
name = "网约车司机"
mode = "drive"
cutoff_min = 4
parking_min = 1
profile = "profiles_ride_hailing.csv"
required = ["休息", "饮水", "厕所"]

[groups.main_roads]
per_km = { trunk = 3, primary = 5, secondary = 2 }
sum = 1500

[[groups]]
name = "货车司机"
mode = "truck"
cutoff_min = 5
parking_min = 2
profile = "profiles_trucks.csv"
required = ["休息", "饮水", "热饭"]

[groups.main_roads]
per_km = { trunk = 8, primary = 4, secondary = 1 }
sum = 600

[siting]
n_open = 5

[bands]
minutes = [5, 10, 15]

[report]               # with this table `plan` writes report.html too, which prints to PDF
title = "示范区服务站点规划报告"
organisation = "coverage_planner 示范（合成数据）"
boundary_source = "合成数据，不是真实的行政区划"

[[report.data]]
file = "roads.osm.pbf"
owner = "coverage_planner"
date = "2026-11"
licence = "MIT / CC0 1.0"
"""
