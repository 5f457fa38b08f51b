"""The table of hours as a sheet of summary.xlsx: one row per day, one column per time of day, coloured by share."""

import pandas as pd

from coverage_planner.report.hour_rows import clock

#: What stands in front of the times of day.
FIRST = ("scenario", "group", "service", "cutoff_min", "day", "day_kind")
_MIN_PER_HOUR = 60


def spread_hours(by_hour: pd.DataFrame) -> pd.DataFrame:
    """Put the shares of a day into one row.

    Parameters
    ----------
    by_hour
        The table ``by_hour`` of the results.

    Returns
    -------
    pandas.DataFrame
        Columns `FIRST` and one per time of day, such as '6:00' (when the slot begins), with ``covered_demand_share``,
        then ``note`` where the table has it; rows in the order of the table.
    """
    minutes = (by_hour["hour"] * _MIN_PER_HOUR).round().astype(int)
    times = {minute: clock(minute) for minute in sorted(minutes.unique())}
    keys = list(FIRST)
    rows = by_hour.assign(time=minutes.map(times), row=by_hour.groupby(keys, dropna=False, sort=False).ngroup())
    shares = rows.pivot_table(
        index="row", columns="time", values="covered_demand_share", aggfunc="first", dropna=False, sort=False
    ).reindex(columns=list(times.values()))
    first = rows.drop_duplicates("row").set_index("row")[keys]
    wide = first.join(shares)
    if "note" in rows:
        wide = wide.join(rows.drop_duplicates("row").set_index("row")["note"])
    return wide.reset_index(drop=True)
