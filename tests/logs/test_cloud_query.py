"""The filter that finds a job's lines: exact for ordinary names, and never wider for hostile ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.logs.cloud_place import Place
from cajajejo.logs.cloud_query import Query, filter_of, nanoseconds
from tests import hostile
from tests.fakes import cloud_logging, cloud_logging_query

PLACE = Place("p")


def matches(filter_text: str, **entry: object) -> bool:
    return cloud_logging_query.parse(filter_text)(cloud_logging.entry("x", at=10, **entry))  # type: ignore[arg-type]


def test_the_filter_names_the_job_by_each_of_its_labels_and_the_time_on_both_sides() -> None:
    query = Query("eval-x", namespace="team", containers=("init", "eval"))
    assert filter_of(query, Place("p", "europe-west4", "autopilot-1"), 1, 1_795_269_731_000_000_002) == (
        'resource.type="k8s_container" AND resource.labels.cluster_name="autopilot-1" '
        'AND resource.labels.location="europe-west4" AND resource.labels.namespace_name="team" '
        'AND (resource.labels.container_name="init" OR resource.labels.container_name="eval") '
        'AND (labels.job_name="eval-x" OR labels."k8s-pod/batch_kubernetes_io/job-name"="eval-x" '
        'OR labels."k8s-pod/job-name"="eval-x") '
        'AND timestamp>="1970-01-01T00:00:00.000000001Z" AND timestamp<"2026-11-21T14:02:11.000000002Z"'
    )


def test_what_is_not_known_is_not_asked_for() -> None:
    assert filter_of(Query("j"), PLACE) == (
        'resource.type="k8s_container" AND (labels.job_name="j" '
        'OR labels."k8s-pod/batch_kubernetes_io/job-name"="j" OR labels."k8s-pod/job-name"="j")'
    )


@pytest.mark.parametrize("label", ["job_name", "k8s-pod/batch_kubernetes_io/job-name", "k8s-pod/job-name"])
def test_each_label_alone_is_enough(label: str) -> None:
    assert matches(filter_of(Query("eval-x"), PLACE), labels={label: "eval-x"})
    assert not matches(filter_of(Query("eval-x"), PLACE), labels={label: "eval-x-2"})


@pytest.mark.parametrize(
    ("query", "place"),
    [
        (Query("eval-x", namespace="other"), PLACE),
        (Query("eval-x", containers=("init",)), PLACE),
        (Query("eval-x"), Place("p", cluster="other")),
        (Query("eval-x"), Place("p", location="us-east1")),
    ],
    ids=["namespace", "container", "cluster", "location"],
)
def test_another_place_is_not_found(query: Query, place: Place) -> None:
    assert not matches(filter_of(query, place))


def test_the_events_of_a_pod_are_no_lines() -> None:
    assert not matches(filter_of(Query("eval-x"), PLACE), resource_type="k8s_pod")


def test_the_first_time_counts_and_the_last_does_not() -> None:
    assert matches(filter_of(Query("eval-x"), PLACE, 10, 11))
    assert not matches(filter_of(Query("eval-x"), PLACE, 9, 10))
    assert not matches(filter_of(Query("eval-x"), PLACE, 11, 12))


@given(st.one_of(hostile.texts, st.text()))
def test_no_name_widens_the_filter_and_each_finds_its_own(name: str) -> None:
    mine, theirs = {"job_name": name}, {"job_name": "somebody-else", "k8s-pod/job-name": "theirs"}
    for query in (Query(name), Query("eval-x", namespace=name), Query("eval-x", containers=(name,))):
        text = filter_of(query, PLACE, 0, 100)
        assert text.isascii()
        assert text.isprintable()
        assert not matches(text, labels=theirs)
    assert matches(filter_of(Query(name), PLACE, 0, 100), labels=mine)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_time_stands_in_the_filter_as_it_is(moment: datetime) -> None:
    at = nanoseconds(moment)
    written = filter_of(Query("j"), PLACE, at).rpartition('>="')[2].rstrip('"')
    assert cloud_logging_query.nanoseconds(written) == at
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at / 1000) == moment
