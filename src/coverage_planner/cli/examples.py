"""Examples of every command, for its help; the tests give each of them to the parser."""

from collections.abc import Mapping, Sequence

from coverage_planner.cli.language import Texts

#: Command -> what to type behind "coverage-planner", and what that does in Chinese and English.
EXAMPLES: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "demo": (
        ("demo", "在示范区上完成全部工作，写入 ./coverage-planner-demo", "the whole job, into ./coverage-planner-demo"),
        ("demo 演示 --open", "写入另一个文件夹，并在浏览器中打开地图", "into another folder; then open the map"),
        ("demo demo-en --language en --force", "英文，覆盖以前的结果", "in English, in place of earlier results"),
    ),
    "plan": (
        ("plan plan.toml --out results", "在自己的数据上完成全部工作", "the whole job on your own district"),
        ("plan plan.toml --out results --force --language en", "英文，覆盖以前的结果", "in English, again"),
        ("plan plan.toml --out results --rebuild", "重新构建路网", "build the street network anew"),
        ("plan plan.toml --out results --json", "供其他程序使用", "for other programs"),
    ),
    "propose": (
        ("propose plan.toml --out sites", "按方案文件选址", "as the plan says"),
        ("propose plan.toml --out sites --n-open 10 --gap 0.005", "新开 10 处", "ten new sites"),
        (
            "propose plan.toml --out sites --budget 80 --require P001 --forbid P100 P204",
            "按预算，必选和不选的场所",
            "a budget; premises that must and must not be chosen",
        ),
        (
            'propose plan.toml --out sites --n-open 6 --quota "subdistrict>=1" --quota "kind<=2:药店,银行网点"',
            "各街道、各类场所的数量",
            "so many in each subdistrict and of some kinds",
        ),
        (
            "propose plan.toml --out sites --stages 3,5,10 --alternatives 3 --within 0.01",
            "分期建设，并列出相近方案",
            "an opening order, and other plans nearly as good",
        ),
        ("propose plan.toml --out sites --model lscp --partial 0.95", "最少几处才够", "the fewest that do"),
        ("propose plan.toml --out sites --model p-median --n-open 5 --json", "平均时间最短", "the shortest mean way"),
    ),
    "check": (
        ("check plan.toml", "数据有什么问题", "what is wrong, on the screen"),
        ("check plan.toml --html check.html", "同上，写成一页带地图的网页", "the same as one page with a map"),
        (
            "check plan.toml --out check --force",
            "网页和 findings.csv、rejected.csv、remarks.csv",
            "the page with findings.csv, rejected.csv and remarks.csv",
        ),
        ("check plan.toml --json", "供其他程序使用", "for other programs"),
    ),
    "map": (
        ("map results", "重画地图，写入 results/map.html", "draw the map again, as results/map.html"),
        ("map results --out 地图.html --group 骑手", "骑手的地图", "the riders' map"),
        ("map results --out map-en.html --language en", "英文地图", "the map in English"),
        (
            'map results --out 公开.html --approval "赣S(2026)012号"',
            "标出地图审图号",
            "with the approval number that a map in print needs",
        ),
        ("map results --osm --open", "可打开在线底图；完成后打开网页", "an online base map to switch on; open it"),
    ),
    "compare": (
        ("compare plan-a plan-b --out 比较", "比较两个方案的结果", "the results of two plans, side by side"),
        (
            "compare plan-a plan-b plan-c --out 比较 --names 甲 乙 丙",
            "给各方案起名",
            "three plans, with names",
        ),
        (
            "compare plan.toml --sites P001,P017,P101 --out 比选",
            "比较几处候选场所",
            "candidate premises of a plan, side by side",
        ),
        (
            "compare plan.toml --out 比选 --open",
            "所选场所和可替代它们的",
            "the chosen premises and what could replace them",
        ),
    ),
    "report": (
        ("report results", "写出 results/report.html，可打印为 PDF", "write results/report.html, which prints as PDF"),
        (
            'report results --out 报告.html --approval "赣S(2026)012号"',
            "带审图号的报告",
            "with the approval number of its maps",
        ),
        ("report results --out report-en.html --language en --open", "英文报告，完成后打开", "in English; open it"),
    ),
    "notebooks": (
        ("notebooks 笔记本", "把五个笔记本和示范数据复制到文件夹“笔记本”", "copy the five notebooks and their data"),
        ("notebooks notebooks --force", "再复制一次，覆盖以前的", "copy them again, in place of the earlier ones"),
    ),
    "isochrones": (
        ("isochrones plan.toml --out 等时圈.gpkg", "各组时限内到得了的范围", "what each group reaches in time"),
        (
            "isochrones plan.toml --out bands.geojson --minutes 5,10,15 --group 骑手",
            "骑手 5、10、15 分钟",
            "one group, in bands",
        ),
    ),
    "gaps": (
        ("gaps plan.toml", "服务缺口及其原因", "gaps and their reasons, on the screen"),
        ("gaps plan.toml --out 缺口.gpkg --group 骑手", "骑手的缺口，供 GIS 使用", "those of one group, for a GIS"),
    ),
    "fetch": (
        ("fetch 南昌市西湖区 xihu", "按名称获取一个区", "a district by its name"),
        (
            "fetch 114.29,30.52,114.36,30.57 wuchang",
            "西、南、东、北（负数前写 --）",
            "west,south,east,north in degrees (before a minus write --)",
        ),
        (
            "fetch district.geojson mine --margin 3000",
            "文件中的边界，外扩 3 公里",
            "the outline of a file, and 3 km around it",
        ),
        ("fetch 南昌市西湖区 xihu --sets restaurants malls banks", "只要几类场所", "some kinds of places only"),
        (
            "fetch 南昌市西湖区 xihu --overpass https://overpass.example.org/api",
            "另一个服务器",
            "another server",
        ),
    ),
    "clip": (
        (
            "clip china-latest.osm.pbf wuchang.osm.pbf --area district.geojson --margin 3000",
            "边界及外扩 3 公里",
            "an outline, and 3 km around it",
        ),
        (
            "clip china-latest.osm.pbf wuchang.osm.pbf --area districts.gpkg --where name=武昌区,洪山区",
            "图层中的两个区",
            "two districts of a layer",
        ),
        (
            "clip china-latest.osm.pbf xihu.osm.pbf --area 区划.xlsx --sheet 区界 --where 名称=西湖区",
            "表格中的一个区",
            "one district of a workbook",
        ),
    ),
    "network": (
        ("network district.osm.pbf net", "建好路网，供多个方案使用", "build a network once, for several plans"),
        (
            "network district.osm.pbf net --modes walk,ebike,truck",
            "只要几种出行方式",
            "for some ways of travelling only",
        ),
    ),
}


def write_examples(command: str, say: Texts) -> str:
    """Return the examples of a command for its help: what a line does, and under it what to type."""
    lines = [say("例：", "examples:")]
    for line, zh, en in EXAMPLES[command]:
        lines += [f"  {say(zh, en)}", f"    coverage-planner {line}"]
    return "\n".join(lines)
