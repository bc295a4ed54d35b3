"""JUnit XML, read back by a reader that knows what may stand where."""

from __future__ import annotations

from hypothesis import given

from cajajejo import junit_xml
from cajajejo.errors import printable
from cajajejo.junit_xml import Case, Suite
from tests import junit_reader
from tests.hostile import texts


def test_a_suite_has_its_properties_its_cases_and_what_else_was_said() -> None:
    found = (
        Case("t", "a", "regression", "0.1 <below>", "failure"),
        Case("t", "b", "inconclusive", "NaN", "error"),
        Case("t", "c", "inconclusive", "2 of 5 runs", "skipped"),
        Case("t", "d", "pass", "fixed value"),
    )
    document = junit_xml.document("check", [Suite("t", found, {"run_id": "r1"}, ("one", "two & three"))])
    assert document == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites name="check" tests="4" failures="1" errors="1" skipped="1">\n'
        '  <testsuite name="t" tests="4" failures="1" errors="1" skipped="1">\n'
        "    <properties>\n"
        '      <property name="run_id" value="r1"/>\n'
        "    </properties>\n"
        '    <testcase classname="t" name="a"><failure type="regression" message="0.1 &lt;below&gt;">'
        "0.1 &lt;below&gt;</failure></testcase>\n"
        '    <testcase classname="t" name="b"><error type="inconclusive" message="NaN">NaN</error></testcase>\n'
        '    <testcase classname="t" name="c"><skipped message="2 of 5 runs"/></testcase>\n'
        '    <testcase classname="t" name="d"><system-out>pass: fixed value</system-out></testcase>\n'
        "    <system-out>one\ntwo &amp; three</system-out>\n"
        "  </testsuite>\n"
        "</testsuites>\n"
    )
    (suite,) = junit_reader.read(document)
    assert [one[:2] for one in junit_reader.cases(suite)] == [
        ("a", "failure"),
        ("b", "error"),
        ("c", "skipped"),
        ("d", "system-out"),
    ]


@given(texts)
def test_any_text_is_legal_everywhere(text: str) -> None:
    every = tuple(Case(text, text, text, text, element) for element in ("failure", "error", "skipped"))
    document = junit_xml.document(text, [Suite(text, every, {"known": text}, (text,))])
    assert document.isascii()
    (suite,) = junit_reader.read(document)
    shown = printable(" ".join(text.split()))
    assert {name for name, _, _ in junit_reader.cases(suite)} == {shown}
    assert suite[0][0].get("value") == shown
