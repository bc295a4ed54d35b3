"""Manifests: text that people commit and read, and the documents in it; the only import of Jinja.

A template is rendered and parsed once, with a sign in place of the name; the name follows from the documents.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import traceback
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2

from cajajejo import __version__, naming, quoting, yamldocuments, yamlfile, yamltext
from cajajejo.errors import CajajejoError, UsageError
from cajajejo.quoting import Yaml
from cajajejo.yamldocuments import BrokenYamlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cajajejo.profiles import Placement
    from cajajejo.validation import StrictModel

_UNNAMED: Final = "\ue000name\ue000"
"""Stands for the name until it is known: private characters, which no name can hold."""


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """What a template knows of a job beside its config; `helm_config_path` is empty where there are no run specs."""

    prefix: str
    config_version: str
    config_path: str
    helm_config_path: str
    namespace: str = "default"
    component: str = "evaluation"
    name: str = ""
    version: str = __version__

    def labels(self, *more: Mapping[str, str]) -> dict[str, str]:
        """The labels by which a job and what belongs to it are found, and further ones."""
        ours = {
            "app.kubernetes.io/name": "cajajejo",
            "app.kubernetes.io/component": self.component,
            naming.INSTANCE: self.name,
            "app.kubernetes.io/managed-by": "cajajejo",
            "app.kubernetes.io/version": self.version,
        }
        return {key: value for labels in (ours, *more) for key, value in labels.items()}


@dataclass(frozen=True, slots=True)
class Manifests:
    """A rendered job spec: its text, the documents in it, the name of the job, and the digest that this comes from."""

    text: str
    documents: tuple[dict[str, Any], ...]
    name: str
    digest: str

    def document(self, kind: str) -> dict[str, Any]:
        """The document of this kind.

        Raises:
            KeyError: there is none.
        """
        for document in self.documents:
            if document["kind"] == kind:
                return document
        raise KeyError(kind)


def render(
    template: str,
    identity: JobIdentity,
    *,
    config: StrictModel,
    placement: Placement,
    files: Mapping[str, str],
    templates: Path | None = None,
) -> Manifests:
    """The manifests that `template` makes, with the name that follows from what is in them.

    Args:
        template: file name of the template, looked for in `templates` and then among the packaged ones.
        identity: what the job is called and where it comes from; its name is found here.
        config: the checked job config.
        placement: what the cluster profile makes of it.
        files: what the ConfigMap holds.
        templates: a site's own templates, which extend the packaged ones.

    Raises:
        CajajejoError: text that no Kubernetes object can hold, or a template that is wrong; names field or line.
    """
    given = _Given(config.model_dump(mode="json", by_alias=True), asdict(identity), dict(files))
    given.check()
    sign = given.sign()
    source = _template(templates, template)
    with _template_errors(templates):
        text = source.render(config=config, identity=replace(identity, name=sign), placement=placement, files=files)
    canonical, written = _held(_parsed(text, template, templates), template), json.dumps(sign)[1:-1]
    digest = _digest(canonical.replace(written, ""))
    name = naming.job_name(identity.prefix, digest)
    return Manifests(text.replace(sign, name), tuple(json.loads(canonical.replace(written, name))), name, digest)


def fingerprint(documents: Sequence[Mapping[str, Any]], *, name: str) -> str:
    """The SHA-256 of what `documents` hold, with `name` blanked wherever it stands; comments do not count."""
    return _digest(_canonical(naming.renamed(documents, name, "")))


def _canonical(documents: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(documents, sort_keys=True, default=_date)


def _date(value: object) -> str:
    """A date as the text that it is for kubectl."""
    if type(value) is not dt.date:
        raise TypeError(type(value).__name__)
    return value.isoformat()


def _held(documents: Sequence[Mapping[str, Any]], template: str) -> str:
    """What a template made in one form, where Kubernetes can hold it."""
    try:
        canonical = _canonical(documents)
    except (TypeError, ValueError) as error:  # !!binary, !!set, a mapping in itself
        raise CajajejoError(f"{template}: it makes what no Kubernetes object can hold: {error}") from error
    if "\\u0000" in canonical and any(quoting.problem_of(text) for _, text in _texts(documents)):
        raise CajajejoError(f"{template}: it makes text with the character NUL, which Kubernetes cannot store")
    return canonical


def _digest(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()


def _parsed(text: str, template: str, templates: Path | None) -> list[dict[str, Any]]:
    """The documents that the template made, each of them an object with a name."""
    place = template if templates is None else str(templates / template)
    try:
        documents = [document for document in yamldocuments.load_shared(text) if document is not None]
    except BrokenYamlError as error:
        facts = {f"line {error.line}": text.splitlines()[error.line - 1]} if error.line <= text.count("\n") else {}
        raise CajajejoError(f"{place}: what it makes is not well-formed YAML: {error}", facts=facts) from error
    for number, document in enumerate(documents, start=1):
        missing = _missing(document)
        if missing:
            raise CajajejoError(f"{place}: document {number} that it makes has no {missing}")
    return documents


def _missing(document: object) -> str | None:
    if not isinstance(document, dict):
        return "fields"
    metadata = document.get("metadata")
    named = isinstance(metadata, dict) and isinstance(metadata.get("name"), str)
    return next((key for key in ("apiVersion", "kind") if not document.get(key)), None if named else "metadata.name")


@cache
def _environment(templates: Path | None) -> jinja2.Environment:
    packaged = jinja2.PackageLoader("cajajejo", "templates")
    loaders: list[jinja2.BaseLoader] = [jinja2.PrefixLoader({"cajajejo": packaged}), packaged]
    if templates is not None:
        loaders.insert(0, jinja2.FileSystemLoader(templates))
    environment = jinja2.Environment(  # noqa: S701  # it makes YAML; the filters below quote
        loader=jinja2.ChoiceLoader(loaders),
        undefined=jinja2.StrictUndefined,
        finalize=_only_yaml,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "q": quoting.q,
        "block": quoting.block,
        "literal": quoting.literal,
        "nested": yamltext.nested,
        "number": quoting.number,
        "flag": quoting.flag,
    }
    return environment


def _only_yaml(value: object) -> object:
    if not isinstance(value, Yaml):
        raise TypeError(f"a template wrote {value!r:.60} without a filter; end it in | q")
    return value


def _template(templates: Path | None, name: str) -> jinja2.Template:
    if templates is not None and not (templates / name).is_file():
        facts = {"expected": f"a directory with the file {name}"}
        raise UsageError(f"--templates {templates}: there is no {name} in it", facts=facts)
    with _template_errors(templates):
        return _environment(templates).get_template(name)


_MISTAKES: Final = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    OSError,
    RecursionError,
)


def strange_blocks(templates: Path, name: str) -> list[str]:
    """The blocks of a site's template that are none of the packaged one of this name, so that nothing shows them.

    Raises:
        CajajejoError: the template is wrong; names the line.
    """
    own, packaged = _template(templates, name), _template(None, name)
    return [block for block in own.blocks if block not in packaged.blocks]


@contextmanager
def _template_errors(templates: Path | None) -> Iterator[None]:
    """What a site's template does wrong, as an error that names its line; a mistake in ours stays a bug."""
    try:
        yield
    except _MISTAKES as error:
        if templates is None:
            raise
        raise CajajejoError(f"{_place_of(error, templates)}: {_told(error)}") from error


