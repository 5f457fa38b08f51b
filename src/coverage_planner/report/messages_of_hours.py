"""What is said of opening hours, calendars and timetables -> Chinese; the first pattern that fits counts."""

#: Pattern of a message -> what was found, and what to do; {0} and so on are the groups of the pattern.
HOURS: tuple[tuple[str, str, str], ...] = (
    (
        r"opening hours must be in the grammar of OpenStreetMap.*? of stations (\d+): (.*) \(by their ids\); .*",
        "{0} 个站点的开放时间无法识别，按未写明处理：{1}",
        "请写成“周一至周五 8:00-18:00”或 Mo-Fr 08:00-18:00",
    ),
    (
        r"opening hours should not depend on school holidays.*?at stations (\d+): (.*) \(by their ids\); .*",
        "{0} 个站点的开放时间提到学校假期（SH），没有校历可查，这些规则从不生效：{1}",
        "请改写为月份",
    ),
    (
        r"opening hours should not depend on the sun.*?at stations (\d+): (.*) \(by their ids\); .*",
        "{0} 个站点的开放时间随日出日落，按 7:00 日出、19:00 日落处理：{1}",
        "请写明钟点",
    ),
    (
        r"opening hours should say when they end.*?at stations (\d+): (.*) \(by their ids\); .*",
        "{0} 个站点的开放时间没有写明结束时间，不能确定是否开放，按不开放处理：{1}",
        "请补上结束时间",
    ),
    (
        (
            r"times at which a station is open should fill a slot of (\d+) minutes.*?at stations (\d+): (.*?) "
            r"\(by their ids\); choose slot_min = (\d+).*"
        ),
        "{1} 个站点有的开放时段填不满一个 {0} 分钟的时间格，不会计入：{2}",
        "请设 slot_min = {3}；仍填不满的，请把时间取整到一刻钟",
    ),
    (
        (
            r"times at which a station is open should fill a slot of (\d+) minutes.*?at stations (\d+): (.*) "
            r"\(by their ids\); round.*"
        ),
        "{1} 个站点有的开放时段填不满一个 {0} 分钟的时间格，不会计入：{2}",
        "请把时间取整到一刻钟",
    ),
    (
        r"stations that are open on certain dates.*?stations (\d+): (.*) \(by their ids\); .*",
        "{0} 个站点只在某些日期开放，而这些日期不在考察之列：{1}",
        "请在 [hours] dates 中加上其中一个日期",
    ),
    # calendars and the week
    (
        r"dates of (.*?) must be days such as 2025-10-03; not so \d+: (.*); correct.*",
        "{0} 中有的日期不是日期：{1}",
        "请写成 2025-10-03，或删去这些行",
    ),
    (
        r"dates of (.*?) must not repeat, got more than once \d+: (.*); .*",
        "{0} 中有日期重复：{1}",
        "请删去重复的行",
    ),
    (
        r"kinds of days in (.*?) must be .*?; not so \d+: (.*); correct.*",
        "{0} 中有的类型无法识别：{1}",
        "节假日请写“休”，调休上班日请写“班”",
    ),
    (
        r"a day of (.*?) must be a holiday or a make-up workday, got both for (\S+) in rows (\d+) and (\d+); .*",
        "{0} 中 {1} 既是节假日又是调休上班日（第 {2}、{3} 行）",
        "请删去其中一行",
    ),
    (
        r"make-up workdays of (.*?) must be Saturdays or Sundays, got \d+: (.*); .*",
        "{0} 中的调休上班日须为周六或周日，现有：{1}",
        "请更正日期",
    ),
    (
        r"(.*?) must name days of every year from (\d+) to (\d+), got none of \d+: (.*); .*",
        "{0} 从 {1} 年到 {2} 年中缺少：{3}",
        "请补上这些年份，或只给出较少的年份",
    ),
    (
        r"a date must lie in the years of the calendar, (\d+) to (\d+), got (\S+); .*",
        "日历只有 {0} 至 {1} 年，没有 {2}",
        "请换一个日期，或用 [hours] calendar 给出自己的日历（日期、类型两列，类型为 休 或 班）",
    ),
    (
        r"the week of (\S+) must have no holiday and no make-up workday, got \d+: (.*); .*",
        "{0} 所在的一周有节假日或调休上班日：{1}",
        "请换一周；这些日子可写在 [hours] dates 中",
    ),
    # timetables
    (
        r"a vehicle of (.*?) must be in one place at a time; in two at once (\d+): (.*); correct.*",
        "{0} 中有 {1} 处同一车辆同时停在两个地方：{2}",
        "请更正日期和时间，不同的车请用不同的名称；“周一至周五”含节假日，“工作日”不含",
    ),
    (
        r"(.*?) must have columns for arrival and departure, or for opening hours, got (.*); .*",
        "{0} 中没有到达、离开时间，也没有停靠时间，现有列：{1}",
        "请把列命名为 到达、离开 或 停靠时间，或用 columns 指明",
    ),
    # levels, services and profiles
    (
        r"satellites must have hubs to belong to; got (?:(\d+) satellites|new sites.*?) and no station .*",
        "没有一个站点的级别是服务中心，驿站（包括拟新增站点）无所归属",
        "请在级别一列标出服务中心，或去掉 most_satellites 和半径，并让没有服务中心的驿站计入覆盖",
    ),
    (
        r"levels of stations must be among .*?; not so in \d+: (.*); .*",
        "这些站点的级别既不是服务中心也不是驿站：{0}",
        "请更正，或留空",
    ),
    (
        r"stations that say nothing about their services count as offering none of them: (\d+): (.*); .*",
        "{0} 个站点没有写服务，按什么服务都不提供处理：{1}",
        "请填写服务一列，或给它们一个有服务的级别",
    ),
    (
        r"the profile over the day must have a row for every kind.*; it has \d+: (.*), and none for \d+: (.*); .*",
        "全天分布表缺少这些类型的行：{1}（现有 {0}）",
        "请补上，或加一行类型为空的，供其余类型使用",
    ),
)
