"""What is said of streets, people and plan files -> Chinese; the first pattern that fits counts."""

#: Pattern of a message -> what was found, and what to do; {0} and so on are the groups of the pattern.
PLANS: tuple[tuple[str, str, str], ...] = (
    (
        r"(\d+) of (\d+) cells of (.*?) have fewer than (\d+) records and are withheld.*?; (\S+) of (\S+) in sum.*",
        "{2}：{1} 个格子中有 {0} 个不足 {3} 条记录，为免追溯到个人不予显示；合计 {4} / {5}",
        "格子大一些，隐去的就少一些",
    ),
    (
        r"(\S+) of (\S+) (.*?) in (.*?) lies outside (.*?) and does not count",
        "{3}：{0} / {1} 的需求在研究范围之外，不计入",
        "请核对研究范围",
    ),
    # streets
    (
        (
            r"([\d.,]+) km of street have a road class that is not known and are closed.*?classes (.*?); "
            r".*"
        ),
        "{0} 公里道路的等级无法识别，按不通行处理：{1}",
        "请在 [roads] values 中写明对应的等级，或不用该列",
    ),
    (
        (
            r"the streets of (.*?) should hang together; they fall into (\d+) parts, and the largest "
            r"holds (\S+) of.*; try (.*)"
        ),
        "{0} 的道路断成 {1} 片，最大的一片只占长度的 {2}",
        "请试试：{3}",
    ),
    (
        r"roads of (.*?) should not be shorter than the straight line.*?; (\d+) of (\d+) are.*",
        "{0} 中 {1} / {2} 条道路的长度小于直线距离，已改用直线距离",
        "请更正长度",
    ),
    (
        r"areas should be one row each, but (\d+) rows have the name and the count of another, (.*?); .*",
        "有 {0} 行面的名称和人数与另一行相同：{1}；若是同一个面拆成的几块，人数会重复计算",
        "请先把它们合并成一行",
    ),
    (
        r"values\.oneway must map to one-way values of OpenStreetMap, got (.*?); use.*",
        "values.oneway 须对应 OpenStreetMap 的单行取值，现为 {0}",
        "请用 yes、no、-1、reversible 或 alternating",
    ),
    (
        r"(.*?) should have a column with the classes of its roads, got none that is known; .*",
        "{0} 中没有认出道路等级列，所有道路按各种方式都可通行处理",
        "请写明是哪一列：[roads] columns = {{ highway = '…' }}",
    ),
    (
        (
            r"every text of the column for (.*?) of (.*?) should be known; (.*?), in (\d+) rows, texts "
            r"(.*?); say.*"
        ),
        "{1} 的 {0} 列有 {3} 行的文字无法识别：{4}",
        "请在 [roads] values 中写明它们的含义",
    ),
    (
        r"an OpenStreetMap file must hold streets \(ways with a highway tag\), got none in (.*?); .*",
        "{0} 里没有道路",
        "请换一份含道路的 OpenStreetMap 文件",
    ),
    (
        r"at least one street must be open to (.*?)[,;] of (\d+) (?:streets )?none is.*",
        "{1} 条道路中没有一条允许“{0}”通行",
        "请检查 highway、access、foot、bicycle、motor_vehicle 各列",
    ),
    # people
    (
        r"a raster of people must be cut out by a study area, got none for (.*?); .*",
        "人口栅格 {0} 需要研究范围来截取",
        "请在方案中加上 [study_area]",
    ),
    (
        r"(.*?) must have cells with more than (\S+) people inside the study area, got none; .*",
        "{0} 在研究范围内没有超过 {1} 人的格子",
        "请降低 minimum，或核对范围",
    ),
    (
        r"(.*?) should cover the study area, (\S+) of it lies beyond the raster.*",
        "{0} 没有盖住研究范围：{1} 在栅格之外，没有需求",
        "请换整个区域的栅格",
    ),
    (
        r"(.*?) must cover the study area; .*",
        "{0} 没有盖住研究范围",
        "请换当地的栅格",
    ),
    (
        r"a population raster should have one band, (.*?) has (\d+).*",
        "{0} 有 {1} 个波段，只读取第一个",
        "若人数按年龄等分在各波段，请先相加",
    ),
    (
        r"cells of (.*?) must not be negative, got (\S+) in (.*?); .*",
        "{0} 有负值 {1}（{2}）",
        "若表示“无数据”，请在栅格中标为 nodata",
    ),
    (
        r"head counts of (.*?) must have streets to be spread over.*",
        "{0} 的人数要分摊到道路上，但道路读不出来",
        "请先更正 [roads]",
    ),
    (
        r"records of (.*?) must have streets to be counted on.*",
        "{0} 的记录要统计到道路上，但道路读不出来",
        "请先更正 [roads]",
    ),
    (
        r"areas should not overlap when their people are spread.*? in (.*?); people.*",
        "分摊人数的面互相重叠：{0}；那里的人可能算了两次",
        "请修正边界",
    ),
    (
        (
            r"areas should have a (?:street|building) over which their people are spread, none in (.*?); "
            r".*"
        ),
        "这些面里没有可分摊的道路或建筑：{0}；人数放在面内一点上",
        "请查看该处的图层",
    ),
    (
        r"areas should have a head count each, none is known of (.*?); .*",
        "这些面没有人数：{0}；不计需求",
        "请补填",
    ),
    # plan files
    (
        r"(.*?) must be TOML, got: (.*?); texts.*",
        "{0} 不符合 TOML 格式：{1}",
        "文字要加引号；Windows 路径用 '单引号' 或用 / 代替 \\",
    ),
    (
        r"(.*?) must be text in UTF-8, got other bytes; .*",
        "{0} 不是 UTF-8 编码",
        "请另存为 UTF-8",
    ),
    (
        r"the plan must be a readable file, got: (.*?); .*",
        "方案文件读不出来（{0}）",
        "请核对路径",
    ),
    (
        r"(.*?) has no key '(.*?)'(?:; did you mean '(.*?)'\?)?; its keys are (.*)",
        "{0} 没有键 {1}",
        "可用的键：{3}",
    ),
    (
        r"(.*?) must have (.*?), got (.*?); add them",
        "{0} 缺少 {1}",
        "请补上",
    ),
    (
        (
            r"(.*?) must be (one of .*?|a text in quotes|a path in quotes|true or false|a whole number|a "
            r"number|more than \S+|at least \S+), got (.*?); .*"
        ),
        "{0} 的值 {2} 不对，应为 {1}",
        "请更正",
    ),
)
