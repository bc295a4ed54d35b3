"""Buckets and directories keep what they are given, and never let a reader hang, or take a part for the whole."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from cajajejo import storage
from cajajejo.errors import CajajejoError, StorageAwayError, StorageError, StorageMissingError
from cajajejo.storage import connections
from tests.builders import ROOT
from tests.fakes import faults, object_stores
from tests.fakes.faulty_proxy import FaultyProxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = os.urandom(3_000_000)
ODD = "sub dir/ä#?+%20&=~.json"
VARIABLES = {"gs": "STORAGE_EMULATOR_HOST", "s3": "AWS_ENDPOINT_URL_S3"}


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[str, str]]:
    with object_stores.google() as google, object_stores.amazon() as amazon:
        yield {"gs": google, "s3": amazon}


@pytest.fixture(params=["gs", "s3"])
def scheme(request: pytest.FixtureRequest, stores: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    name = str(request.param)
    for variable, value in object_stores.AWS.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv(VARIABLES[name], stores[name])
    return name


@pytest.fixture
def proxy(scheme: str, stores: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    with FaultyProxy(stores[scheme]) as proxy:
        monkeypatch.setenv(VARIABLES[scheme], proxy.url)
        yield proxy


@pytest.fixture
def address(scheme: str, request: pytest.FixtureRequest) -> str:
    """A place of its own for each test, in a bucket."""
    return f"{scheme}://bucket/{hashlib.sha1(request.node.name.encode(), usedforsecurity=False).hexdigest()}"


@pytest.fixture(params=["gs", "s3", "local"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, or a directory."""
    if request.param == "local":
        return str(tmp_path / "kept")
    request.applymarker(pytest.mark.usefixtures("stores"))
    stores = request.getfixturevalue("stores")
    patch = request.getfixturevalue("monkeypatch")
    for variable, value in {**object_stores.AWS, VARIABLES[request.param]: stores[request.param]}.items():
        patch.setenv(variable, value)
    return f"{request.param}://bucket/{hashlib.sha1(request.node.name.encode(), usedforsecurity=False).hexdigest()}"


@pytest.mark.parametrize(
    ("address", "remote"),
    [
        ("gs://bucket/a", True),
        ("s3://bucket", True),
        ("/a/b", False),
        ("a", False),
        ("gs:/a", False),
        ("file:///a", False),
    ],
)
def test_what_is_remote_is_in_a_bucket(address: str, *, remote: bool) -> None:
    assert storage.is_remote(address) is remote


def test_what_is_put_can_be_listed_read_and_removed(anywhere: str) -> None:
    kept = {"w.bin": DATA, ODD: b"{}", "empty": b""}
    for path, data in kept.items():
        storage.put(storage.join(anywhere, path), data)
    storage.put(f"{anywhere}2/other", b"of a neighbour")
    listed = storage.files(f"{anywhere}/")
    assert {file.path: file.size for file in listed} == {path: len(data) for path, data in kept.items()}
    assert [file.path for file in listed] == sorted(kept)
    assert {file.path: storage.get(file.address) for file in listed} == kept
    assert storage.own(anywhere) is None
    assert storage.exists(anywhere)
    storage.put(f"{anywhere}/w.bin", b"new")
    assert storage.get(f"{anywhere}/w.bin") == b"new"
    storage.remove(anywhere)
    storage.remove(anywhere)
    assert (storage.exists(anywhere), storage.exists(f"{anywhere}2/other")) == (False, True)
    assert storage.files(anywhere) == []


def test_directories_go_there_and_back(anywhere: str, tmp_path: Path) -> None:
    large = os.urandom(6_000_000)
    kept = {"a/b/large": large, ODD: b"x", "empty": b""}
    for path, data in kept.items():
        (tmp_path / "from" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / path).write_bytes(data)
    storage.upload(tmp_path / "from", anywhere)
    storage.download(anywhere, tmp_path / "to")
    back = {
        p.relative_to(tmp_path / "to").as_posix(): p.read_bytes() for p in (tmp_path / "to").rglob("*") if p.is_file()
    }
    assert back == kept


def test_parts_are_read_in_small_chunks(anywhere: str) -> None:
    address = f"{anywhere}/w.bin"
    storage.put(address, DATA)
    chunks = list(storage.read(address, 100, 2_900_000))
    assert b"".join(chunks) == DATA[100:2_900_000]
    assert max(map(len, chunks)) <= 1024 * 1024
    assert b"".join(storage.read(address, 2_999_999)) == DATA[-1:]
    assert list(storage.read(address, 5, 5)) == []


