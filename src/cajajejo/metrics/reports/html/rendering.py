"""A page as text: the templates, and the styles and scripts that stand in it, known to the browser by their digests."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import jinja2

if TYPE_CHECKING:
    from cajajejo.metrics.reports.html.views import Page

_PACKAGE: Final = "cajajejo.metrics.reports.html"
_STYLES: Final = ("uplot/uPlot.min.css", "report.css")
_SCRIPTS: Final = ("points.js", "drawing.js", "plots.js", "page.js")
_PLOTS: Final = "uplot/uPlot.iife.min.js"


def page(view: Page, data: str) -> str:
    """The page that shows `view`, with the points in `data`, which is JSON that no HTML can end."""
    return _template().render(page=view, style=style(), script=script(), data=data, policy=policy())


def policy() -> str:
    """What the page may do: its own style and script, and nothing else; no request is possible."""
    allowed = {
        "default-src": "'none'",
        "style-src": _digest(style()),
        "script-src": _digest(script()),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{what} {whence}" for what, whence in allowed.items())


@cache
def style() -> str:
    """The style sheet."""
    return "\n".join(map(_asset, _STYLES))


@cache
def script() -> str:
    """The program: the library that draws plots, and ours in a scope of its own."""
    ours = "\n".join(map(_asset, _SCRIPTS))
    return f'{_asset(_PLOTS)}\n(() => {{\n"use strict";\n{ours}\n}})();\n'


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE, "assets"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _asset(name: str) -> str:
    return (resources.files(_PACKAGE) / "assets" / name).read_text("utf-8").strip()


def _digest(text: str) -> str:
    """How a policy names a style or script that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
