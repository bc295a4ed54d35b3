"""Checks before the work: all are looked at, and everything that is wrong is told at once."""

from __future__ import annotations

import pytest

from cajajejo.config import POD_VARIABLES, EvaluationJobConfig
from cajajejo.errors import CajajejoError, FileProblemsError, ModelError, Problem, SanityError, TrackingError
from cajajejo.harness import checks
from cajajejo.harness.checks import Check
from tests.builders import job_config

AWAY = TrackingError("the server is away", facts={"tried": "3 times"}, run="curl x")
NO_MODEL = ModelError("no model")
NOT_SET = SanityError("a variable is missing", run="export it")
WRONG = FileProblemsError([Problem("c.yml", "required, and not there", path="image", line=3)])
EMPTY = FileProblemsError([Problem("r.conf", "the run specs are empty", line=1)])


def fail(error: Exception) -> checks.Looker:
    def looker() -> None:
        raise error

    return looker


def demanded(*errors: CajajejoError | None) -> CajajejoError:
    """What `demand` raises for checks called 1, 2, … that failed like `errors`."""
    with pytest.raises(CajajejoError) as caught:
        checks.demand([Check(str(number), error) for number, error in enumerate(errors, 1)])
    return caught.value


def test_a_variable_of_secret_env_comes_from_one_of_the_same_name() -> None:
    secret = {"name": "hugging-face", "key": "token"}
    config = EvaluationJobConfig.model_validate(job_config(secret_env={"HF_TOKEN": secret, "API_KEY": secret}))
    checks.secrets(config, {"HF_TOKEN": "a", "API_KEY": "b"})
    with pytest.raises(SanityError) as caught:
        checks.secrets(config, {"HF_TOKEN": ""})
    assert caught.value.lines() == [
        "Error: variables of secret_env are missing: HF_TOKEN, API_KEY",
        "  note        on a cluster they come from Secrets, here from variables of the same name",
        "Run: export HF_TOKEN=…",
    ]


def test_one_that_fails_does_not_keep_the_next_from_being_looked_at() -> None:
    done = checks.look([("a", lambda: None), ("b", fail(AWAY)), ("c", lambda: None)])
    assert done == [Check("a"), Check("b", AWAY), Check("c")]
    assert [check.line() for check in done] == [
        "check a: PASSED",
        "check b: FAILED (the server is away)",
        "check c: PASSED",
    ]


def test_what_is_no_expected_failure_is_not_taken_for_one() -> None:
    with pytest.raises(ZeroDivisionError):
        checks.look([("a", fail(ZeroDivisionError()))])


def test_nothing_is_demanded_where_all_passed() -> None:
    checks.demand([Check("a"), Check("b")])
    checks.demand([])


@pytest.mark.parametrize("error", [AWAY, NO_MODEL, NOT_SET, WRONG])
def test_a_single_failure_is_told_as_it_is(error: CajajejoError) -> None:
    assert demanded(None, error, None) is error


def test_wrong_files_alone_are_told_as_one_list_of_problems() -> None:
    error = demanded(EMPTY, None, WRONG)
    assert error.lines() == [
        "c.yml:3: image: required, and not there",
        "r.conf:1: the run specs are empty",
        "2 problems in 2 files",
    ]


def test_all_failures_are_told_together_with_the_first_way_out() -> None:
    error = demanded(NO_MODEL, None, WRONG, AWAY, NOT_SET)
    assert type(error) is SanityError
    assert "\n".join(error.lines()).splitlines() == [
        "Error: 4 of 5 checks failed; nothing was started",
        "  1           no model",
        "  3           c.yml:3: image: required, and not there",
        "              1 problem in 1 file",
        "  4           the server is away",
        "              tried: 3 times",
        "  5           a variable is missing",
        "Run: curl x",
    ]


def test_failures_of_things_outside_alone_are_no_mistake_of_the_user() -> None:
    error = demanded(NO_MODEL, AWAY)
    assert type(error) is CajajejoError
    assert error.message == "2 of 2 checks failed; nothing was started"


def test_failures_without_a_way_out_name_none() -> None:
    assert demanded(NO_MODEL, WRONG).run == ()


def test_every_missing_variable_is_named_and_an_empty_one_is_missing() -> None:
    given = dict.fromkeys(POD_VARIABLES, "x")
    checks.variables(given)
    with pytest.raises(SanityError) as caught:
        checks.variables({**given, "JOB_NAME": "", "CONFIG_VERSION": ""})
    assert caught.value.message == "environment variables are missing: JOB_NAME, CONFIG_VERSION"
    with pytest.raises(SanityError) as caught:
        checks.variables({})
    assert caught.value.message.endswith(": CONFIG_PATH_GIT_REPO, HELM_CONFIG_PATH_GIT_REPO, JOB_NAME, CONFIG_VERSION")