def test_what_is_not_there_is_missing(anywhere: str, tmp_path: Path) -> None:
    with pytest.raises(StorageMissingError):
        storage.get(f"{anywhere}/nothing")
    with pytest.raises(StorageMissingError):
        storage.download(anywhere, tmp_path / "to")
    assert storage.own(f"{anywhere}/nothing") is None


@pytest.mark.parametrize("anywhere", ["s3", "local"], indirect=True)
def test_a_file_that_changed_since_it_was_listed_is_not_read_on(anywhere: str) -> None:
    storage.put(f"{anywhere}/w.bin", DATA)
    version = storage.files(anywhere)[0].version
    assert b"".join(storage.read(f"{anywhere}/w.bin", 0, 5, version=version)) == DATA[:5]
    storage.put(f"{anywhere}/w.bin", DATA + b"more")
    with pytest.raises(StorageError, match="changed since it was listed"):
        list(storage.read(f"{anywhere}/w.bin", 5, 10, version=version))


def test_a_generation_that_is_gone_is_a_change(address: str, proxy: FaultyProxy) -> None:
    storage.put(f"{address}/w.bin", DATA)
    version = storage.files(address)[0].version
    status = {"gs": 404, "s3": 412}[address[:2]]
    proxy.will(faults.Answer(status), on="GET")
    with pytest.raises(StorageError, match="gone, or changed since it was listed") as changed:
        list(storage.read(f"{address}/w.bin", version=version))
    assert not isinstance(changed.value, StorageMissingError | StorageAwayError)
    if address.startswith("gs:"):
        assert f"generation={version}" in proxy.seen("alt=media")[0].line


def test_a_bucket_alone_is_a_place_and_stays(scheme: str) -> None:
    storage.put(f"{scheme}://bucket/of-the-bucket", b"x")
    assert storage.own(f"{scheme}://bucket/") is None
    assert storage.exists(f"{scheme}://bucket")
    storage.remove(f"{scheme}://bucket")
    assert storage.files(f"{scheme}://bucket") == []


def test_checksums_are_those_of_the_bytes(address: str) -> None:
    storage.put(f"{address}/w.bin", DATA)
    [file] = storage.files(address, checksums=True)
    assert file.md5 == hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    assert storage.own(f"{address}/w.bin") == file
    if address.startswith("gs:"):
        google: Any = importlib.import_module("google_crc32c")  # it carries no types
        assert file.crc32c == google.Checksum(DATA).hexdigest().decode()


@contextmanager
def _s3_client(url: str) -> Iterator[Any]:
    boto3: Any = importlib.import_module("boto3")  # it carries no types
    with closing(boto3.client("s3", endpoint_url=url, region_name="us-east-1")) as client:
        yield client


