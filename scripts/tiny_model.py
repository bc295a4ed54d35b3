"""Make a language model of random weights, 1 MB, that answers nonsense at once: for trying out that all is connected.

    python3 scripts/tiny_model.py OUT        with a Python that has torch and transformers, as HELM's environment has

A GPT-NeoX, the kind of Pythia, with a token for every byte. The same versions give the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

LENGTH: Final = 2048
END: Final = "<|endoftext|>"


def main() -> int:
    """Make the model in the directory that the command line names and return the exit code."""
    if len(sys.argv) != 2:  # noqa: PLR2004
        print(__doc__, file=sys.stderr)
        return 2
    out = Path(sys.argv[1])
    make(out)
    for file in out.iterdir():
        file.chmod(0o644)  # safetensors makes it readable for its owner only; a container reads it as another user
    return 0


def make(out: Path) -> None:
    """Write the tokenizer and the weights."""
    import torch
    from tokenizers import (  # type: ignore[import-not-found,unused-ignore]  # only HELM's environment has it
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
    )
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

    letters = [END, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END, eos_token=END, unk_token=END, model_max_length=LENGTH
    ).save_pretrained(out)
    torch.manual_seed(0)
    config = GPTNeoXConfig(
        vocab_size=len(letters), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256,
        max_position_embeddings=LENGTH, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    GPTNeoXForCausalLM(config).save_pretrained(out)


if __name__ == "__main__":
    sys.exit(main())
