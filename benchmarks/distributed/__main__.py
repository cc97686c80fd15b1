"""Workers that train together: how fast they are, and what happens if one is killed.

python -m benchmarks.distributed speed      milliseconds a step, with one worker and with two
python -m benchmarks.distributed kills      kills a worker 20 times, and compares the weights
python -m benchmarks.distributed kills --namespaces    the same between two network namespaces
"""

import argparse
from contextlib import nullcontext

from benchmarks.distributed.hosts import here, two_namespaces
from benchmarks.distributed.kills import kill_workers
from benchmarks.distributed.speed import HEADER, NETWORKS, PAIRS, measure


def main() -> None:
    """Measures, and prints what was found."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.distributed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("speed", "kills"))
    parser.add_argument(
        "--networks",
        nargs="+",
        default=list(NETWORKS),
        choices=NETWORKS,
        metavar="NAME",
        help=f"whose speed to measure, default: {' '.join(NETWORKS)}",
    )
    parser.add_argument("--pairs", type=int, default=PAIRS, help="default: %(default)s")
    parser.add_argument("--count", type=int, default=20, help="of kills, default: %(default)s")
    parser.add_argument("--data", default="bundled", help="for the kills, default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the kills, default: %(default)s")
    parser.add_argument("--namespaces", action="store_true", help="needs root and iproute2")
    options = parser.parse_args()
    if options.what == "speed":
        print(HEADER)
        for network in options.networks:
            print(measure(network, options.pairs), flush=True)
        return
    with two_namespaces() if options.namespaces else nullcontext(here(2)) as hosts:
        killed, hashes = kill_workers(hosts, options.count, options.data, options.seed)
    seconds = sorted(kill.seconds for kill in killed)
    print(f"{len(killed)} kills: the others ended after {seconds[0]:.1f} to {seconds[-1]:.1f} s")
    good = sum(kill.ended_well for kill in killed)
    print(f"{good} named the lost worker in one line, or had finished their last epoch")
    print("All weights are equal" if len(hashes) == 1 else f"Weights differ: {hashes}")


if __name__ == "__main__":
    main()
