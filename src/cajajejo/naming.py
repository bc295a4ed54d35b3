"""Names of jobs: two words and eight digits, all of them from what the job holds.

The same content has the same name, today and on every machine; other content has another. The digits tell jobs apart,
the words are there for people, who say "merciful crocodile" across a table and not "3f2a9c1d".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cajajejo.text_forms import DNS_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

INSTANCE: Final = "app.kubernetes.io/instance"
"""The label that holds the name of the job, on it and on all that belongs to it."""
MAX_PREFIX: Final = 32
"""Leaves room for the longest words and the digits."""

ADJECTIVES: Final = tuple(
    """
    able active adaptable agile alert amazing amiable amusing artful astute attentive balanced blissful bold brave
    bright brilliant bubbly calm candid capable careful cautious charming cheerful civil clever collected composed
    confident considerate content cordial courteous creative curious daring dazzling decent dependable determined
    devoted diligent discreet eager earnest easygoing elegant eloquent enchanted energetic esteemed exuberant fabulous
    faithful famous fearless festive flawless fluent focused fortunate frank friendly gallant generous gentle genuine
    gifted glad gleaming glorious graceful happy hardy harmonious helpful honest hopeful humble imaginative ingenious
    inventive jolly joyful jubilant judicious keen kind lively logical loyal lucid lucky majestic mellow merciful
    merry methodical mindful modest musical neat nimble noble observant optimistic orderly original patient peaceful
    perceptive playful pleasant poetic polite practical precise prudent punctual quick radiant rational refined
    reliable resolute resourceful robust sensible serene sincere skillful smiling sociable soulful spirited splendid
    steady sunny tactful talented thankful thoughtful thrifty tidy tireless tranquil trusty truthful upbeat valiant
    versatile vibrant vigilant vivid warm watchful welcoming wise witty wonderful worthy zesty
    """.split()  # noqa: SIM905  # words read better than a list of strings
)

ANIMALS: Final = tuple(
    """
    aardvark albatross alpaca angelfish antelope armadillo avocet axolotl badger bandicoot barracuda bison bluebird
    bumblebee butterfly camel canary capybara caracal cardinal caribou cassowary chameleon cheetah chickadee
    chinchilla chipmunk coati cormorant crane cricket crocodile curlew dalmatian damselfly dolphin dormouse dragonfly
    dugong eagle echidna egret eland falcon ferret finch firefly flamingo fossa gazelle gecko gerbil giraffe goldfinch
    guanaco hamster hedgehog heron hornbill hummingbird hyrax ibex ibis iguana impala jackdaw jaguar jellyfish jerboa
    kakapo kangaroo kestrel kingfisher koala kookaburra kudu ladybird lapwing lemming lemur leopard lionfish llama
    lobster lynx magpie mammoth manatee marmot marten meerkat mongoose narwhal newt nightingale numbat nuthatch ocelot
    octopus okapi opossum oriole osprey otter panda pangolin parakeet peacock pelican penguin petrel pheasant platypus
    porcupine porpoise puffin puma quail quokka raven reindeer robin salamander sandpiper seahorse skylark sparrow
    spoonbill squirrel starling stingray stork swan tamarin tapir tiger toucan turtle urchin wallaby walrus warbler
    waxwing wildcat wolf wombat woodpecker wren yak zebra
    """.split()  # noqa: SIM905  # words read better than a list of strings
)

_OURS: Final = re.compile(r"-[a-z]+-[a-z]+-[0-9a-f]{8}$")


def job_name(prefix: str, digest: str) -> str:
    """``<prefix>-<adjective>-<animal>-<8 hex>``; all but the prefix follows from `digest`, a SHA-256 in hex.

    Raises:
        ValueError: it is no DNS label, which it must be: a Job's name becomes a label of its pods.
    """
    adjective = ADJECTIVES[int(digest[8:20], 16) % len(ADJECTIVES)]
    animal = ANIMALS[int(digest[20:32], 16) % len(ANIMALS)]
    return DNS_LABEL.check(f"{prefix}-{adjective}-{animal}-{digest[:8]}")


def has_digest(name: str) -> bool:
    """Whether `name` ends in words and digits of ours."""
    return _OURS.search(name) is not None


def prefix_of(name: str) -> str:
    """What stands before the two words, where a name has them; else the whole name, as far as it leaves room.

    The dots that a Job's name may have, and ours have not, become dashes.
    """
    parts = name.replace(".", "-").split("-")
    if has_digest(name):
        parts = parts[:-1]
    if len(parts) > 2 and parts[-2] in ADJECTIVES and parts[-1] in ANIMALS:  # noqa: PLR2004  # a prefix and two words
        parts = parts[:-2]
    return "-".join(parts)[:MAX_PREFIX].rstrip("-")


def renamed(documents: Sequence[Mapping[str, Any]], name: str, new: str) -> list[dict[str, Any]]:
    """`documents` with `new` in place of `name`.

    A name that ends in our eight digits is replaced also inside of longer text; one written by hand, which may be any
    word, only where it stands alone.
    """
    put = _put_inside if has_digest(name) else _put_alone
    return [{key: _renamed(value, name, new, put) for key, value in document.items()} for document in documents]


def _renamed(value: Any, name: str, new: str, put: Callable[[str, str, str], str]) -> Any:
    if isinstance(value, str):
        return put(value, name, new)
    if isinstance(value, dict):
        return {key: _renamed(item, name, new, put) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, name, new, put) for item in value]
    return value


def _put_inside(text: str, name: str, new: str) -> str:
    return text.replace(name, new)


def _put_alone(text: str, name: str, new: str) -> str:
    return new if text == name else text
