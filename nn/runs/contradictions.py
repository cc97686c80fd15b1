"""Which options of train_neural_network.py do not go together, and what to do about it."""

import argparse

from nn.data.digits import SEED_LIMIT
from nn.data.told import UNTOLD, Told

# The networks that help those which read digits: one finds ink, the other reads rows.
HELPERS = ("finder", "rows")
NOT_WITH_HELPERS = ("hidden", "refit", "quantize", "augment", "extras", "saved_model")
SOURCES_BY_NAME = ("auto", "mnist", "bundled")  # what --data takes that is no file or folder
NOT_WITH_START_FROM = ("network", "hidden", "compare", "refit", "validation_split", "extras")
FOR_A_SINGLE_RUN = ("refit", "quantize")
# The options that may stand beside --resume. All others set what a run computes, and a resumed run
# has its own settings.
BESIDE_RESUME = {"resume", "saved_model", "quiet", "list_networks"}


def contradiction(options: argparse.Namespace) -> str | None:
    """Says which options, each valid alone, do not go together; None where all do."""
    networks = options.compare or []
    first, seeds = options.seed or 0, options.seeds or 1
    if options.resume and (setting := _first_setting(options)):
        return (
            f"--resume takes its settings from what {options.resume} was started with; "
            f"drop --{setting}"
        )
    if networks and options.network:
        return "--compare names the networks itself; drop --network"
    if "all" in networks and len(networks) > 1:
        return "--compare all is every network there is; drop the other names"
    if "all" in networks and options.hidden:
        return (
            "--hidden fits only networks with as many hidden layers; "
            "name these after --compare, in place of all"
        )
    if "all" in networks and options.dropout is not None:
        return (
            "--dropout fits only networks with dropout layers; "
            "name these after --compare, in place of all"
        )
    if problem := _own_digits_problem(options) or _helper_problem(options):
        return problem
    if options.data == "bundled" and Told.of(options) != UNTOLD:
        return "--transposed and --inverted are about your own files; drop --data bundled"
    for name in FOR_A_SINGLE_RUN:
        if networks and getattr(options, name):
            return f"--{name} is for a single run; drop --compare"
    if options.seeds and not networks:
        return "--seeds is for --compare; a single run takes --seed"
    if first + seeds > SEED_LIMIT:
        return f"--seeds {seeds}, from {first} on: the highest seed is {SEED_LIMIT - 1}"
    return None


def _own_digits_problem(options: argparse.Namespace) -> str | None:
    """Says what is wrong about learning one's own digits; None if nothing is."""
    if options.start_from is None:
        return "--labels is for --start-from, with a folder of pictures" if options.labels else None
    if options.data is None:
        return "--start-from learns digits of your own; name them with --data"
    if options.data in SOURCES_BY_NAME:
        return "--start-from learns digits of your own; name their file or folder with --data"
    if options.labels and Told.of(options) != UNTOLD:
        return (
            "--transposed and --inverted are about data files, not pictures; drop --labels or them"
        )
    if options.quantize:
        return "--start-from exports its weights in float32; drop --quantize"
    for name in NOT_WITH_START_FROM:
        if getattr(options, name) is not None:
            return f"--start-from takes the network of its model; drop --{name.replace('_', '-')}"
    return None


def _helper_problem(options: argparse.Namespace) -> str | None:
    """Says what is wrong about training a helper; None if nothing is."""
    for name in options.compare or []:
        if name in HELPERS:
            return f"--compare is for networks that read digits; drop {name}"
    if options.network not in HELPERS:
        return f"--pictures is for --network {' or '.join(HELPERS)}" if options.pictures else None
    for name in NOT_WITH_HELPERS:
        if getattr(options, name) is not None:
            return (
                f"--network {options.network} only helps other networks; "
                f"drop --{_written(options, name)}"
            )
    return None


def _first_setting(options: argparse.Namespace) -> str | None:
    """The first given option that sets what a run computes, as it was written, without its --."""
    for name, value in vars(options).items():
        if value is not None and name not in BESIDE_RESUME:
            return _written(options, name)
    return None


def _written(options: argparse.Namespace, name: str) -> str:
    """An option as it was written, without its --."""
    return ("no-" if getattr(options, name) is False else "") + name.replace("_", "-")
