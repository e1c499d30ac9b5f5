"""What ``findspecs`` has found: for people, by file and line, and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..findspecs.observed import Observed
from ..findspecs.report import Asked, Report
from ..findspecs.uses import Use
from ..findspecs.wagtails import ADMIN_ID
from .listing import relative
from .tables import GAP, Cell
from .wording import counted


def as_json(report: Report, observed: Sequence[Observed]) -> dict[str, Any]:
    """The report as plain data. A spec that is not registered is an error of the template that names it."""
    return {
        "specs": [
            {
                "filter_spec": asked.filter_spec,
                "uses": [_use(use) for use in asked.uses],
                "covered_by": list(asked.covered_by),
                "near": list(asked.near),
            }
            for asked in report.asked
        ],
        "dynamic": [_use(use) for use in report.dynamic],
        "errors": [
            *({"template": relative(each.template), "error": each.error} for each in report.troubles),
            *(
                {"template": relative(each.use.template), "error": _unknown_sentence(each.use, each.near)}
                for each in report.unknown
            ),
        ],
        "observed": [
            {"filter_spec": each.filter_spec, "renditions": each.renditions, "near": list(each.near)}
            for each in observed
        ],
    }


def _use(use: Use) -> dict[str, Any]:
    return {"template": relative(use.template), "line": use.line, "tag": use.tag}


def _unknown_sentence(use: Use, near: Sequence[str]) -> str:
    meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
    return (
        f"Line {use.line}: {{% {use.tag} %}} names the spec {use.spec_id!r}, which is not registered{meant}"
    )


# For people -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    template: str
    line: int
    tag: str
    filter_spec: str
    spec: Cell


def lines(
    report: Report, observed: Sequence[Observed], *, style: Any, only_uncovered: bool = False
) -> list[str]:
    """Everything found, or with ``only_uncovered`` what no spec covers; then what it comes to."""
    rows = [
        _Row(use.template, use.line, use.tag, asked.filter_spec, _covered(asked, style))
        for asked in (report.uncovered if only_uncovered else report.asked)
        for use in asked.uses
    ]
    rows += [
        _Row(
            each.use.template, each.use.line, each.use.tag, each.use.spec_id, _unregistered(each.near, style)
        )
        for each in report.unknown
    ]
    found = _by_file(rows, style)
    if not only_uncovered:
        found += _dynamic(report.dynamic, style)
    found += _section(
        "Cannot be read",
        [f"{relative(each.template)}: {each.error}" for each in report.troubles],
        style.ERROR,
    )
    if not only_uncovered:
        found += _observed(observed, style)
    return [*found, *_summary(report, style), *_admin(report.admin)]


def _covered(asked: Asked, style: Any) -> Cell:
    if asked.covered_by:
        return Cell(", ".join(asked.covered_by), style.SUCCESS)
    near = f"; almost {', '.join(asked.near)}" if asked.near else ""
    return Cell(f"no spec{near}", style.ERROR)


def _unregistered(near: Sequence[str], style: Any) -> Cell:
    meant = f"; almost {', '.join(near)}" if near else ""
    return Cell(f"no such spec{meant}", style.ERROR)


def _by_file(rows: Sequence[_Row], style: Any) -> list[str]:
    """One block a file, in the order in which they were found; columns stand in line throughout."""
    by_file: dict[str, list[_Row]] = {}
    for row in rows:
        by_file.setdefault(row.template, []).append(row)
    widths = [
        max((len(str(getattr(row, name))) for row in rows), default=0)
        for name in ("line", "tag", "filter_spec")
    ]
    gap = " " * GAP
    found: list[str] = []
    for template, several in by_file.items():
        found.append(style.MIGRATE_HEADING(relative(template)))
        before: tuple[int, str] | None = None
        for row in sorted(several, key=lambda row: row.line):
            said = (row.line, row.tag)
            line, tag = (str(row.line or ""), row.tag) if said != before else ("", "")
            before = said
            cells = (line.rjust(widths[0]), tag.ljust(widths[1]), row.filter_spec.ljust(widths[2]))
            found.append(f"{gap}{gap.join(cells)}{gap}{row.spec.style(row.spec.text)}")
        found.append("")
    return found


def _dynamic(uses: Sequence[Use], style: Any) -> list[str]:
    shown = ["  ".join(filter(None, (relative(use.place), use.tag, use.note))) for use in uses]
    return _section("Known only when a page is rendered", shown, style.MIGRATE_HEADING)


def _observed(observed: Sequence[Observed], style: Any) -> list[str]:
    width = max((len(f"{each.renditions:,}") for each in observed), default=0)
    shown = [
        f"{each.renditions:>{width},}  {each.filter_spec}"
        + (f"  (almost {', '.join(each.near)})" if each.near else "")
        for each in observed
    ]
    return _section("Renditions that there are, and nothing above asks for", shown, style.MIGRATE_HEADING)


def _section(head: str, shown: Sequence[str], style: Any) -> list[str]:
    return [style(head), *(f"{' ' * GAP}{line}" for line in shown), ""] if shown else []


def _summary(report: Report, style: Any) -> list[str]:
    files = len({use.template for asked in report.asked for use in asked.uses})
    asked = f"{counted(len(report.asked), 'filter spec')} in {counted(files, 'file')}"
    if not (report.asked or report.unknown):
        return ["Nothing is found that asks for a rendition."]
    if report.is_complete:
        return [f"{style.SUCCESS('Every filter spec is covered.')} {asked}."]
    parts = [f"no spec covers {len(report.uncovered):,}"] if report.uncovered else []
    parts += [f"{counted(len(report.unknown), 'tag')} with an unknown spec"] if report.unknown else []
    sentence = f"{asked}: {style.ERROR(', '.join(parts))}."
    return [f"{sentence} findspecs --as-hook writes what would." if report.uncovered else sentence]


def _admin(admin: Sequence[Asked]) -> list[str]:
    uncovered = [asked for asked in admin if not asked.covered_by]
    sentence = f"Wagtail's own admin asks for {counted(len(admin), 'filter spec')} besides"
    if not uncovered:
        covering = dict.fromkeys(id_ for asked in admin for id_ in asked.covered_by)
        by = ADMIN_ID if all(ADMIN_ID in asked.covered_by for asked in admin) else ", ".join(covering)
        return [f"{sentence}, covered by {by}."]
    how_many = "none of them" if len(uncovered) == len(admin) else f"{len(admin) - len(uncovered)} of them"
    return [f"{sentence}, {how_many} covered: the ADMIN_SPEC setting has all of them made ahead."]
