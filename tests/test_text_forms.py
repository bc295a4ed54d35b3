"""The forms of text that Kubernetes knows: what fits, what does not, and how that is said."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import text_forms
from cajajejo.text_forms import Form

FORMS = {name: form for name, form in vars(text_forms).items() if isinstance(form, Form)}
EXAMPLES = {
    "DNS_LABEL": (["a", "a-1", "1", "a" * 63], ["", "A", "-a", "a-", "a.b", "a_b", "a\n", "é", "a" * 64]),
    "DNS_SUBDOMAIN": (["a", "a.b-c.1", "a" * 253], ["", "a..b", ".a", "a.", "a.-b", "A.b", "a" * 254]),
    "SERVICE_NAME": (["a", "a-1"], ["1a", "a-", "", "A"]),
    "PATH_SEGMENT": (["a", ".a", "..a", "system:a", "A b", "a.b"], ["", ".", "..", "a/b", "a%"]),
    "NAME_PREFIX": (["eval-", "a.", "1"], ["-a", "A", ""]),
    "KEY": (["a", "A_b.c", "a.example/B", "a" * 63], ["", "a/b/c", "/a", "A.example/b", "-a", "a b", "a" * 64]),
    "KEY_ANY_CASE": (["A.Example/b", "a"], ["a/", "a b"]),
    "LABEL_VALUE": (["", "a", "A.b_c-1", "a" * 63], ["a b", "a/b", "-a", "a-", "a" * 64]),
    "ENV_NAME": (["A", "a b", "1", "-.$"], ["", "A=B", "é", "a\tb", "a\n"]),
    "OLD_ENV_NAME": (["A", "-a.b", "_"], ["", "1a", "a b", "A=B"]),
    "DATA_KEY": (["a", ".a", "A-b_c.d..e", "a" * 253], ["", ".", "..", "..a", "a/b", "a b", "a" * 254]),
    "PORT_NAME": (["http", "a", "1a", "8080-a-1", "a" * 15], ["", "1", "1-2", "a--b", "-a", "a-", "A", "a" * 16]),
    "RESOURCE": (["cpu", "hugepages-2Mi", "nvidia.com/gpu"], ["gpu", "", "nvidia.com/", "cpus", "NVIDIA.com/gpu"]),
    "BASE64": (["", "YQ==", "YWI=", "YWJj", "YW\nJj\n", "YQ=\r\n="], ["Y", "YQ", "YQ=", "a b=", "YQ==YQ=="]),
    "QUANTITY": (
        ["1", "+1", "0.5", ".5", "1.", "100m", "16Gi", "1e3", "1E-3", "1E", "5n", "2u"],
        ["", "-1", "1GB", "1 Gi", "1K", "1.2.3", "one", "1ee3", "1gi", "."],
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_form_takes_what_kubernetes_takes_in_python_and_in_schemas(name: str) -> None:
    form, (right, wrong) = FORMS[name], EXAMPLES[name]
    assert [text for text in right + wrong if form.fits(text)] == right
    assert [text for text in right + wrong if jsonschema_rs.is_valid(form.schema(), text)] == right


@given(st.sampled_from(sorted(FORMS)), st.text(alphabet="aA1-._/ =+\nKimé", max_size=12))
def test_python_and_schemas_agree_about_any_text(name: str, text: str) -> None:
    assert FORMS[name].fits(text) == jsonschema_rs.is_valid(FORMS[name].schema(), text)


def test_form_that_is_optional_takes_no_text() -> None:
    schema = text_forms.DNS_LABEL.schema(optional=True)
    assert [jsonschema_rs.is_valid(schema, text) for text in ("", "a", "A")] == [True, True, False]
    assert text_forms.words(schema["pattern"], "A") == text_forms.DNS_LABEL.problem("A")


@pytest.mark.parametrize("name", sorted(FORMS))
def test_form_has_words_for_what_does_not_fit(name: str) -> None:
    message, hint = text_forms.words(FORMS[name].pattern, "?" * 100)
    assert message == f"{'not ' + FORMS[name].noun}: '{'?' * 58}…"
    assert hint == FORMS[name].rule


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("-1Gi", "must not be negative: '-1Gi'", None),
        ("16GB", "not a quantity: '16GB'", "did you mean 16Gi (17.2 GB) or 16G (16.0 GB)?"),
        ("16 cores", "not a quantity: '16 cores'", "for example 500m, 4, 16Gi"),
    ],
)
def test_quantity_that_is_none_comes_with_what_was_probably_meant(text: str, message: str, hint: str | None) -> None:
    assert text_forms.words(text_forms.QUANTITY.pattern, text) == (message, hint)
