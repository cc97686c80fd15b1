"""Accuracy by the strict protocol: trained on all training digits, scored once on the test digits.

    python -m benchmarks.accuracy --network compact --seeds 10

No digit is held out, none comes from elsewhere (--extras 0), and the last epoch counts. Validation
digits decided the settings before; docs/experiments.md lists the choices that test digits have
seen. Prints a row for each network: mean ± standard deviation over the seeds.

Ctrl-C stops it, and it says how to go on.
"""

import argparse
import sys

import train_neural_network


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", nargs="+", default=["compact"], metavar="NAME")
    parser.add_argument("--seeds", default="5", metavar="N", help="seeds 0 to N - 1 (default: 5)")
    parser.add_argument("--data", default="mnist", metavar="DATA", help="as the script's --data")
    options = parser.parse_args()
    return train_neural_network.main([
        "--compare", *options.network, "--seeds", options.seeds, "--data", options.data,
        "--validation-split", "0", "--extras", "0",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
