"""An example of a program for `command:`: asks a model the questions of files, and writes down what it answered.

    python3 ask.py FILE.jsonl…

Needs torch and transformers. It is told by variables where the model and its tokenizer are, where to write, and how
many questions to ask of each file. Started again, it goes on after the last line that it wrote.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

LONGEST_ANSWER = 8


def main(files: list[Path]) -> None:
    """Asks the questions of each file; a file is a scenario."""
    output = Path(os.environ["OUTPUT_DIR"], "results.jsonl")
    there = {(line["scenario"], line["id"]) for line in read(output)} if output.exists() else set()
    limit = int(os.environ["MAX_INSTANCES"] or sys.maxsize)
    tell(event="runs", total=len(files), names=[file.stem for file in files])
    tokenizer = AutoTokenizer.from_pretrained(os.environ["TOKENIZER_DIR"])
    device, dtype = ("cuda", "auto") if torch.cuda.is_available() else ("cpu", torch.float32)  # there bfloat16 is slow
    model = AutoModelForCausalLM.from_pretrained(os.environ["MODEL_DIR"], dtype=dtype).to(device).eval()
    for file in files:
        lines = read(file)
        examples = "".join(f"{prompt(line)} {line['answer']}\n\n" for line in lines if line["split"] == "train")
        questions = [line for line in lines if line["split"] == "test"][:limit]
        for done, line in enumerate(questions, 1):
            if (file.stem, line["id"]) not in there:
                asked = examples + prompt(line)
                result = judged(line, asked, answer(model, tokenizer, asked))
                append(output, {"suite": "ask", "scenario": file.stem, "group": line.get("source"), **result})
            tell(event="progress", run=file.stem, done=done, total=len(questions))
        tell(event="done", run=file.stem)


def prompt(line: dict[str, Any]) -> str:
    """A question as the model sees it."""
    return f"Question: {line['question']}\nAnswer:"


def answer(model: Any, tokenizer: Any, asked: str) -> str:
    """The first line of what the model writes, word by word the most likely."""
    tokens = tokenizer(asked, return_tensors="pt").to(model.device)
    with torch.inference_mode():
        written = model.generate(**tokens, max_new_tokens=LONGEST_ANSWER, do_sample=False)
    text = tokenizer.decode(written[0, tokens["input_ids"].shape[1] :], skip_special_tokens=True)
    return str(text.strip().partition("\n")[0].strip())


def judged(line: dict[str, Any], asked: str, predicted: str) -> dict[str, Any]:
    """What is kept of one question."""
    right = {text.casefold() for text in (line["answer"], *line.get("aliases", ()))}
    return {
        "id": line["id"],
        "prompt": line["question"],
        "prompt_sha256": hashlib.sha256(asked.encode()).hexdigest(),
        "reference": line["answer"],
        "prediction": predicted,
        "scores": {"exact_match": predicted.rstrip(".").casefold() in right},
    }


def tell(**event: object) -> None:
    """Tells how far it is."""
    append(Path(os.environ["CAJAJEJO_PROGRESS"]), event)


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a file, each a JSON object."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def append(path: Path, fields: dict[str, Any]) -> None:
    """Adds a line, at once."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(fields) + "\n")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
