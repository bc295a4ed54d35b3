"""What the server checks of a ConfigMap, a Secret and a StorageClass, on create and on update."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes.causes import forbidden, invalid, not_supported, required, too_long, unchanged
from tests.fakes.kubernetes.names import config_key, qualified

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Cause, Object

DATA_LIMIT: Final = 1024 * 1024
_WHOLE: Final = "[]"
"""The field of a cause that is about the object as a whole."""
_BINDING: Final = ("Immediate", "WaitForFirstConsumer")
_RECLAIM: Final = ("Delete", "Retain")
_MAX_PARAMETERS: Final = 512
_PARAMETERS_LIMIT: Final = 256 * 1024


def config_map(value: Object) -> list[Cause]:
    """The causes in a ConfigMap, less those of its metadata."""
    data, binary = value.get("data", {}), value.get("binaryData", {})
    causes: list[Cause] = []
    for field, found, other in (("data", data, "binaryData"), ("binaryData", binary, "data")):
        for key in sorted(found):
            causes += [invalid(f"{field}[{key}]", key, told) for told in config_key(key)]
            if key in value.get(other, {}):
                told = f"duplicate of key present in {other}"
                causes.append(invalid(f"{field}[{key}]", key, told))
    size = sum(len(text.encode()) for text in data.values()) + _decoded_size(binary)
    return [*causes, too_long(_WHOLE, DATA_LIMIT)] if size > DATA_LIMIT else causes


def secret(value: Object) -> list[Cause]:
    """The causes in a Secret, less those of its metadata."""
    data = value.get("data", {})
    causes = [invalid(f"data[{key}]", key, told) for key in sorted(data) for told in config_key(key)]
    return [*causes, too_long("data", DATA_LIMIT)] if _decoded_size(data) > DATA_LIMIT else causes


def _decoded_size(found: dict[str, str]) -> int:
    return sum(len(base64.b64decode(text)) for text in found.values())


def immutable_data(value: Object, old: Object) -> list[Cause]:
    """The causes in a change of a ConfigMap or Secret that says ``immutable``."""
    if not old.get("immutable"):
        return []
    told = "field is immutable when `immutable` is set"
    causes = [] if value.get("immutable") else [forbidden("immutable", told)]
    changed = [name for name in ("data", "binaryData") if value.get(name) != old.get(name)]
    return [*causes, *(forbidden(name, told) for name in changed)]


def storage_class(value: Object) -> list[Cause]:
    """The causes in a StorageClass, less those of its metadata."""
    provisioner, mode = value.get("provisioner", ""), value.get("volumeBindingMode", "")
    causes = [] if provisioner else [required("provisioner")]
    if provisioner:
        causes += [invalid("provisioner", provisioner, told) for told in qualified(provisioner.lower())]
    causes += _parameters(value.get("parameters", {}))
    if value.get("reclaimPolicy") not in _RECLAIM:
        causes.append(not_supported("reclaimPolicy", value.get("reclaimPolicy"), _RECLAIM))
    if not mode:
        causes.append(required("volumeBindingMode"))
    elif mode not in _BINDING:
        causes.append(not_supported("volumeBindingMode", mode, _BINDING))
    return causes


def _parameters(found: dict[str, str]) -> list[Cause]:
    size = sum(len(key.encode()) + len(text.encode()) for key, text in found.items())
    causes = []
    if len(found) > _MAX_PARAMETERS:
        causes.append(too_long("Provisioner Parameters exceeded max allowed", _MAX_PARAMETERS))
    if "" in found:
        causes.append(invalid("parameters", "", "field can not be empty."))
    if size > _PARAMETERS_LIMIT:
        causes.append(too_long("parameters", _PARAMETERS_LIMIT))
    return causes


def storage_class_update(value: dict[str, Any], old: Object) -> list[Cause]:
    """The causes in a change of a StorageClass."""
    fixed = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
    return [cause for name in fixed for cause in unchanged(name, value.get(name), old.get(name))]
