"""The contents of ConfigMaps and Secrets: how much they are, and what a type asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks.values import mapping, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings

MAX_BYTES: Final = 1024 * 1024
_KEYS_OF_TYPE: Final = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def check_config_map(found: Findings, document: Mapping[str, Any]) -> None:
    """All values together fit, and no key stands twice."""
    data, binary = mapping(document.get("data")), mapping(document.get("binaryData"))
    _check_size(found, _bytes(data) + _decoded_bytes(binary))
    for key in data.keys() & binary.keys():
        found.error(("binaryData", key), "stands in data, too")


def check_secret(found: Findings, document: Mapping[str, Any]) -> None:
    """All values together fit, and the keys of the type are there."""
    data, plain = mapping(document.get("data")), mapping(document.get("stringData"))
    kept = {key: value for key, value in data.items() if key not in plain}
    _check_size(found, _bytes(plain) + _decoded_bytes(kept))
    secret_type = text(document.get("type"))
    for key in _KEYS_OF_TYPE.get(secret_type, ()):
        if key not in data and key not in plain:
            found.error(("data", key), f"required in a Secret of type {secret_type}")


def _check_size(found: Findings, size: int) -> None:
    if size > MAX_BYTES:
        found.error(("data",), f"too long: {size} bytes in all, and {MAX_BYTES} is the most")


def _bytes(data: Mapping[str, Any]) -> int:
    return sum(
        len(value) if value.isascii() else len(value.encode(errors="replace")) for value in map(text, data.values())
    )


def _decoded_bytes(data: Mapping[str, Any]) -> int:
    """How long Base64 texts are when they are decoded."""
    return sum(
        (len(value) - value.count("\n") - value.count("\r")) // 4 * 3 - value.count("=")
        for value in map(text, data.values())
    )
