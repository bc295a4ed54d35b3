"""Which names, label keys and values, and the like the server takes; each check gives the complaints, mostly none."""

from __future__ import annotations

import re
from typing import Final

LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
LABEL_VALUE: Final = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
CONFIG_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
ENV_NAME: Final = re.compile(r"[\x20-\x3c\x3e-\x7e]+")
MAX_LABEL: Final = 63
MAX_SUBDOMAIN: Final = 253
_ENDS = "and must start and end with an alphanumeric character"


def dns_label(name: str) -> list[str]:
    """Complaints about a name of a container or a volume."""
    told = [_too_long(MAX_LABEL, "characters")] if len(name) > MAX_LABEL else []
    if LABEL.fullmatch(name):
        return told
    if SUBDOMAIN.fullmatch(name):
        return [*told, "must not contain dots"]
    rule = f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ENDS}"
    return [*told, _rule(rule, LABEL, "my-name", "123-abc")]


def dns_subdomain(name: str) -> list[str]:
    """Complaints about a name of a Job, a ConfigMap, and most other objects."""
    told = [_too_long(MAX_SUBDOMAIN, "characters")] if len(name) > MAX_SUBDOMAIN else []
    if SUBDOMAIN.fullmatch(name):
        return told
    rule = f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ENDS}"
    return [*told, _rule(rule, SUBDOMAIN, "example.com")]


def qualified(name: str) -> list[str]:
    """Complaints about a key of a label, an annotation or a resource, with or without a domain before a slash."""
    parts = name.split("/")
    rule = f"must consist of alphanumeric characters, '-', '_' or '.', {_ENDS}"
    if len(parts) > 2:  # a prefix and a name
        whole = _rule(f"a qualified name {rule}", QUALIFIED, "MyName", "my.name", "123-abc")
        return [f"{whole} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    told = [f"prefix part {text}" for text in _prefix(parts[0])] if len(parts) > 1 else []
    last = parts[-1]
    if not last:
        told.append("name part must be non-empty")
    elif len(last) > MAX_LABEL:
        told.append(f"name part {_too_long(MAX_LABEL, 'bytes')}")
    if not QUALIFIED.fullmatch(last):
        told.append(_rule(f"name part {rule}", QUALIFIED, "MyName", "my.name", "123-abc"))
    return told


def _prefix(text: str) -> list[str]:
    return dns_subdomain(text) if text else ["must be non-empty"]


def label_value(value: str) -> list[str]:
    """Complaints about the value of a label."""
    told = [_too_long(MAX_LABEL, "bytes")] if len(value.encode()) > MAX_LABEL else []
    if LABEL_VALUE.fullmatch(value):
        return told
    rule = (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character"
    )
    return [*told, _rule(rule, LABEL_VALUE, "MyValue", "my_value", "12345")]


def config_key(key: str) -> list[str]:
    """Complaints about a key of a ConfigMap or Secret."""
    told = [_too_long(MAX_SUBDOMAIN, "characters")] if len(key) > MAX_SUBDOMAIN else []
    if not CONFIG_KEY.fullmatch(key):
        rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        return [*told, _rule(rule, CONFIG_KEY, "key.name", "KEY_NAME", "key-name")]
    if key == ".":
        return [*told, "must not be '.'"]
    if key == "..":
        return [*told, "must not be '..'"]
    return [*told, "must not start with '..'"] if key.startswith("..") else told


def env_name(name: str) -> list[str]:
    """Complaints about the name of an environment variable."""
    if ENV_NAME.fullmatch(name):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def _too_long(limit: int, unit: str) -> str:
    return f"must be no more than {limit} {unit}"


def _rule(rule: str, pattern: re.Pattern[str], *examples: str) -> str:
    """The rule with examples and the pattern, as the server words it."""
    named = ",  or ".join(f"'{example}'" for example in examples)
    return f"{rule} (e.g. {named}, regex used for validation is '{pattern.pattern}')"
