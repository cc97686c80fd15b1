"""The options of train_neural_network.py.

Nothing here imports TensorFlow: --help answers at once.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from nn.data.told import add_options
from nn.runs.argument_types import layer_size, not_negative, positive, seed, share
from nn.runs.contradictions import contradiction

DESCRIPTION = "Trains a handwritten-digit recognizer and exports it as a SavedModel."
EPILOG = """\
examples:
  python train_neural_network.py                      the default network
  python train_neural_network.py --network dense      --list-networks shows all
  python train_neural_network.py --network dense --hidden 512 256
  python train_neural_network.py --data kaggle/       your own digits
  python train_neural_network.py --compare all --seeds 3
  python train_neural_network.py --resume runs/NAME   go on with a stopped run
  python train_neural_network.py --data my_digits/ \\
      --labels my_digits/labels.csv --start-from SavedModel/1    learn your hand
  tensorboard --logdir runs                           see the curves, the graphs

To train on several machines, set TF_CONFIG and start the same command on each:
docs/distributed.md

exit status: 0 done; 1 nothing exported, because the model that was to learn
your digits got no better; 2 wrong usage, unusable data, a loss that diverges or
a worker that is lost; 130 Ctrl-C; 143 SIGTERM
(Ctrl-C and SIGTERM stop a training only after it has written a checkpoint)
"""
DEFAULT_NETWORK = "compact"


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line. A wrong one ends the process with exit status 2.

    An option that is not given is None; --list-networks and --quiet are False then.
    """
    parser = argparse.ArgumentParser(
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_networks(parser.add_argument_group("what to train").add_argument)
    training = parser.add_argument_group("how to train it").add_argument
    _add_training(training)
    _add_pictures(training)
    _add_arithmetic(training)
    _add_steps(parser.add_argument_group("how each step moves the weights").add_argument)
    _add_folders(parser.add_argument_group("where it goes").add_argument)
    options = parser.parse_args(arguments)
    if problem := contradiction(options):
        parser.error(problem)
    return options


def _add_networks(add: Callable) -> None:
    add("--network", metavar="NAME", help=f"which network (default: {DEFAULT_NETWORK})")
    add("--list-networks", action="store_true", help="list the networks and their defaults")
    add(
        "--hidden",
        type=layer_size,
        nargs="+",
        metavar="N",
        help="sizes of a dense network's hidden layers, one for each layer (default: the "
        "network's)",
    )
    add(
        "--compare",
        nargs="+",
        metavar="NAME",
        help="train several networks, or all, under one protocol; print a table, draw a chart",
    )
    add(
        "--seeds",
        type=positive(int),
        metavar="N",
        help="train each of the --compare networks with N seeds, from --seed on (default: 1)",
    )
    add(
        "--data",
        metavar="DATA",
        help="mnist: the CSV files in MNIST/, which are downloaded if they are missing; bundled: "
        "the small digits that come with scikit-learn; a file or a folder of digits: the four CSV "
        "files, Kaggle's train.csv, CSV rows with their labels, .npz, .npy or IDX files, see "
        "MNIST/README.md; auto: mnist, or bundled if MNIST cannot be downloaded (default: auto)",
    )
    add_options(add, "--data")
    add(
        "--start-from",
        type=Path,
        metavar="MODEL",
        help="let an exported model learn the digits of --data, 10 to 500 of your own, mixed with "
        "digits of MNIST; the result is exported only if it reads yours better and MNIST's not "
        "clearly worse",
    )
    add(
        "--labels",
        type=Path,
        metavar="CSV",
        help="with --start-from and a folder of pictures: rows of file,label, with file names "
        "relative to the folder of this file",
    )


def _add_training(add: Callable) -> None:
    add(
        "--epochs",
        type=positive(int),
        metavar="N",
        help="times through the training digits (default: the network's; ten times that on "
        "the few bundled digits; 1 with --start-from)",
    )
    add(
        "--batch-size",
        type=positive(int),
        metavar="N",
        help="digits in each training step (default: the network's)",
    )
    add(
        "--validation-split",
        type=share,
        metavar="F",
        help="share of the training digits kept for validation; 0 trains on all (default: 0.2)",
    )
    add(
        "--refit",
        action="store_true",
        default=None,
        help="afterwards train a second time, on all training digits, and export that network; "
        "it keeps the first one's calibration, which was fitted to the validation digits",
    )
    add(
        "--quantize",
        action="store_true",
        default=None,
        help="afterwards round the network's weights to 8-bit integers, each output channel with "
        "its own scale, and fit the scaling and the thresholds to what the rounded network answers "
        "to the validation digits. digits.tflite becomes smaller. It still computes in float32, so "
        "TensorFlow and LiteRT give the same answers (docs/saved_model.md)",
    )


def _add_pictures(add: Callable) -> None:
    add(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="distort each digit a little, differently each time it is seen (default: the "
        "network's; yes with --start-from)",
    )
    add(
        "--extras",
        type=share,
        metavar="F",
        help="train on extra pictures too, F (below 1) for each digit: the ink that was "
        "found of digits on paper, in boxes, in shadow and so on; zeros with a slash, sevens with "
        "a bar, ones with a foot; digits by other writers; letters and scribbles, so that the "
        "network learns to be unsure of them (default: the network's)",
    )
    add(
        "--pictures",
        type=positive(int),
        metavar="N",
        help="with --network finder or rows: how many composed pictures to train on (default: the "
        "network's)",
    )


def _add_arithmetic(add: Callable) -> None:
    add(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        help="number format of matrix products and convolutions in training; auto: bfloat16 if "
        "the network trains faster in it and the CPU has it, else float32 (default: auto)",
    )
    add(
        "--seed",
        type=seed,
        metavar="N",
        help="equal seeds give equal weights on one machine (default: 0)",
    )


def _add_steps(add: Callable) -> None:
    add(
        "--optimizer",
        choices=("adam", "momentum", "sgd"),
        help="adam; momentum: gradient descent that keeps 0.9 of its velocity; sgd: plain gradient "
        "descent. The last two need a higher --learning-rate than adam (default: the network's)",
    )
    add(
        "--learning-rate",
        type=positive(float),
        metavar="X",
        help="the highest learning rate; it falls to 0 at the end (default: the network's; "
        "0.001 with --start-from)",
    )
    add(
        "--warmup",
        type=share,
        metavar="F",
        help="share of all steps in which the learning rate rises from 0 (default: the network's)",
    )
    add(
        "--weight-decay",
        type=not_negative,
        metavar="X",
        help="in each step, shrink the weights by this share times the learning rate (default: the "
        "network's)",
    )
    add(
        "--l2",
        type=not_negative,
        metavar="X",
        help="add X / 2 times the sum of the squared weights to the loss (default: the network's)",
    )
    add(
        "--dropout",
        type=share,
        metavar="F",
        help="share of its inputs that each dropout layer sets to 0 in training (default: the "
        "network's)",
    )


def _add_folders(add: Callable) -> None:
    add(
        "--run-dir",
        type=Path,
        metavar="DIR",
        help="folder for checkpoints, history and plots (default: runs/NETWORK-TIME)",
    )
    add("--resume", type=Path, metavar="RUN_DIR", help="continue that run, with its settings")
    add(
        "--saved-model",
        type=Path,
        metavar="DIR",
        help="folder to export the next version to (default: SavedModel for the digits of MNIST/; "
        "SavedModel/NAME for other digits, by the name of their folder or file)",
    )
    add("--quiet", action="store_true", help="print only the result, warnings and errors")
