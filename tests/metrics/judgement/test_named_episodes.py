from __future__ import annotations

import pytest

from cajajejo.metrics.judgement.named_episodes import NamedEpisode, Status


def named(status: Status, last_run: str = "r20", after: float = 0.901) -> NamedEpisode:
    return NamedEpisode(status, "r20", "r20", last_run, "r22", 0.9126, after, -4.7799 if after < 0.9 else 4.7799)


@pytest.mark.parametrize(
    ("episode", "reason", "sentence"),
    [
        pytest.param(
            named("opened", after=0.89),
            "level fell from 0.913 to 0.890, z -4.78",
            "its level fell from 0.913 to 0.890 (z -4.78), beginning with run r20",
            id="one suspect",
        ),
        pytest.param(
            named("opened", "r22", 0.92),
            "level rose from 0.913 to 0.920, z 4.78",
            "its level rose from 0.913 to 0.920 (z 4.78), beginning between run r20 and run r22",
            id="several suspects",
        ),
        pytest.param(
            named("ongoing", after=0.89),
            "ongoing since run r20: level fell from 0.913 to 0.890",
            "its level fell from 0.913 to 0.890 (z -4.78), beginning with run r20, and goes on",
            id="ongoing",
        ),
        pytest.param(
            named("escalated", after=0.89),
            "further away, ongoing since run r20: level fell from 0.913 to 0.890",
            "its level fell from 0.913 to 0.890 (z -4.78), beginning with run r20, and moved further away now",
            id="escalated",
        ),
        pytest.param(
            named("improvement", after=0.9127),
            "level rose from 0.91260 to 0.91270, z 4.78",
            "its level rose from 0.91260 to 0.91270 (z 4.78), beginning with run r20",
            id="as many digits as it takes",
        ),
    ],
)
def test_an_episode_tells_the_levels_and_the_runs(episode: NamedEpisode, reason: str, sentence: str) -> None:
    assert (episode.reason, episode.sentence) == (reason, sentence)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("opened", True),
        ("escalated", True),
        ("ongoing", False),
        ("recovered", False),
        ("absorbed", False),
        ("improvement", False),
    ],
)
def test_only_what_is_new_is_told(status: Status, *, told: bool) -> None:
    assert named(status).told_now is told
