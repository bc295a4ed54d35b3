"""What the page about alerts says of sinks, held against the code."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from cajajejo import alert_settings
from cajajejo.metrics.sending import webhook
from cajajejo.settings import Settings
from tests.builders import ROOT
from tests.metrics.sending.arranging import event

if TYPE_CHECKING:
    from cajajejo.validation import StrictModel

PAGE = (ROOT / "docs" / "alerts.md").read_text("utf-8").partition("\n## Sinks\n")[2].partition("\n## ")[0]
KINDS: dict[str, type[StrictModel]] = {
    "email": alert_settings.Email,
    "sendgrid": alert_settings.SendGrid,
    "slack": alert_settings.Slack,
    "teams": alert_settings.Teams,
    "webhook": alert_settings.Webhook,
    "error_reporting": alert_settings.ErrorReporting,
}


def test_the_examples_are_settings() -> None:
    found = [
        entry.kind
        for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
        for entry in Settings.model_validate(tomllib.loads(text)).alerts
    ]
    assert found == ["email", "slack", "sendgrid"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_kind_is_in_its_table_and_no_other(kind: str) -> None:
    section = PAGE.partition(f"\n### {kind}\n")[2].partition("\n### ")[0]
    rows = [row.split(" | ") for row in re.findall(r"^\| (`.*) \|$", section, re.MULTILINE)]
    told = {field for row in rows for field in re.findall("`(\\w+)`", row[0])}
    model = KINDS[kind]
    assert told == {field.alias or name for name, field in model.model_fields.items()} - {"kind", "tests"}
    required = {field for row in rows for field in re.findall("`(\\w+)`", row[0]) if row[1] == "required"}
    assert required == {name for name, field in model.model_fields.items() if field.is_required()} - {"kind"}


def test_the_json_of_a_webhook_is_what_is_posted() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    told, made = json.loads(text), webhook.document([event()], "k1")
    assert (told.keys(), told["version"]) == (made.keys(), made["version"])
    (told_alert,), (made_alert,) = told["alerts"], made["alerts"]
    assert list(told_alert) == list(made_alert)
    assert told_alert["links"].keys() == made_alert["links"].keys()