def _place_of(error: Exception, templates: Path) -> str:
    """The line of the site's template that made the error, as far as it is known."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.filename or templates}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if templates in Path(frame.filename).parents]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(templates)


def _told(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"no such template: {error.name}"
    if isinstance(error, jinja2.TemplateError | TypeError | ValueError):
        return str(error.message if isinstance(error, jinja2.TemplateError) else error)
    return f"{type(error).__name__}: {error}"


class _Given:
    """All text that goes into a manifest, as one; it is taken apart only when something is wrong with it."""

    def __init__(self, config: Mapping[str, Any], job: Mapping[str, Any], files: Mapping[str, str]) -> None:
        self._values = {"config": config, "job": job, "file": files}
        self._whole = json.dumps(self._values, ensure_ascii=False)

    def check(self) -> None:
        """Returns where Kubernetes can hold all of it.

        Raises:
            CajajejoError: it cannot; names the field.
        """
        if quoting.problem_of(self._whole) is None and "\\u0000" not in self._whole:
            return
        for location, text in _texts(self._values):
            problem = quoting.problem_of(text)
            if problem:
                raise CajajejoError(f"{yamlfile.dotted(location[1:])}: {problem}")

    def sign(self) -> str:
        """Text that stands for the name until it is known, and stands nowhere else."""
        sign = _UNNAMED
        while sign in self._whole:
            sign = _UNNAMED[0] + sign
        return sign


def _texts(value: Any, location: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in `value`, keys too, with its place."""
    if isinstance(value, str):
        yield location, value
        return
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from _texts(key, (*location, "key", repr(key)))
        yield from _texts(item, (*location, key))
