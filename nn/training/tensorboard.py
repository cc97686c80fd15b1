"""Summaries of a run for TensorBoard: curves, histograms of the weights, the graph."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import tensorflow.compat.v1 as tf1

from nn.networks.inference import build_inference_graph
from nn.networks.registry import Network
from nn.training.graph import TrainingGraph


@contextmanager
def summaries(
    folder: Path, session: tf1.Session, graph: TrainingGraph, network: Network
) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Yields a function that writes an epoch's scalars and the present weights.

    TensorBoard shows the graph that predicts: the training graph has too many nodes to read.
    """
    with graph.graph.as_default():
        histograms = tf1.summary.merge([
            tf1.summary.histogram(f"weights/{weights.op.name}", weights)
            for weights in graph.weights
        ])  # fmt: skip
    shown = build_inference_graph(network)
    with shown.as_default(), tf1.summary.FileWriter(str(folder), shown) as writer:

        def summarize(epoch: int, scalars: Mapping[str, float]) -> None:
            values = [
                tf1.Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()
            ]
            writer.add_summary(tf1.Summary(value=values), epoch)
            writer.add_summary(session.run(histograms), epoch)
            writer.flush()

        yield summarize
