"""Measures accuracy strictly: trains on all training digits, scores the test digits once.

    python -m benchmarks.accuracy --network compact --seeds 10

It holds out no validation digits, adds no extra pictures (--extras 0), and scores the last epoch.
The settings were chosen on validation digits before; docs/experiments.md lists the choices that
were made while test scores were known. It prints a row for each network: the mean and the standard
deviation over the seeds.

If you stop it with Ctrl-C, it says how to continue.
"""

import argparse
import sys

import train_neural_network


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", nargs="+", default=["compact"], metavar="NAME")
    parser.add_argument("--seeds", default="5", metavar="N", help="seeds 0 to N - 1 (default: 5)")
    parser.add_argument("--data", default="mnist", metavar="DATA",
                        help="see --data of train_neural_network.py")  # fmt: skip
    options = parser.parse_args()
    return train_neural_network.main([
        "--compare", *options.network, "--seeds", options.seeds, "--data", options.data,
        "--validation-split", "0", "--extras", "0",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
