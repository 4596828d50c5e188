"""Whether an evaluation, or its refusal, is about a table: what proves that a probe does what it says.

In: what evaluation made of a record, and the site of a table. Out: whether it hit the row named, or was refused for want of what the table reads.
"""

from __future__ import annotations

from indicator_rules.errors import RecordError
from indicator_rules.evaluation import Evaluation
from indicator_rules.messages import Words
from indicator_rules.plan import Choice
from indicator_rules.probing.sites import Site


def blamed(error: RecordError, site: Site) -> bool:
    """Whether a record was refused for want of what the table of `site` reads."""
    if site.criterion is None and not site.key.startswith("adjustments."):
        return True
    labels = [problem.values.get("label") for problem in error.problems]
    owners = [label.parts[0] if isinstance(label, Words) else label for label in labels]
    if site.criterion is not None:
        return any(owner is site.criterion.label for owner in owners)
    return bool(owners)


def hits(found: Evaluation, site: Site, row: str, entry: str | None) -> bool:
    """Whether an evaluation hit `row` of the table of `site`, as far as an evaluation tells; `entry` is that of a table over entries."""
    criterion = site.criterion
    if criterion is None:
        if site.key.startswith("adjustments."):
            applied = any(f"adjustments.{one.id}" == site.key for one in found.adjustments)
            return applied == (row == "apply") or row == "absent"
        if site.key == "grades":
            award = site.leaf.row(row).award
            return isinstance(award, Choice) and found.grade_position == award.position
        return True
    result = found[criterion.id]
    if site.scale is None:
        return (result.row == "not_applicable") == (row == "no")
    if site.kind is None:
        if site.scale is criterion.scale:
            return result.row == row
        return (
            any(
                part.scale is site.scale and one[0] == row
                for part, one in zip(criterion.scale.parts, result.item_rows, strict=False)
            )
            or (result.row == "absent" and row == "absent")
            or not any(part.scale is site.scale for part in criterion.scale.parts)
        )
    rows = [one.row for one in result.entries if one.id == entry]
    own = criterion.entries is not None and any(scale is site.scale for _, scale in criterion.entries.scales)
    return row in rows if own else bool(rows)
