"""The images that the command line names; without their option the tests are skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.image import engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def image(pytestconfig: pytest.Config) -> str:
    return named(pytestconfig, "--image")


@pytest.fixture(scope="session")
def mlflow_image(pytestconfig: pytest.Config) -> str:
    return named(pytestconfig, "--mlflow-image")


def named(config: pytest.Config, option: str) -> str:
    name = config.getoption(option)
    if not name:
        pytest.skip(f"needs a built image and an engine: {option} NAME (docs/images.md)")
    return str(name)


@pytest.fixture(autouse=True)
def containers_are_removed(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the commands of the page leave behind, which is a stopped container each."""
    images = [request.getfixturevalue(name) for name in ("image", "mlflow_image") if name in request.fixturenames]
    before = engine.containers(images)
    yield
    for container in engine.containers(images) - before:
        engine.docker("rm", "--force", "--volumes", container)
