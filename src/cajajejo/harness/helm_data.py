"""What the scenarios of run specs need, looked at before a model is fetched: question files, and data offline.

HELM downloads the data of most scenarios. Without a network it can only use what is there: the directory
``benchmark_output`` in which HELM itself keeps its downloads, looked for where the evaluation starts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import offline, run_specs
from cajajejo.errors import SanityError
from cajajejo.harness.helm_plugin import cajajejo_questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cajajejo.run_specs import Entry

DOWNLOADS: Final = Path("benchmark_output")
_SCENARIOS: Final = DOWNLOADS / "scenarios"
_FILES: Final = {
    "boolq": ("data/train", "data/dev", "data/boolq_perturbed.jsonl"),
    "mmlu": ("data/dev/{subject}_dev.csv", "data/test/{subject}_test.csv"),
}
"""What HELM opens below ``benchmark_output/scenarios/<scenario>``; of other scenarios anything that is there counts."""
_PERTURBATIONS: Final = {
    "dialect": ("canonical", "fairness", "dialect_"),
    "person_name": ("canonical", "fairness", "person_name_"),
    "synonym": ("synonym", "robustness_all"),
}
"""Tables below ``benchmark_output/perturbations``, and how the values of ``data_augmentation`` begin that need them."""
_TOKENIZING: Final = frozenset(
    {
        *("boolq", "narrative_qa", "news_qa", "newsqa", "quac", "natural_qa"),
        *("summarization_xsum", "summarization_cnndm", "summarization_xsum_sampled"),
    }
)
"""Scenarios that are judged with BLEU, ROUGE or F1, for which NLTK splits text into sentences."""
_PUNKT: Final = Path("tokenizers", "punkt_tab")
_ANY_SUBJECT: Final = "abstract_algebra"


def check(text: str, environ: Mapping[str, str], helm_run: Path | None) -> None:
    """Returns when question files can be read and, where a variable says that there is no network, all data is there.

    Args:
        text: the run specs.
        environ: the environment of HELM.
        helm_run: the program, where it is known; NLTK looks into its environment.

    Raises:
        SanityError: something is not there; all of it is named.
    """
    entries = run_specs.entries(text)
    missing = [(entry, problem) for entry in entries for problem in _file_problems(entry)]
    said = offline.variable(environ)
    if said is not None:
        missing += [(entry, problem) for entry in entries for problem in _offline_problems(entry, environ, helm_run)]
    if not missing:
        return
    facts: dict[str, str] = {}
    for entry, problem in missing:
        name = f"line {entry.line}"
        facts[name] = f"{facts[name]}\n{problem}" if name in facts else problem
    if said is not None:
        facts["note"] = f"{said} says that nothing can be downloaded; a run of HELM where it can fills {DOWNLOADS}"
    (first, problem), *others = missing
    more = f" (and {len(others)} more)" if others else ""
    raise SanityError(f"{first.scenario} of the run specs cannot run here: {problem}{more}", facts=facts)


def provide(output: Path) -> None:
    """Shows HELM, which writes into `output`, what ``benchmark_output`` holds; the files stay where they are."""
    for kind in ("scenarios", "perturbations"):
        for directory, _, names in os.walk(DOWNLOADS / kind):
            for name in names:
                file = Path(directory, name)
                shown = output / file.relative_to(DOWNLOADS)
                if file.suffix != ".lock" and not os.path.lexists(shown):
                    shown.parent.mkdir(parents=True, exist_ok=True)
                    shown.symlink_to(file.absolute())


def _file_problems(entry: Entry) -> Iterator[str]:
    """What is wrong with the file of questions that an entry names."""
    path = entry.arguments.get("path")
    if path is None or entry.scenario not in {"questions", "custom_mcqa"}:
        return
    if entry.scenario == "questions":
        try:
            cajajejo_questions.read_questions(Path(path))
        except cajajejo_questions.QuestionsError as error:
            yield str(error)
    elif not Path(path).is_file():
        yield f"{path}: there is no such file" + ("" if Path(path).is_absolute() else "; HELM needs its absolute path")


def _offline_problems(entry: Entry, environ: Mapping[str, str], helm_run: Path | None) -> Iterator[str]:
    if entry.scenario not in offline.NEEDS_NO_DOWNLOAD:
        place = _SCENARIOS / entry.scenario
        subject = entry.arguments.get("subject", _ANY_SUBJECT)
        wanted = [name.format(subject=subject) for name in _FILES.get(entry.scenario, ())]
        absent = [str(place / name) for name in wanted if not (place / name).exists()]
        if absent:
            yield f"its data is not there: {', '.join(absent)}"
        elif not wanted and not _has_files(place):
            yield f"its data would be downloaded, and {place} holds none"
    augmentation = entry.arguments.get("data_augmentation", "")
    for name, beginnings in _PERTURBATIONS.items():
        if augmentation.startswith(beginnings) and not _has_files(DOWNLOADS / "perturbations" / name):
            yield f"data_augmentation={augmentation} downloads tables, and {DOWNLOADS}/perturbations/{name} holds none"
    if entry.scenario in _TOKENIZING and not _has_punkt(environ, helm_run):
        yield f"its metrics need NLTK's punkt_tab: {_PUNKT} below a directory of NLTK_DATA"


def _has_files(directory: Path) -> bool:
    return any(path.is_file() for path in directory.rglob("*")) if directory.is_dir() else False


def _has_punkt(environ: Mapping[str, str], helm_run: Path | None) -> bool:
    """Whether NLTK finds its tables for splitting text; it looks in these places."""
    named = [Path(place) for place in environ.get("NLTK_DATA", "").split(os.pathsep) if place]
    home = [Path(environ["HOME"], "nltk_data")] if environ.get("HOME") else []
    shared = [Path(root, "nltk_data") for root in ("/usr/share", "/usr/local/share", "/usr/lib", "/usr/local/lib")]
    beside = [helm_run.parents[1] / part / "nltk_data" for part in ("", "share", "lib")] if helm_run else []
    return any((place / _PUNKT).is_dir() for place in (*named, *home, *beside, *shared))
