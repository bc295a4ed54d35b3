"""Two runs that are in memory, made to call the same item by the same name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cajajejo.comparison.in_memory.cells import ComparisonInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.comparison.in_memory.tables import Table

HOW: Final = {"id": "a column id", "index": "an index", "position": "their places alone"}
"""What names the items of a run, for people."""


def aligned(a: Table, b: Table) -> tuple[Table, Table]:
    """Both, their items called alike: by id, by the labels of two indexes, else by their places.

    Raises:
        ComparisonInputError: one has ids and the other one has none, they have different numbers of items where these
            have no names, or other columns of scores.
    """
    _refuse_other_metrics(a, b)
    how = {a.keyed_by, b.keyed_by}
    if len(how) > 1 and "id" in how:
        facts = {"a has": HOW[a.keyed_by], "b has": HOW[b.keyed_by]}
        raise ComparisonInputError("the items of one run have ids, and those of the other one none", facts=facts)
    if "id" in how or (how == {"index"} and not (_is_counted(a) and _is_counted(b))):
        return a, b
    counts = len(a.items), len(b.items)
    if counts[0] != counts[1]:
        facts = {"to pair by name": "give both an index, or a column id"}
        raise ComparisonInputError(f"a has {counts[0]} items and b has {counts[1]}: they pair by place", facts=facts)
    return _by_position(a), _by_position(b)


def refuse_without_ids(table: Table | None, name: str) -> None:
    """Returns where the items of a run, None for an evaluation, can be found in an evaluation.

    Raises:
        ComparisonInputError: they cannot: they have no ids.
    """
    if table is not None and table.keyed_by != "id":
        facts = {f"{name} has": HOW[table.keyed_by], "give it": "a column id (and scenario, where there are several)"}
        raise ComparisonInputError(f"{name} has no ids, by which alone it pairs with an evaluation", facts=facts)


def _refuse_other_metrics(a: Table, b: Table) -> None:
    if not (a.wide and b.wide and a.metrics != b.metrics):
        return
    only = {"only in a": a.metrics - b.metrics, "only in b": b.metrics - a.metrics}
    facts = {where: ", ".join(sorted(names)) for where, names in only.items() if names}
    raise ComparisonInputError("a and b have other columns of scores", facts={**facts, "choose": "with metrics=[…]"})


def _is_counted(table: Table) -> bool:
    """Whether its index is that which rows get when nobody gives them one."""
    return all(text == str(place) for place, text in enumerate(table.items))


def _by_position(table: Table) -> Table:
    if table.keyed_by == "position":
        return table
    places = {text: str(place) for place, text in enumerate(table.items)}
    return replace(table, keyed_by="position", ids=[places[text] for text in table.ids])


def grouped(a: Table, b: Table, names: Sequence[str | None], index: Sequence[str] | None) -> tuple[Table, Table]:
    """Both, each item in the group of its name, by the labels of `index` or in the order of the items of `a`.

    Raises:
        ComparisonInputError: there are more or fewer groups than items, or an item has none by its label.
    """
    if a.keyed_by == "id":
        raise ComparisonInputError("groups of items with ids are a column; groups= is its name")
    items = a.items
    if a.keyed_by == "index" and index is not None:
        group_of = dict(zip(index, names, strict=True))
        missing = next((item for item in items if item not in group_of), None)
        if missing is not None:
            raise ComparisonInputError(f"groups has no {missing} in its index, and a has")
    elif len(names) != len(items):
        raise ComparisonInputError(f"groups has {len(names)} values, and a has {len(items)} items")
    else:
        group_of = dict(zip(items, names, strict=True))
    return _in_groups(a, group_of), _in_groups(b, group_of)


def _in_groups(table: Table, group_of: Mapping[str, str | None]) -> Table:
    return replace(table, texts={**table.texts, "group": [group_of.get(item) for item in table.ids]})
