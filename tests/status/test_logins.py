"""What the cluster quotes of a login is not told on."""

from __future__ import annotations

from dataclasses import replace

from cajajejo import status
from tests.status.made import FAILED, ended, event, evidence, job, refused, unscheduled

TOKEN = "hf_" + "a1B2" * 8
ADDRESS = "https://jasper:hunter2@registry.example"


def everything(found: status.Evidence) -> str:
    return f"{status.of(found)} {status.entries(found)}"


def test_a_refusal_that_quotes_an_address_with_a_password() -> None:
    shown = everything(refused(f'admission webhook "a.example" denied the request: cannot reach {ADDRESS}'))
    assert "hunter2" not in shown
    assert "registry.example" in shown


def test_a_scheduler_or_an_event_that_quotes_a_token() -> None:
    waiting = evidence(job(), unscheduled(f"0/1 nodes are available: {TOKEN}."), events=[event("Odd", f"see {TOKEN}")])
    assert TOKEN not in everything(waiting)


def test_the_last_lines_and_the_end_of_a_container() -> None:
    found = evidence(job(FAILED, failed=1), ended(1, message=f"HF_TOKEN={TOKEN}"))
    assert TOKEN not in everything(found)
    assert TOKEN not in everything(replace(found, last_lines=(f"login with {TOKEN}", "tried")))
    assert status.of(replace(found, last_lines=("tried",))).last_lines is not None
