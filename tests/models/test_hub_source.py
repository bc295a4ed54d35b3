"""Models from the hub: one commit, checksums of both kinds, and a login that is shown to the hub alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import ModelError, SourceAwayError
from cajajejo.models.hub_source import HubSource
from cajajejo.models.source import Checksum, RemoteFile
from tests.fakes import faults, model_hub
from tests.fakes.faulty_proxy import FaultyProxy
from tests.fakes.model_hub import COMMIT, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.model_hub import Hub

TOKEN = "hf_" + "a1" * 17
WEIGHTS = bytes(range(256)) * 8192  # 2 MiB
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "sub dir/a+b.txt": b"text"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with model_hub.running(
        org__tiny=Repository(FILES, revisions=("main", "refs/pr/1", COMMIT)),
        org__private=Repository(FILES, token=TOKEN),
        org__gated=Repository(FILES, gated=True),
        org__both=Repository({**FILES, "pytorch_model.bin": WEIGHTS, "tf_model.h5": WEIGHTS, "onnx/model.onnx": b"o"}),
        org__old=Repository({"config.json": b"{}", "pytorch_model.bin": WEIGHTS}),
        org__evil=Repository({"config.json": b"{}", "../../out.txt": b"x"}),
    ) as hub:
        yield hub


def _source(hub: Hub, name: str, revision: str = "main", **environ: str) -> HubSource:
    return HubSource(f"org/{name}", revision, hub.environ(**environ))


@pytest.mark.parametrize("revision", ["main", "refs/pr/1", COMMIT])
def test_files_are_pinned_to_one_commit_and_have_checksums(hub: Hub, revision: str) -> None:
    source = _source(hub, "tiny", revision)
    git = hashlib.sha1(b"blob 2\0{}", usedforsecurity=False).hexdigest()
    config, weights, _ = source.files()
    key = f"/org/tiny/resolve/{COMMIT}"
    assert config == RemoteFile("config.json", 2, Checksum("git", git), COMMIT, key=f"{key}/config.json")
    sha256 = Checksum("sha256", hashlib.sha256(WEIGHTS).hexdigest())
    assert weights == RemoteFile("model.safetensors", len(WEIGHTS), sha256, COMMIT, key=f"{key}/model.safetensors")
    assert (source.name, source.address) == ("tiny", f"hf://org/tiny@{revision}")


def test_bytes_of_all_and_of_parts(hub: Hub) -> None:
    source = _source(hub, "tiny")
    assert {file.path: b"".join(source.read(file)) for file in source.files()} == FILES
    weights = source.files()[1]
    chunks = list(source.read(weights, 7, len(WEIGHTS) - 5))
    assert b"".join(chunks) == WEIGHTS[7:-5]
    assert max(map(len, chunks)) <= 1024 * 1024
    assert list(source.read(weights, 5, 5)) == []


def test_the_login_is_shown_to_the_hub_alone(hub: Hub) -> None:
    source = _source(hub, "private", HF_TOKEN=TOKEN)
    assert b"".join(source.read(source.files()[1])) == WEIGHTS
    assert {(server, login) for server, _, login, _ in hub.asked} == {("hub", f"Bearer {TOKEN}"), ("cdn", None)}


def test_a_login_that_ends_in_a_newline_is_the_login(hub: Hub) -> None:
    assert _source(hub, "private", HF_TOKEN=f"{TOKEN}\n").files()


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"HF_TOKEN": f"{TOKEN}\nsecond"}, "the login for the hub holds characters that cannot be sent: copy it again"),
        ({"HF_TOKEN": f"{TOKEN}ü"}, "the login for the hub holds characters that cannot be sent: copy it again"),
        ({"HF_ENDPOINT": "http://[bad"}, "not the address of the hub: http://[bad"),
        ({"HF_ENDPOINT": "hub.example"}, "not the address of the hub: hub.example"),
        (
            {"HF_ENDPOINT": "ftp://jasper:hunter22@hub.example"},
            "not the address of the hub: ftp:// (hidden)@hub.example",
        ),
    ],
)
def test_a_login_or_an_address_that_can_be_none_is_told_without_a_secret(
    hub: Hub, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(ModelError) as raised:
        _source(hub, "private", **environ).files()
    assert raised.value.message == message
    assert TOKEN not in str(raised.value.facts)


def test_other_forms_of_the_weights_are_left_out(hub: Hub) -> None:
    assert [file.path for file in _source(hub, "both").files()] == list(FILES)
    assert [file.path for file in _source(hub, "old").files()] == ["config.json", "pytorch_model.bin"]


def test_a_repository_that_moved_is_followed(hub: Hub) -> None:
    hub.moved["org/before"] = "org/tiny"
    assert [file.path for file in _source(hub, "before").files()] == list(FILES)


@pytest.mark.parametrize(
    ("name", "revision", "environ", "message", "run"),
    [
        ("none", "main", {}, "the hub shows no repository org/none without a login", ("export HF_TOKEN=…",)),
        ("private", "main", {"HF_TOKEN": "hf_wrong"}, "the hub shows no repository org/private with HF_TOKEN", ()),
        ("tiny", "v2", {}, "org/tiny has no revision v2", ()),
        (
            "evil",
            "main",
            {},
            "hf://org/evil@main holds a file whose name leads out of a directory: '../../out.txt'",
            (),
        ),
        (
            "tiny",
            "main",
            {"HF_HUB_OFFLINE": "1"},
            "hf://org/tiny@main is on the hub, and this machine is set offline",
            ("unset HF_HUB_OFFLINE",),
        ),
    ],
)
def test_what_cannot_be_had_is_told(
    hub: Hub, name: str, revision: str, environ: dict[str, str], message: str, run: tuple[str, ...]
) -> None:
    with pytest.raises(ModelError) as refused:
        _source(hub, name, revision, **environ).files()
    assert (refused.value.message, refused.value.run) == (message, run)
    assert "hf_wrong" not in "\n".join(refused.value.lines())


@pytest.mark.parametrize("name", ["\ud800", "x" * 256, "deep/" + "ü" * 128], ids=["no text", "long", "long in bytes"])
def test_a_name_that_no_file_can_have_is_refused(hub: Hub, name: str) -> None:
    hub.repositories["org/odd"] = Repository({**FILES, name: b"x"})
    with pytest.raises(ModelError, match="holds a file whose name no file can have"):
        _source(hub, "odd").files()


@pytest.mark.parametrize("said", ["{}", "[]", "null", '{"sha": "x", "siblings": [{}]}', '{"sha": "x", "siblings": 1}'])
def test_an_answer_of_somebody_else_is_an_error(hub: Hub, said: str) -> None:
    with FaultyProxy(hub.url) as proxy:
        proxy.will(faults.Answer(200, said.encode()))
        hub.url = proxy.url
        with pytest.raises(ModelError, match=f"the hub answers with something that is not understood: {proxy.url}"):
            _source(hub, "tiny").files()


def test_a_gated_repository_says_where_its_terms_are(hub: Hub) -> None:
    source = _source(hub, "gated")
    with pytest.raises(ModelError, match="org/gated is gated") as refused:
        list(source.read(source.files()[0]))
    assert refused.value.facts["accept at"] == "https://huggingface.co/org/gated"


@pytest.mark.parametrize("fault", [faults.Cut(after=300_000), faults.Shorten(to=300_000, lengthless=True)])
def test_what_arrived_before_a_cut_is_kept(hub: Hub, fault: faults.Fault) -> None:
    with FaultyProxy(hub.cdn_url) as proxy:
        hub.cdn_url = proxy.url
        source = _source(hub, "tiny")
        weights = source.files()[1]
        got = b""
        proxy.will(fault, times=2)
        while len(got) < len(WEIGHTS):
            before = len(got)
            try:
                for chunk in source.read(weights, before):
                    got += chunk
            except SourceAwayError:
                assert len(got) == before + 300_000
        assert got == WEIGHTS
        assert [seen.range for seen in proxy.seen()] == [
            f"bytes={start}-{len(WEIGHTS) - 1}" if start else None for start in (0, 300_000, 600_000)
        ]


def test_a_hub_that_is_busy_is_asked_again(hub: Hub) -> None:
    with FaultyProxy(hub.url) as proxy:
        proxy.will(faults.Answer(429))
        proxy.will(faults.Answer(503, b"<html>away</html>"))
        assert len(HubSource("org/tiny", "main", {"HF_ENDPOINT": proxy.url}).files()) == len(FILES)
        proxy.will(faults.Answer(500), times=None)
        with pytest.raises(SourceAwayError, match="the hub does not answer as it should"):
            HubSource("org/tiny", "main", {"HF_ENDPOINT": proxy.url}).files()
