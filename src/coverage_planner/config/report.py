"""The table [report] of a plan file: what stands on the report's cover, and where the data come from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataNote:
    """One of [[report.data]]: what is known of an input besides what the file itself says.

    Attributes
    ----------
    file
        Name of the input file, as the plan file has it, without its folder.
    owner, date, licence
        Whose it is, the date that it describes, and under which terms it may be used; the report says 'not stated'
        where there is nothing.
    """

    file: str
    owner: str | None = None
    date: str | None = None
    licence: str | None = None


@dataclass(frozen=True)
class ReportSettings:
    """Table [report]: with it, `coverage-planner plan` writes report.html too.

    Attributes
    ----------
    title
        Heading of the cover; the plan's name where there is none.
    organisation, author, date
        Who answers for the report, and when; left blank to be filled in by hand where there is nothing.
    approval_number
        The map approval number (审图号); a line is left for it where there is none.
    boundary_source
        Where the boundaries on the maps come from.
    notes
        A paragraph of the planner's own, below the key figures.
    data
        What is known of the inputs.
    """

    title: str | None = None
    organisation: str | None = None
    author: str | None = None
    date: str | None = None
    approval_number: str | None = None
    boundary_source: str | None = None
    notes: str | None = None
    data: tuple[DataNote, ...] = ()
