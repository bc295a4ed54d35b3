"""A matrix: one job config that stands for many, one for each combination of the values of its axes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, Field

from cajajejo import overrides, validation
from cajajejo.errors import FileProblemsError, Problem
from cajajejo.overrides import Placed
from cajajejo.validation import NonEmptyText, StrictModel, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cajajejo.yamlfile import Document, Location

_AXES: Location = ("matrix", "axes")


def _check_axis(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("an axis needs values")
    written = [as_text(value) for value in values]
    twice = next((value for index, value in enumerate(written) if value in written[:index]), None)
    if twice is not None:
        raise ValueError(f"a value stands twice: {twice!r:.60}")
    return values


def _check_axes(axes: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    if not axes:
        raise ValueError("a matrix needs axes\nfor example helm.suite: [v1, v2]")
    return axes


class Matrix(StrictModel):
    """One job for each combination of values."""

    axes: Annotated[
        dict[NonEmptyText, Annotated[tuple[Any, ...], AfterValidator(_check_axis)]], AfterValidator(_check_axes)
    ] = Field(
        description="Fields, as --set names them, and the values that each takes in turn",
        examples=[{"helm.suite": ["v1", "v2"]}],
    )
    exclude: tuple[dict[NonEmptyText, Any], ...] = Field(
        (), description="Combinations to leave out; one that names some axes leaves out all that fit"
    )


class _MatrixOnly(StrictModel):
    """The one section that has to be read before the rest."""

    matrix: Matrix


Model = TypeVar("Model", bound=StrictModel)


def validate_each(model: type[Model], document: Document) -> list[tuple[Model, Document]]:
    """The config of each combination and the file as it would stand for it, the last axis running fastest.

    Raises:
        FileProblemsError: the matrix is wrong, or a combination is; holds every problem once.
        UsageError: an axis is overridden by ``--set`` as well.
    """
    section = replace(document, data={"matrix": document.data["matrix"]})
    matrix = validation.validate(_MatrixOnly, section).matrix
    _check_places(document, matrix)
    _check_exclusions(document, matrix)
    base = _without_matrix(document)
    made: list[tuple[Model, Document]] = []
    problems: list[Problem] = []
    for chosen in _combinations(document, matrix):
        combined = overrides.put_all(base, chosen)
        try:
            made.append((validation.validate(model, combined), combined))
        except FileProblemsError as error:
            problems += error.problems
    if problems:
        raise FileProblemsError(problems)
    return made


def _without_matrix(document: Document) -> Document:
    data = {key: value for key, value in document.data.items() if key != "matrix"}
    lines = {location: line for location, line in document.lines.items() if location[:1] != ("matrix",)}
    return replace(document, data=data, lines=lines)


def _check_places(document: Document, matrix: Matrix) -> None:
    """Returns where every axis names a field, and none takes away what one before it has put in."""
    problems: list[Problem] = []
    places: dict[str, Location] = {}
    for axis in matrix.axes:
        try:
            place = overrides.location_of(axis)
        except ValueError as error:
            problems.append(validation.problem_at(document, (*_AXES, axis), str(error)))
            continue
        for other, there in places.items():
            if there[: len(place)] == place:
                message = f"replaces the values of the axis {other}, which stands before it"
                problems.append(validation.problem_at(document, (*_AXES, axis), message))
        places[axis] = place
    if problems:
        raise FileProblemsError(problems)


def _check_exclusions(document: Document, matrix: Matrix) -> None:
    problems = []
    for index, left_out in enumerate(matrix.exclude):
        for axis, value in left_out.items():
            place = ("matrix", "exclude", index, axis)
            if axis not in matrix.axes:
                hint = f"one of {', '.join(matrix.axes)}"
                problems.append(validation.problem_at(document, place, "no axis of the matrix", hint=hint))
            elif not _holds(matrix.axes[axis], value):
                hint = f"one of {', '.join(str(as_text(known)) for known in matrix.axes[axis])}"
                problems.append(validation.problem_at(document, place, f"no value of {axis}: {value!r:.60}", hint=hint))
    if problems:
        raise FileProblemsError(problems)


def _holds(values: Iterable[Any], value: object) -> bool:
    """Whether `value` is one of `values`: ``1.10`` is not ``1.1``, and ``1`` is ``"1"``."""
    return any(as_text(known) == as_text(value) for known in values)


def _combinations(document: Document, matrix: Matrix) -> Iterator[Mapping[str, Placed]]:
    axes = [[(axis, placed) for placed in _placed(document, axis, values)] for axis, values in matrix.axes.items()]
    found = False
    for combination in itertools.product(*axes):
        chosen = dict(combination)
        if not any(_fits(left_out, chosen) for left_out in matrix.exclude):
            found = True
            yield chosen
    if not found:
        place = ("matrix", "exclude")
        raise FileProblemsError([validation.problem_at(document, place, "every combination is left out")])


def _fits(left_out: Mapping[str, Any], chosen: Mapping[str, Placed]) -> bool:
    return all(_holds([chosen[axis].value], value) for axis, value in left_out.items())


def _placed(document: Document, axis: str, values: Iterable[Any]) -> list[Placed]:
    """The values of an axis, with the lines of the file that they stand on."""
    lines: dict[str | int, dict[Location, int]] = {}
    for location, line in document.lines.items():
        if location[: len(_AXES) + 1] == (*_AXES, axis) and len(location) > len(_AXES) + 1:
            lines.setdefault(location[len(_AXES) + 1], {})[location[len(_AXES) + 2 :]] = line
    here: dict[Location, int] = {(): document.line_of((*_AXES, axis)) or 1}
    return [Placed(value, lines.get(index, here)) for index, value in enumerate(values)]
