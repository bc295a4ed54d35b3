"""What is known about a machine: from files and programs that are there, absent, odd or slow."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from cajajejo import __version__, system_facts

if TYPE_CHECKING:
    from pathlib import Path

L4 = "NVIDIA L4, 23034, 550.90.07\n"
HEAD = """Sun Nov 22 08:30:00 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.90.07              Driver Version: 550.90.07      CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
"""


def program(directory: Path, script: str) -> dict[str, str]:
    """An environment in which ``nvidia-smi`` is a script of the shell."""
    directory.mkdir(exist_ok=True)
    path = directory / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": f"{directory}:{os.environ['PATH']}"}


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def gpu_facts(environ: dict[str, str], root: Path) -> dict[str, str]:
    facts = system_facts.gather(environ, root=root)
    return {name: value for name, value in facts.items() if name.startswith(("gpu", "cuda"))}


def test_a_gpu_is_told_with_its_driver(tmp_path: Path) -> None:
    (tmp_path / "head").write_text(HEAD)
    environ = program(tmp_path / "bin", f'case "$1" in --query*) echo "{L4.strip()}";; *) cat {tmp_path}/head;; esac')
    assert gpu_facts(environ, tmp_path) == {
        "gpu": "NVIDIA L4",
        "gpu_count": "1",
        "gpu_memory_bytes": str(23034 * 2**20),
        "gpu_driver": "550.90.07",
        "cuda": "12.4",
    }


@pytest.mark.parametrize(
    "script",
    [
        "exit 9",
        'echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver."; exit 9',
        "echo No devices were found",
        "printf '\\377\\376\\000'",
        "kill -9 $$",
        ":",
    ],
)
def test_a_program_that_fails_tells_of_no_gpu(tmp_path: Path, script: str) -> None:
    assert gpu_facts(program(tmp_path / "bin", script), tmp_path) == {}


def test_a_program_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_facts, "_SMI_SECONDS", 0.2)
    assert gpu_facts(program(tmp_path / "bin", "exec sleep 600"), tmp_path) == {}


def test_without_the_program_there_is_no_gpu(tmp_path: Path) -> None:
    assert gpu_facts({"PATH": str(tmp_path)}, tmp_path) == {}
    assert gpu_facts({}, tmp_path) == {}


@pytest.mark.parametrize(
    ("listed", "facts"),
    [
        ("", {}),
        ("\n\n", {}),
        ("nonsense", {}),
        (L4 + L4 + "Tesla T4, 15360, 550.90.07", {"gpu": "NVIDIA L4, Tesla T4", "gpu_count": "3"}),
        ("A, with comma, 15360, 535.1", {"gpu": "A, with comma", "gpu_driver": "535.1"}),
        ("NVIDIA H100, [N/A], [N/A]", {"gpu": "NVIDIA H100", "gpu_memory_bytes": "", "gpu_driver": ""}),
        ("NVIDIA H100, [Insufficient Permissions], 570.1", {"gpu_memory_bytes": "", "gpu_driver": "570.1"}),
        ("NVIDIA L4, ²³, 1", {"gpu_memory_bytes": ""}),
    ],
)
def test_what_the_program_lists(listed: str, facts: dict[str, str]) -> None:
    found = system_facts.gpus(listed)
    assert {name: found.get(name) for name in facts} == facts
    assert bool(found) == bool(facts)


@pytest.mark.parametrize(
    ("shown", "facts"),
    [
        (HEAD, {"cuda": "12.4"}),
        ("CUDA Version        : 13.0", {"cuda": "13.0"}),
        ("CUDA Version: N/A", {}),
        ("", {}),
    ],
)
def test_the_version_of_cuda(shown: str, facts: dict[str, str]) -> None:
    assert system_facts.cuda(shown) == facts


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC\nmodel name\t: other\n", "AMD EPYC"),
        ("processor\t: 0\nBogoMIPS\t: 48.00\n", ""),
        ("model name\t:\n", ""),
        ("", ""),
    ],
)
def test_the_name_of_the_processor(cpuinfo: str, name: str) -> None:
    assert system_facts.processor(cpuinfo) == name


@pytest.mark.parametrize(
    ("listed", "places"),
    [
        ("0::/\n", ["sys/fs/cgroup"]),
        (
            "0::/kubepods/pod1/c\n",
            ["sys/fs/cgroup/kubepods/pod1/c", "sys/fs/cgroup/kubepods/pod1", "sys/fs/cgroup/kubepods", "sys/fs/cgroup"],
        ),
        ("4:memory:/docker/x\n", [f"sys/fs/cgroup/memory{end}" for end in ("/docker/x", "/docker", "")]),
        ("5:cpu,memory:/\n3:cpuset:/a\n", ["sys/fs/cgroup/memory"]),
        ("0::/../../x\n", []),
        ("nonsense\n4:cpu:/\n", []),
        ("", []),
    ],
)
def test_where_memory_is_counted(listed: str, places: list[str]) -> None:
    assert system_facts.control_groups(listed) == places


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4294967296\n", 4294967296),
        ("max\n", None),
        ("9223372036854771712", None),
        ("", None),
        ("-1", None),
        ("²", None),
    ],
)
def test_a_limit(text: str, number: int | None) -> None:
    assert system_facts.limit(text) == number


MEMINFO = {"proc/meminfo": "MemTotal:       24684092 kB\nMemFree: 1 kB\n"}
V2 = {
    **MEMINFO,
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/memory.max": "4294967296\n",
    "sys/fs/cgroup/memory.peak": "123456789\n",
}
V1 = {
    **MEMINFO,
    "proc/self/cgroup": "9:name=systemd:/kubepods/pod1\n4:memory:/kubepods/pod1\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "4294967296\n",
    "sys/fs/cgroup/memory/memory.max_usage_in_bytes": "123456789\n",
}


@pytest.mark.parametrize("files", [V2, V1], ids=["version 2", "version 1"])
@pytest.mark.parametrize("mark", ["KUBERNETES_SERVICE_HOST", ".dockerenv", "run/.containerenv"])
def test_in_a_container_the_peak_of_its_memory_is_known(tmp_path: Path, files: dict[str, str], mark: str) -> None:
    environ = {mark: "10.0.0.1"} if mark.isupper() else {}
    facts = system_facts.gather(environ, root=machine(tmp_path, files if environ else {**files, mark: ""}))
    assert {name: value for name, value in facts.items() if name.startswith("memory")} == {
        "memory_bytes": str(24684092 * 1024),
        "memory_limit_bytes": "4294967296",
        "memory_peak_bytes": "123456789",
    }


def test_outside_of_a_container_the_peak_would_be_that_of_others(tmp_path: Path) -> None:
    facts = system_facts.gather({}, root=machine(tmp_path, V2))
    assert [name for name in facts if name.startswith("memory")] == ["memory_bytes"]


@pytest.mark.parametrize(
    ("facts", "metric"),
    [
        ({"memory_peak_bytes": "123456789"}, {"vm_memory_usage_bytes": 123456789.0}),
        ({"memory_bytes": "5"}, {}),
        ({"memory_peak_bytes": "much"}, {}),
        ({"memory_peak_bytes": "inf"}, {}),
    ],
    ids=["known", "not known", "no number", "no finite number"],
)
def test_the_peak_of_memory_is_a_metric_where_it_is_known(facts: dict[str, str], metric: dict[str, float]) -> None:
    assert system_facts.memory_metric(facts) == metric


def test_a_machine_that_tells_nothing_is_told_as_far_as_python_knows(tmp_path: Path) -> None:
    facts = system_facts.gather({}, root=tmp_path)
    assert set(facts) == {"cpu", "cpu_count", "python", "platform", "cajajejo"}
    assert facts["cajajejo"] == __version__
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert int(facts["cpu_count"]) >= 1


@pytest.mark.parametrize(
    ("config", "environ", "digest"),
    [("sha256:a", {}, "sha256:a"), (None, {"CAJAJEJO_IMAGE_DIGEST": "sha256:b"}, "sha256:b"), (None, {}, None)],
)
def test_the_digest_of_the_image_where_it_is_known(
    tmp_path: Path, config: str | None, environ: dict[str, str], digest: str | None
) -> None:
    assert system_facts.gather(environ, image_digest=config, root=tmp_path).get("image_digest") == digest


def test_nothing_of_the_environment_is_a_fact() -> None:
    environ = {**os.environ, "HF_TOKEN": "hf_secretsecret", "AWS_SECRET_ACCESS_KEY": "secretsecret"}
    assert "secretsecret" not in repr(system_facts.gather(environ))


def test_odd_text_is_one_short_line(tmp_path: Path) -> None:
    root = machine(tmp_path, {"proc/cpuinfo": f"model name : {'x ' * 500}\t\x1b[31m\n"})
    assert len(system_facts.gather({}, root=root)["cpu"]) == 200
