"""Jobs found by the names that people give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cajajejo import provenance
from cajajejo.cluster import ALL_NAMESPACES
from cajajejo.cluster.errors import NotAllowedError
from cajajejo.jobs.finding import AmbiguousNameError, NoSuchJobError, find, find_all
from tests.clusters import Talk, job, talking
from tests.hostile import FRAGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.model import Object

CROCODILE = "eval-neurips-merciful-crocodile-3f2a9c1d"
SLOTH = "eval-neurips-amusing-sloth-81b0c6d2"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def ours(talk: Talk, name: str, *, at: str = "2026-11-21T14:00:00Z", by: str = "", kind: str = "evaluation") -> Object:
    labels = {"app.kubernetes.io/managed-by": "cajajejo", "app.kubernetes.io/component": kind}
    annotations = {"cajajejo/submitted-by": by} if by else {}
    metadata = {"name": name, "labels": labels, "annotations": annotations, "creationTimestamp": at}
    return talk.fake.put({**job(name), "metadata": metadata})


def name_of(found: Object) -> str:
    return str(found["metadata"]["name"])


def test_a_full_name_is_one_request(talk: Talk) -> None:
    ours(talk, CROCODILE)
    assert name_of(find(talk.connect(), CROCODILE)) == CROCODILE
    assert talk.asked() == [f"GET /apis/batch/v1/namespaces/default/jobs/{CROCODILE}"]


def test_a_full_name_wins_also_of_a_job_that_is_not_ours(talk: Talk) -> None:
    talk.fake.put(job("merciful"))
    ours(talk, CROCODILE)
    assert name_of(find(talk.connect(), "merciful")) == "merciful"


@pytest.mark.parametrize("part", ["merciful", "crocodile-3f", "3f2a9c1d", "eval-neurips-m", "-merciful-"])
def test_a_part_that_fits_one_job_is_enough(talk: Talk, part: str) -> None:
    ours(talk, CROCODILE)
    ours(talk, SLOTH)
    assert name_of(find(talk.connect(), part)) == CROCODILE


def test_a_part_does_not_find_what_is_not_ours(talk: Talk) -> None:
    talk.fake.put(job("theirs-merciful"))
    with pytest.raises(NoSuchJobError) as caught:
        find(talk.connect(), "merciful")
    assert caught.value.facts == {"jobs there": "none of ours"}


def test_another_namespace_is_another_place(talk: Talk) -> None:
    talk.fake.namespace("team")
    ours(talk, CROCODILE)
    with pytest.raises(NoSuchJobError, match="there is no job merciful in namespace team"):
        find(talk.connect(), "merciful", "team")


def test_a_part_that_fits_several_lists_them_newest_first(talk: Talk) -> None:
    ours(talk, "eval-a", at="2026-11-21T14:00:00Z")
    ours(talk, "eval-c", at="2026-11-21T15:00:00Z")
    talk.fake.update("Job", "eval-c", {"status": {"conditions": [{"type": "Complete", "status": "True"}]}})
    running = ours(talk, "eval-b", at="2026-11-21T16:00:00Z")
    labels = {"batch.kubernetes.io/controller-uid": running["metadata"]["uid"]}
    containers = {"containerStatuses": [{"name": "eval", "state": {"running": {"startedAt": "2026-11-21T16:01:00Z"}}}]}
    spec = {"nodeName": "n", "containers": [{"name": "eval", "image": "registry.example/eval:1"}]}
    talk.fake.put(
        {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": "eval-b-abcde", "labels": labels},
            "spec": spec,
            "status": {"phase": "Running", **containers},
        }
    )
    with pytest.raises(AmbiguousNameError) as caught:
        find(talk.connect(), "eval")
    assert caught.value.message == "eval fits 3 jobs in namespace default; give more of the name"
    shown = [line.split() for line in caught.value.facts["newest"].splitlines()]
    assert [words[:2] for words in shown] == [["eval-b", "Running"], ["eval-c", "Succeeded"], ["eval-a", "Pending"]]
    assert all(words[2][-1] in "smhd" for words in shown)
    assert caught.value.run == ("cajajejo jobs list -n default",)


def test_candidates_are_listed_also_where_pods_may_not_be_read(talk: Talk) -> None:
    ours(talk, "eval-a")
    ours(talk, "eval-b")
    talk.fake.deny("list", "pods")
    with pytest.raises(AmbiguousNameError) as caught:
        find(talk.connect(), "eval")
    assert [line.split()[1] for line in caught.value.facts["newest"].splitlines()] == ["Pending", "Pending"]


def test_at_most_ten_are_listed(talk: Talk) -> None:
    for number in range(13):
        ours(talk, f"eval-{number:02}", at=f"2026-11-21T14:00:{number:02}Z")
    with pytest.raises(AmbiguousNameError) as caught:
        find(talk.connect(), "eval")
    *shown, more = caught.value.facts["newest"].splitlines()
    assert [line.split()[0] for line in shown] == [f"eval-{number:02}" for number in range(12, 2, -1)]
    assert more == "and 3 more"


def test_ten_of_ten_are_listed_without_a_remainder(talk: Talk) -> None:
    for number in range(10):
        ours(talk, f"eval-{number:02}")
    with pytest.raises(AmbiguousNameError) as caught:
        find(talk.connect(), "eval")
    assert len(caught.value.facts["newest"].splitlines()) == 10


@pytest.mark.parametrize(
    ("given", "meant"),
    [("eval-neurips-merciful-crocodile-3f2a9c1e", CROCODILE), ("crocodil3", CROCODILE), ("Sloth", SLOTH)],
)
def test_a_name_that_fits_none_tells_what_was_probably_meant(talk: Talk, given: str, meant: str) -> None:
    ours(talk, CROCODILE)
    ours(talk, SLOTH)
    with pytest.raises(NoSuchJobError) as caught:
        find(talk.connect(), given)
    assert caught.value.facts == {"jobs there": "2", "did you mean": meant}
    assert caught.value.run == ("cajajejo jobs list -n default",)


def test_a_name_that_resembles_none_has_no_guess(talk: Talk) -> None:
    ours(talk, CROCODILE)
    with pytest.raises(NoSuchJobError) as caught:
        find(talk.connect(), "zzzzzzzzz")
    assert caught.value.facts == {"jobs there": "1"}


def test_latest_is_the_newest_that_this_user_submitted(talk: Talk) -> None:
    ours(talk, "eval-a", at="2026-11-21T14:00:00Z", by=provenance.user())
    ours(talk, "eval-b", at="2026-11-21T15:00:00Z", by=provenance.user())
    ours(talk, "eval-c", at="2026-11-21T16:00:00Z", by="somebody-else")
    ours(talk, "eval-d", at="2026-11-21T17:00:00Z")
    assert name_of(find(talk.connect(), "@latest")) == "eval-b"


def test_latest_is_the_newest_of_all_where_nobody_is_named(talk: Talk) -> None:
    ours(talk, "eval-a", at="2026-11-21T15:00:00Z")
    ours(talk, "eval-b", at="2026-11-21T14:00:00Z")
    talk.fake.put({**job("theirs"), "metadata": {"name": "theirs", "creationTimestamp": "2026-11-21T16:00:00Z"}})
    assert name_of(find(talk.connect(), "@latest")) == "eval-a"


def test_latest_of_others_only_tells_whose_the_newest_is(talk: Talk) -> None:
    ours(talk, "eval-a", by="jasper\x1b[31m")
    with pytest.raises(NoSuchJobError) as caught:
        find(talk.connect(), "@latest")
    assert caught.value.message == f"there is no job submitted by {provenance.user()} in namespace default"
    assert caught.value.facts["newest"] == "eval-a, submitted by jasper\\x1b[31m"


def test_latest_of_nothing_says_so(talk: Talk) -> None:
    with pytest.raises(NoSuchJobError, match="there is no job of ours in namespace default"):
        find(talk.connect(), "@latest")


def test_a_user_without_a_name_has_no_latest_among_named_ones(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "user", lambda: "")
    ours(talk, "eval-a", by="jasper")
    with pytest.raises(NoSuchJobError, match="there is no job of ours in namespace default"):
        find(talk.connect(), "@latest")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a?b", "-", "A" * 300, "a" * 300, "a\nb", "💥", "%2e%2e", "*"])
def test_a_name_that_no_job_can_have_finds_none(talk: Talk, name: str) -> None:
    ours(talk, CROCODILE)
    ours(talk, SLOTH)
    with pytest.raises((NoSuchJobError, AmbiguousNameError)) as caught:
        find(talk.connect(), name)
    assert all(line.isprintable() for line in caught.value.lines() for line in line.splitlines())
    assert talk.fake.requests[0].path == "/apis/batch/v1/namespaces/default/jobs"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40, deadline=None
)
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(FRAGMENTS), max_size=9).map("".join)))
def test_whatever_is_given_is_told_in_printable_lines(talk: Talk, name: str) -> None:
    if not talk.fake.objects("Job"):
        ours(talk, CROCODILE)
    try:
        found = name_of(find(talk.connect(), name))
    except NoSuchJobError as error:
        lines = error.lines()
    else:
        lines = [f"Error: {found}"]
        assert name in found
    assert all(line.isprintable() and len(line) < 300 for line in lines)


def test_all_of_ours_are_listed_newest_first(talk: Talk) -> None:
    ours(talk, "eval-a", at="2026-11-21T14:00:00Z")
    ours(talk, "train-b", at="2026-11-21T16:00:00Z", kind="training")
    ours(talk, "eval-c", at="2026-11-21T15:00:00Z")
    talk.fake.put(job("theirs"))
    assert list(map(name_of, find_all(talk.connect()))) == ["train-b", "eval-c", "eval-a"]
    assert list(map(name_of, find_all(talk.connect(), kind="evaluation"))) == ["eval-c", "eval-a"]


def test_all_of_ours_can_be_narrowed_and_widened(talk: Talk) -> None:
    talk.fake.namespace("team")
    ours(talk, "eval-a")
    there = {"name": "eval-b", "namespace": "team", "labels": {"app.kubernetes.io/managed-by": "cajajejo"}}
    talk.fake.put({**job("eval-b"), "metadata": there})
    talk.fake.update("Job", "eval-a", {"metadata": {"labels": {"run": "weekly"}}})
    assert list(map(name_of, find_all(talk.connect(), selector="run=weekly"))) == ["eval-a"]
    assert sorted(map(name_of, find_all(talk.connect(), ALL_NAMESPACES))) == ["eval-a", "eval-b"]


def test_who_may_not_look_is_told(talk: Talk) -> None:
    talk.fake.deny("list", "jobs")
    with pytest.raises(NotAllowedError):
        find(talk.connect(), "merciful")
