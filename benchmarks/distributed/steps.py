"""A worker that takes steps of a network and prints how long one took, in JSON.

python -m benchmarks.distributed.steps NETWORK STEPS, with TF_CONFIG or without
"""

import json
import sys
import time
from dataclasses import replace

import numpy as np

from nn.runtime.startup import import_tensorflow

IMAGES = 10_000
REPEATS = 3
WARM_UP_STEPS = 8


def main(name: str, steps: int) -> None:
    """Prints milliseconds a step, by the clock and of this process's processor time."""
    import_tensorflow()
    import tensorflow.compat.v1 as tf1

    from nn.networks.registry import get_network
    from nn.runtime.cluster import Cluster
    from nn.runtime.collectives import cluster_session
    from nn.runtime.sessions import training_session_config
    from nn.training.graph import build_training_graph
    from nn.training.settings import Settings

    cluster, network = Cluster.of(), get_network(name)
    settings = Settings.of(network)
    recipe = replace(settings.recipe, towers=cluster.count) if cluster else settings.recipe
    # The time of a step does not depend on what the images show.
    images = np.random.default_rng(0).integers(0, 256, [IMAGES, 28, 28], np.uint8)
    graph = build_training_graph(network, recipe, count=IMAGES, seed=0, cluster=cluster)
    config = training_session_config(settings.precision, 1 if cluster else recipe.towers)
    with (
        cluster_session(graph.graph, cluster, config, lambda: None)
        if cluster
        else tf1.Session(graph=graph.graph, config=config)
    ) as session:
        session.run(graph.initialize)
        session.run(
            graph.load, {graph.feed.images: images, graph.feed.labels: images[:, 0, 0] % 10}
        )
        session.run(graph.train, {graph.feed.steps: WARM_UP_STEPS})
        clock, processor = time.perf_counter(), time.process_time()
        for _ in range(REPEATS):
            session.run(graph.train, {graph.feed.steps: steps})
        count = REPEATS * steps / 1000
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(json.dumps({"clock": clock / count, "processor": processor / count}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
