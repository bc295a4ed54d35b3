"""Which levels of metrics are accepted, and whose alerts are muted, in lines that are reviewed like code.

They stand in ``<config>.baselines.yml``::

    accepted:
      - {test: tf-mnist-example-cpu, metric: epoch_loss_final, from: 3f2a9c1d,
         reason: new tokenizer, by: jasper, date: 2026-11-21}
    muted:
      - {test: pt-resnet50-conv-v100-x1, metric: "*", until: 2026-11-28,
         reason: node pool is being replaced, by: jasper, date: 2026-11-21}

An accepted level begins the history of a metric anew at a run. A muted metric is judged as ever, and does not alert.
Of several lines about one metric the latest counts: that of the latest date, of one day the last one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from cajajejo import files, moments, validation, yamlfile
from cajajejo.phrases import matches
from cajajejo.schema_words import OrNull, Says, whole
from cajajejo.validation import NonEmptyText, StrictModel, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

ALL: Final = "*"
"""As the name of a muted metric: every metric of the test, and the job itself."""
SUFFIX: Final = ".baselines.yml"
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT: Final = rf"{_DATE}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?(Z|[-+][0-9]{{2}}:[0-9]{{2}})?)?"
_GLOB: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A level taken as good: the history of `metric` begins at the run `start`. All stands here as in the file."""

    test: str
    metric: str
    start: str
    reason: str
    by: str
    date: str


@dataclass(frozen=True, slots=True)
class Muted:
    """Alerts that are not wanted until a moment; `metric` may be a glob. All stands here as in the file."""

    test: str
    metric: str
    until: str
    reason: str
    by: str
    date: str

    @property
    def ends(self) -> float:
        """The moment in seconds since the epoch; a date means its beginning, and all without a zone is in UTC."""
        return moment(self.until).timestamp()


Entry: TypeAlias = Accepted | Muted
Line = TypeVar("Line", Accepted, Muted)


@dataclass(frozen=True, slots=True)
class Baselines:
    """The lines of a file, in its order."""

    accepted: tuple[Accepted, ...] = ()
    muted: tuple[Muted, ...] = ()

    def accepted_from(self, test: str, metric: str) -> Accepted | None:
        """The latest line that accepts a level of `metric`; None: its whole history counts."""
        return _latest(entry for entry in self.accepted if (entry.test, entry.metric) == (test, metric))

    def muted_until(self, test: str, metric: str, now: float) -> Muted | None:
        """The line that mutes `metric` at `now`, in seconds since the epoch; None: it alerts.

        Of the lines that fit the metric only the latest counts, so that a later one can also end what an earlier one
        began. ``*`` asks for the alerts of the job, which only a line about all metrics mutes.
        """
        fitting = (entry for entry in self.muted if entry.test == test and _means(entry.metric, metric))
        found = _latest(fitting)
        return found if found is not None and now < found.ends else None

    def latest(self, entry: Entry) -> Entry | None:
        """The latest line about what `entry` is about: the same metric or, of mutes, some of the same metrics."""
        if isinstance(entry, Accepted):
            return self.accepted_from(entry.test, entry.metric)
        return _latest(one for one in self.muted if one.test == entry.test and _overlap(one.metric, entry.metric))

    def said(self, entry: Entry) -> Entry | None:
        """The line in force that says the same as `entry`, whenever and by whomever; None: there is none."""
        found = self.latest(entry)
        return found if found is not None and replace(found, by=entry.by, date=entry.date) == entry else None

    def and_noted(self, noted: Baselines) -> Baselines:
        """These, and what was `noted` elsewhere; what is noted only there is the later one of two of one day."""
        return Baselines(
            (*self.accepted, *(entry for entry in noted.accepted if entry not in self.accepted)),
            (*self.muted, *(entry for entry in noted.muted if entry not in self.muted)),
        )


def _latest(entries: Iterable[Line]) -> Line | None:
    """The last of those with the latest date; of equal ones `max` finds the first."""
    return max(reversed(list(entries)), key=lambda entry: moment(entry.date), default=None)


def _means(glob: str, metric: str) -> bool:
    return glob == ALL or (metric != ALL and matches(metric, glob))


