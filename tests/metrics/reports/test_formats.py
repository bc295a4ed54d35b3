from __future__ import annotations

import json

from cajajejo.metrics.reports import documents, formats, junit, markdown
from tests.metrics.reports import checks
from tests.metrics.reports.checks import HERE


def test_each_form_is_what_its_module_makes() -> None:
    report = checks.mixed()
    assert formats.text(report, "markdown", HERE) == markdown.page(report, HERE)
    assert formats.text(report, "junit", HERE) == junit.document(report)
    assert json.loads(formats.text(report, "json", HERE)) == documents.check(report)
    lines = formats.text(report, "text", HERE).splitlines()
    assert (lines[0], lines[-1]) == (
        "t, run r1   10 runs before it, 2 after it, which do not count",
        "REGRESSION  t: 2 of 7 metrics out of bounds, 3 not judged yet",
    )