@pytest.mark.parametrize("scheme", ["s3"], indirect=True)
def test_an_etag_that_is_no_md5_is_no_checksum(address: str, stores: dict[str, str]) -> None:
    key = address.removeprefix("s3://bucket/")
    with _s3_client(stores["s3"]) as client:
        client.put_object(Bucket="bucket", Key=f"{key}/kms", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="k")
        client.put_object(Bucket="bucket", Key=f"{key}/sha256", Body=b"x", ChecksumAlgorithm="SHA256")
        upload = client.create_multipart_upload(Bucket="bucket", Key=f"{key}/parts")["UploadId"]
        named = {"Bucket": "bucket", "Key": f"{key}/parts", "UploadId": upload}
        tag = client.upload_part(**named, PartNumber=1, Body=b"x")["ETag"]
        client.complete_multipart_upload(**named, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    files = {file.path: file for file in storage.files(address, checksums=True)}
    assert {path: file.md5 is None for path, file in files.items()} == {"kms": True, "parts": True, "sha256": False}
    assert files["sha256"].sha256 == hashlib.sha256(b"x").hexdigest()
    assert files["kms"].sha256 is None


def test_markers_of_directories_are_no_files(address: str, stores: dict[str, str]) -> None:
    storage.put(f"{address}/a/w.bin", b"x")
    key = f"{address.partition('bucket/')[2]}/a/"
    if address.startswith("gs:"):
        with urllib3.PoolManager() as pool:
            url = f"{stores['gs']}/upload/storage/v1/b/bucket/o?uploadType=media&name={key}"
            assert pool.request("POST", url, body=b"x").status == 200
    else:
        with _s3_client(stores["s3"]) as client:
            client.put_object(Bucket="bucket", Key=key, Body=b"")
    assert [file.path for file in storage.files(f"{address}/a")] == ["w.bin"]
    assert [file.path for file in storage.files(address)] == ["a/w.bin"]


@pytest.mark.parametrize("name", ["a/../../out", "/out", "a//b", ".."])
def test_names_that_lead_out_are_refused(address: str, proxy: FaultyProxy, tmp_path: Path, name: str) -> None:
    key = f"{address.partition('bucket/')[2]}/{name}"
    body = json.dumps({"items": [{"name": key, "size": "1"}]}).encode()
    if address.startswith("s3:"):
        body = f"<ListBucketResult><Contents><Key>{key}</Key><Size>1</Size></Contents></ListBucketResult>".encode()
    proxy.will(faults.Answer(200, body), on="GET")
    with pytest.raises(StorageError, match="leads out of a directory"):
        storage.download(address, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_what_arrived_before_a_cut_is_right_and_can_be_gone_on_from(address: str, proxy: FaultyProxy) -> None:
    storage.put(f"{address}/w.bin", DATA)
    proxy.will(faults.Cut(after=200_000), on="GET", times=4)
    got = bytearray()
    cuts = 0
    while len(got) < len(DATA):
        try:
            for chunk in storage.read(f"{address}/w.bin", len(got)):
                got += chunk
        except StorageAwayError:
            cuts += 1
            assert len(got) == 200_000 * cuts
    assert (bytes(got), cuts) == (DATA, 4)


@pytest.mark.parametrize(
    ("status", "kind", "tries"),
    [(429, StorageAwayError, 3), (500, StorageAwayError, 3), (503, StorageAwayError, 3), (403, StorageError, 1)],
)
def test_a_refusal_is_told_and_what_may_pass_is_tried_again(
    address: str, proxy: FaultyProxy, status: int, kind: type[CajajejoError], tries: int
) -> None:
    proxy.will(faults.Answer(status, b"no"), times=None)
    with pytest.raises(kind) as refused:
        storage.get(f"{address}/w.bin")
    assert len(proxy.seen()) == tries
    assert (f"HTTP {status}" in refused.value.facts["says"], bool(refused.value.run)) == (True, status == 403)


def test_one_fault_costs_nothing(address: str, proxy: FaultyProxy) -> None:
    proxy.will(faults.Answer(503))
    storage.put(f"{address}/w.bin", DATA)
    proxy.will(faults.LoseAnswer())
    storage.put(f"{address}/w.bin", DATA)
    proxy.will(faults.Cut(after=1000), on="GET")
    assert storage.get(f"{address}/w.bin") == DATA


@pytest.mark.parametrize("scheme", ["s3"], indirect=True)
def test_a_look_at_an_object_is_tried_again_by_itself(address: str, proxy: FaultyProxy) -> None:
    for name in "abcd":
        storage.put(storage.join(address, name), name.encode())
    proxy.will(faults.Answer(429), on="HEAD", times=4)
    assert [file.path for file in storage.files(address, checksums=True)] == list("abcd")
    assert len(proxy.seen("list-type")) == 1


def test_silence_ends(address: str, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SILENCE_SECONDS", 0.5)
    storage.put(f"{address}/w.bin", DATA)
    proxy.will(faults.Hang(after=1000), on="GET")
    got = bytearray()
    with pytest.raises(StorageAwayError):
        _take(storage.read(f"{address}/w.bin"), got)
    assert got == DATA[:1000]


def _take(chunks: Iterator[bytes], got: bytearray) -> None:
    for chunk in chunks:
        got += chunk


def test_a_storage_that_is_down_is_told(address: str, proxy: FaultyProxy) -> None:
    proxy.down()
    with pytest.raises(StorageAwayError, match="does not answer"):
        storage.put(f"{address}/w.bin", b"x")


@pytest.mark.parametrize("scheme", ["s3"], indirect=True)
def test_without_a_login_it_is_said_how_to_get_one(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StorageError, match="no login to the cloud") as refused:
        storage.get(f"{address}/w.bin")
    assert refused.value.run[0] == "aws sts get-caller-identity"


def test_a_key_file_of_google_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    with pytest.raises(StorageError, match="no login to the cloud") as refused:
        storage.get("gs://bucket/w.bin")
    assert refused.value.run[0] == "gcloud auth application-default login"


@pytest.mark.parametrize("address", ["ftp://host/a", "gs://", "s3:///a"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(StorageError, match="not an address"):
        storage.get(address)


def test_readers_in_many_threads_share_one_connection_pool(address: str) -> None:
    storage.put(f"{address}/w.bin", DATA)
    got: list[bytes] = []
    read = [threading.Thread(target=lambda: got.append(storage.get(f"{address}/w.bin"))) for _ in range(8)]
    for thread in read:
        thread.start()
    for thread in read:
        thread.join()
    assert got == [DATA] * 8


def test_a_process_ends_without_a_word_also_in_the_middle_of_a_file(address: str) -> None:
    storage.put(f"{address}/w.bin", DATA)
    program = f"from cajajejo import storage; c = storage.read({address!r} + '/w.bin'); next(c); print(len(next(c)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1048576\n", "")