def _overlap(one: str, other: str) -> bool:
    """Whether one metric may be meant by both; of two globs it is taken for granted."""
    return _means(one, other) or _means(other, one) or (is_glob(one) and is_glob(other))


def is_glob(metric: str) -> bool:
    """Whether `metric` may mean several metrics."""
    return _GLOB.search(metric) is not None


def moment(text: str) -> datetime:
    """The moment that `text`, a date or a time as a file holds it, stands for; without a zone in UTC.

    Raises:
        ValueError: it is neither.
    """
    found = moments.parse_timestamp(text) if re.fullmatch(_MOMENT, text, re.ASCII) else None
    if found is None:
        raise ValueError(f"not a date or a time: {text[:40]}\nwrite 2026-11-28, or 2026-11-28T14:00:00Z")
    return found


def _check_moment(text: str) -> str:
    moment(text)
    return text


Moment = Annotated[
    str, BeforeValidator(as_text), AfterValidator(_check_moment), Says(type="string", pattern=whole(_MOMENT))
]
Lines = BeforeValidator(lambda value: [] if value is None else value)
"""A list, or nothing where all its lines are gone."""


class AcceptedLine(StrictModel):
    """A level that is taken as good."""

    test: NonEmptyText = Field(description="Name of the test", examples=["tf-mnist-example-cpu"])
    metric: NonEmptyText = Field(description="Name of the metric", examples=["epoch_loss_final"])
    start: NonEmptyText = Field(
        alias="from", description="The run that the level begins with: points before it count no more"
    )
    reason: NonEmptyText = Field(description="Why", examples=["new tokenizer"])
    by: NonEmptyText = Field(description="Who decided that", examples=["jasper"])
    date: Moment = Field(description="When; the latest line about a metric counts", examples=["2026-11-21"])


class MutedLine(StrictModel):
    """Alerts that are not wanted for some time."""

    test: NonEmptyText = Field(description="Name of the test", examples=["pt-resnet50-conv-v100-x1"])
    metric: NonEmptyText = Field(description='Name of the metric, or a glob; "*": all, and the job', examples=["*"])
    until: Moment = Field(
        description="When alerts begin again: a date (its beginning, in UTC) or a time", examples=["2026-11-28"]
    )
    reason: NonEmptyText = Field(description="Why", examples=["node pool is being replaced"])
    by: NonEmptyText = Field(description="Who decided that", examples=["jasper"])
    date: Moment = Field(description="When; the latest line about a metric counts", examples=["2026-11-21"])


class BaselinesFile(StrictModel):
    """What was accepted and muted, line by line."""

    accepted: Annotated[tuple[AcceptedLine, ...], Lines, OrNull()] = Field((), description="Levels taken as good")
    muted: Annotated[tuple[MutedLine, ...], Lines, OrNull()] = Field((), description="Alerts that are not wanted")


def path_for(config: Path) -> Path:
    """The file beside a metric configuration: ``demo.baselines.yml`` for ``demo.metrics.yml`` and ``demo.json``."""
    stem = config.stem if config.suffix.lower() in {".yml", ".yaml", ".json"} else config.name
    return config.with_name((stem.removesuffix(".metrics") or stem) + SUFFIX)


def load(path: Path) -> Baselines:
    """The lines in `path`; none where there is no such file, or nothing in it.

    Raises:
        FileProblemsError: every problem of the file, with its line.
    """
    return Baselines() if files.mode(path) is None else parse(files.read_text(path), str(path))


def parse(text: str, file: str) -> Baselines:
    """The lines in `text`; `file` is what problems are reported under.

    Raises:
        FileProblemsError: every problem of the text, with its line.
    """
    if says_nothing(text):
        return Baselines()
    found = validation.validate(BaselinesFile, yamlfile.parse(text, file))
    return Baselines(
        tuple(Accepted(one.test, one.metric, one.start, one.reason, one.by, one.date) for one in found.accepted),
        tuple(Muted(one.test, one.metric, one.until, one.reason, one.by, one.date) for one in found.muted),
    )


def says_nothing(text: str) -> bool:
    """Whether there is nothing in `text` but comments."""
    return all(line.strip() in {"", "---"} or line.lstrip().startswith("#") for line in text.splitlines())
