"""Exports a version anew: its weights and calibration in the serving graph of today."""

from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.confidence.calibration import Calibration
from nn.errors import ModelError, UserError
from nn.export.model_card import exported_from, made_now
from nn.export.serving_graph import build_serving_graph
from nn.export.write import check_target, export
from nn.networks.registry import Network, get_network
from nn.runtime.sessions import reason_of
from nn.versions import find_version, read_card


def renew(model: Path, folder: Path) -> Path:
    """Writes the next version into folder from another version alone; returns its path.

    model: a version, or a folder of versions; it takes the highest. The new version has
    the same weights, scaling and thresholds, and is quantized if the other is. Its card is the same
    except for the date, the libraries' versions and the hashes of the files; `exported_from` says
    what it was made from.

    Raises ModelError if there is no such version, it is damaged, or its network or variables are
    not those of this project; UserError if the folder cannot be written to.
    """
    version = find_version(model)
    card = read_card(version)
    network = network_of(version, card)
    calibration = _calibration_of(version, card)
    check_target(folder)
    graph, signatures = build_serving_graph(network, calibration.scaling)
    variables = str(version / "variables" / "variables")
    _check_variables(version, network, graph, variables)
    new_card = {**card, **made_now(), "exported_from": exported_from(version, card)}
    is_quantized = "quantized" in card
    return export(graph, signatures, variables, folder, new_card, is_quantized=is_quantized)


def network_of(version: Path, card: Mapping) -> Network:
    """The network that a card names, with the card's hidden sizes."""
    try:
        return get_network(card["network"], card.get("hidden") or ())
    except (UserError, TypeError, ValueError) as error:
        raise ModelError(
            f"{version}: its network is not one that this project has ({error})"
        ) from None


def _calibration_of(version: Path, card: Mapping) -> Calibration:
    try:
        return Calibration.of(card["calibration"])
    except (TypeError, ValueError, LookupError) as error:
        raise ModelError(f"{version}: its card has no valid calibration ({error})") from None


def _check_variables(version: Path, network: Network, graph: tf.Graph, file: str) -> None:
    """Raises ModelError if a version's variables are not those of the network, by name and shape.

    TensorFlow would restore a variable of another shape silently.
    """
    with graph.as_default():
        expected = {v.op.name: v.shape.as_list() for v in tf1.global_variables()}
    try:
        found = dict(tf.train.list_variables(file))
    except (tf.errors.OpError, ValueError) as error:
        raise ModelError(f"{version}: its variables cannot be read ({reason_of(error)})") from None
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ModelError(
                f"{version}: its variables do not fit the network {network.name}: {name} should "
                f"be {_shape(expected.get(name))}, but is {_shape(found.get(name))}"
            )


def _shape(shape: list[int] | None) -> str:
    return "missing" if shape is None else f"of shape {shape}"
