"""A model in a bucket: what storage says and refuses, in a model's words."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from cajajejo import storage
from cajajejo.errors import ModelError, SourceAwayError
from cajajejo.models.bucket_source import BucketSource
from cajajejo.models.source import Checksum
from tests.fakes import faults, object_stores
from tests.fakes.faulty_proxy import FaultyProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = os.urandom(1_500_000)


@pytest.fixture(params=["gs", "s3"])
def proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, FaultyProxy]]:
    """The address of a model, and what stands before its bucket."""
    make = {"gs": object_stores.google, "s3": object_stores.amazon}[request.param]
    variable = {"gs": "STORAGE_EMULATOR_HOST", "s3": "AWS_ENDPOINT_URL_S3"}[request.param]
    with make() as url, FaultyProxy(url) as proxy:
        for name, value in {**object_stores.AWS, variable: proxy.url}.items():
            monkeypatch.setenv(name, value)
        address = f"{request.param}://bucket/models/tiny"
        storage.put(f"{address}/config.json", b"{}")
        storage.put(f"{address}/model.safetensors", DATA)
        storage.put(f"{address}-2/config.json", b"of a neighbour")
        yield address, proxy


def test_files_have_checksums_and_versions(proxy: tuple[str, FaultyProxy]) -> None:
    source = BucketSource(f"{proxy[0]}/")
    config, weights = source.files()
    assert (config.path, config.size) == ("config.json", 2)
    md5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    assert (weights.path, weights.size, weights.checksum) == ("model.safetensors", len(DATA), Checksum("md5", md5))
    assert weights.version is not None
    assert b"".join(source.read(weights)) == DATA
    assert b"".join(source.read(weights, 5, 1_200_000)) == DATA[5:1_200_000]
    assert (source.name, source.address) == ("tiny", proxy[0])


def test_what_is_no_directory_is_told(proxy: tuple[str, FaultyProxy]) -> None:
    with pytest.raises(ModelError, match="a single object, where the directory of a model is meant"):
        BucketSource(f"{proxy[0]}/config.json").files()
    with pytest.raises(ModelError, match="there is nothing below") as missing:
        BucketSource(f"{proxy[0]}x").files()
    assert missing.value.run[0].endswith(f" ls {proxy[0]}x/")


@pytest.mark.parametrize("fault", [faults.Cut(after=1000), faults.Shorten(to=1000), faults.Answer(503)])
def test_what_is_not_whole_is_an_error(proxy: tuple[str, FaultyProxy], fault: faults.Fault) -> None:
    source = BucketSource(proxy[0])
    weights = source.files()[1]
    proxy[1].will(fault, on="GET")
    with pytest.raises(SourceAwayError):
        list(source.read(weights, 1))


def test_what_we_may_not_read_is_no_reason_to_try_again(proxy: tuple[str, FaultyProxy]) -> None:
    proxy[1].will(faults.Answer(403), times=None)
    with pytest.raises(ModelError, match="we may not use") as refused:
        BucketSource(proxy[0]).files()
    assert not isinstance(refused.value, SourceAwayError)
    assert refused.value.run
