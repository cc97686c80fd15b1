"""PyTorch, set up as its tuning guide advises (pytorch.org/tutorials/recipes/recipes/tuning_guide).

It uses fused Adam, whole batches by index, channels-last, autocast to bfloat16, torch.compile and
inference mode.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch._inductor import config as inductor
from torch.nn import functional

from benchmarks.peers.shop import Shop, latency, passes, reached


def training(
    shop: str, network: str, batch_size: int, compiled: bool = False, precision: str = "float32",
    channels_last: bool = False, count: int | None = None,
) -> Callable[[], dict]:  # fmt: skip
    """Returns a function that trains one epoch, then scores the test digits untimed.

    compiled: whether torch.compile compiles the loss. precision: float32 or bfloat16. count: the
    number of training digits, from the first on; None takes all. Work is counted in images.
    """
    images, labels, test_images, test_labels = _tensors(shop)
    images, labels = images[:count], labels[:count]
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = build(network, dropout=True).to(memory_format=layout)
    images = images.to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    bfloat16 = precision == "bfloat16"

    def loss_of(batch: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return functional.cross_entropy(model(batch), targets)

    step_loss = torch.compile(loss_of) if compiled else loss_of
    whole = len(images) // batch_size * batch_size

    def epoch() -> dict:
        model.train()
        started = time.perf_counter()
        order = torch.randperm(len(images))
        # Drops a smaller last batch: torch.compile would compile the loss again for it.
        for indices in order[:whole].split(batch_size):
            optimizer.zero_grad(set_to_none=True)
            step_loss(images[indices], labels[indices]).backward()
            optimizer.step()
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "work": whole, "accuracy": _accuracy(
            model, test_images, test_labels
        )}  # fmt: skip

    return epoch


class Example(nn.Module):
    """The network of pytorch/examples, mnist/main.py."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.dense = nn.Sequential(
            nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(128, 10),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense(self.convolutions(x))


def example(shop: str) -> Callable[[], dict]:
    """Returns a function that trains `Example` with the settings of pytorch/examples.

    These are Adadelta, batches of 64, and a learning rate of 1 that is multiplied by 0.7 after each
    epoch. Training stops when an epoch ends with 99.0% of the test digits right, or after 14
    epochs. Scoring is not timed.
    """
    images, labels, test_images, test_labels = _tensors(shop)
    images, test_images = ((x - 0.1307) / 0.3081 for x in (images, test_images))

    def train() -> dict:
        model = Example()
        optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
        seconds = 0.0
        for epoch in range(1, 15):  # noqa: B007 used after the loop
            model.train()
            started = time.perf_counter()
            for indices in torch.randperm(len(images)).split(64):
                optimizer.zero_grad()
                functional.cross_entropy(model(images[indices]), labels[indices]).backward()
                optimizer.step()
            schedule.step()
            seconds += time.perf_counter() - started
            if (accuracy := _accuracy(model, test_images, test_labels)) >= 0.99:
                break
        return reached({"seconds": seconds, "work": 1, "accuracy": accuracy, "epochs": epoch})

    return train


def single(shop: str, network: str, compiled: bool = False) -> Callable[[], dict]:
    """Returns a function that measures how long one image takes."""
    answer, images = _answering(shop, network, compiled)
    return lambda: latency(answer, images)


def batches(shop: str, network: str, batch_size: int, compiled: bool = False) -> Callable[[], dict]:
    """Returns a function that predicts the test digits batch by batch."""
    answer, images = _answering(shop, network, compiled)

    def answers() -> np.ndarray:
        starts = range(0, len(images), batch_size)
        return np.concatenate([answer(images[at : at + batch_size]) for at in starts])

    return lambda: passes(answers, Shop(shop), network)


def build(network: str, dropout: bool) -> nn.Module:
    """Builds a network: float32 [N, 1, 28, 28], from 0 to 1 → logits, float32 [N, 10].

    network: dense or basic_cnn. dropout: whether to add the dropout layers, which have no weights.
    """
    drop = (lambda rate: [nn.Dropout(rate)]) if dropout else lambda rate: []
    layers = {
        "dense": lambda: [
            nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), *drop(0.2), nn.Linear(256, 128),
            nn.ReLU(), *drop(0.2), nn.Linear(128, 10),
        ],
        "basic_cnn": lambda: [
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), *drop(0.5), nn.Linear(128, 10),
        ],
    }[network]  # fmt: skip
    return nn.Sequential(*layers())


def restored(shop: str, network: str) -> nn.Module:
    """Returns the network with the export's weights, in evaluation mode."""
    model = build(network, dropout=False)
    weights = Shop(shop).weights(network)
    counts: dict[str, int] = {}
    inner = [layer for layer in model if isinstance(layer, nn.Conv2d | nn.Linear)]
    with torch.no_grad():
        for layer in inner:
            kind = "conv" if isinstance(layer, nn.Conv2d) else "dense"
            counts[kind] = counts.get(kind, 0) + 1
            name = "logits" if layer is inner[-1] else f"{kind}_{counts[kind]}"
            if kind == "conv":
                kernel = weights[f"{name}/kernel"].transpose(3, 2, 0, 1)
            else:
                kernel = weights[f"{name}/weights"].T
                if layer.in_features == 1600:  # from [5, 5, 64] to [64, 5, 5]
                    kernel = kernel.reshape(-1, 5, 5, 64).transpose(0, 3, 1, 2).reshape(128, -1)
            layer.weight.copy_(torch.from_numpy(kernel.copy()))
            layer.bias.copy_(torch.from_numpy(weights[f"{name}/bias"]))
    return model.eval()


def save(shop: str, network: str) -> None:
    """Writes the network with its trained weights as TorchScript, which loads without its class."""
    path = Path(Shop(shop).path / f"{network}.pt")
    torch.jit.trace(restored(shop, network), torch.zeros(1, 1, 28, 28)).save(path)


def _answering(shop: str, network: str, compiled: bool) -> tuple[Callable, np.ndarray]:
    """Returns a function, uint8 [N, 28, 28] → probabilities, float32 [N, 10]; and test images."""
    layout = torch.channels_last if network == "basic_cnn" else torch.contiguous_format
    model = restored(shop, network).to(memory_format=layout)

    def probabilities(pixels: torch.Tensor) -> torch.Tensor:
        scaled = pixels.unsqueeze(1).float().mul(1 / 255)
        return functional.softmax(model(scaled.contiguous(memory_format=layout)), 1)

    if compiled:
        inductor.freezing = True  # makes weights constants, as its documentation advises
        probabilities = torch.compile(probabilities, dynamic=False)

    def answer(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return probabilities(torch.from_numpy(images)).numpy()

    return answer, Shop(shop).digits()[2]


def _accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Returns the share of images that the model reads right, 0 to 1."""
    model.eval()
    with torch.inference_mode():
        answers = torch.cat([model(batch).argmax(1) for batch in images.split(1000)])
    return (answers == labels).float().mean().item()


def _tensors(shop: str) -> list[torch.Tensor]:
    """Loads the digits as Shop.digits does. Images are float32 [N, 1, 28, 28], from 0 to 1."""
    images, labels, test_images, test_labels = Shop(shop).digits()
    scaled = [torch.from_numpy(x).unsqueeze(1).float() / 255 for x in (images, test_images)]
    return [scaled[0], torch.from_numpy(labels), scaled[1], torch.from_numpy(test_labels)]
