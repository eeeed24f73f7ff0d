"""Measure the training loop: against a bare loop, against pythae, and by the size of the data.

(a) Images a second of one network, batch and thread count: a bare loop that does the arithmetic
alone (forward, backward, Adam, on floats that lie ready), our loop, and pythae's trainer, in turn,
several rounds. (b) What a person feels: seconds until the bound on held-out images that pythae's
default recipe ends at. (c) Seconds and memory from 10,000 to 70,000 images, and peak
memory beside pythae's (on Linux). Run with

    python -m benchmarks.training [--rounds 3] [--epochs 100] [--images 60000]

on an idle machine, where ``benchmarks/requirements.txt`` is installed. Needs ``mnist.npz`` in
``$VAEWIDGETS_DATA``.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

import vaewidgets as vw
from benchmarks._report import keep, table
from vaewidgets.core.loop.feeding import float_batch, tensor_of
from vaewidgets.core.loop.options import Moment, Options
from vaewidgets.core.loop.progress import Callback
from vaewidgets.core.loop.training import train
from vaewidgets.core.networks.registry import Architecture, EncoderDecoder, channels_last
from vaewidgets.core.objectives import EvidenceBound, PixelLikelihood

BATCH, THREADS, RATE = 128, 1, 1e-3
NETWORKS = {
    "784-400 MLP": Architecture("mlp", 28, 28, 1, 20, {"hidden": 400}),
    "convolutions 16-32-64": Architecture("conv", 28, 28, 1, 16),
}


def digits(n: int, split: str = "train") -> np.ndarray:
    """Pixels (n, 28, 28, 1), uint8."""
    folder = Path(os.environ["VAEWIDGETS_DATA"])
    return vw.datasets.load_mnist(folder / "mnist.npz", split)[0].pixels[:n]


class Clock(Callback):
    """Seconds of each epoch but the first."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_epoch(self, state: object) -> None:
        """Note the time."""
        self.ends.append(time.perf_counter())

    def seconds(self) -> float:
        """Return those of an epoch."""
        return (self.ends[-1] - self.ends[0]) / (len(self.ends) - 1)


def bare(architecture: Architecture, pixels: np.ndarray, epochs: int) -> float:
    """Seconds an epoch of nothing but the arithmetic."""
    module = architecture.build(torch.Generator().manual_seed(0)).train()
    channels_last(module)
    bound = EvidenceBound(PixelLikelihood("bernoulli"), 1.0, 0.0)
    optimizer = torch.optim.Adam(module.parameters(), lr=RATE, fused=True)
    images = float_batch(tensor_of(pixels))
    noise, ends = torch.Generator().manual_seed(0), []
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for rows in torch.split(order, BATCH)[: len(images) // BATCH]:
            terms = bound(module, images[rows], Moment(1, 2, 0, noise))
            optimizer.zero_grad(set_to_none=True)
            terms.loss.backward()
            optimizer.step()
        ends.append(time.perf_counter())
    return (ends[-1] - ends[0]) / (epochs - 1)


def ours(architecture: Architecture, pixels: np.ndarray, epochs: int) -> float:
    """Seconds an epoch of our loop."""
    clock = Clock()
    module = architecture.build(torch.Generator().manual_seed(0))
    options = Options(epochs, BATCH, RATE, 0, torch.device("cpu"), THREADS, "constant")
    train(module, EvidenceBound(PixelLikelihood("bernoulli"), 1.0, 0.0), pixels, options,
          callbacks=[clock])  # fmt: skip
    return clock.seconds()


def pythae_model(architecture: Architecture) -> object:
    """Return the same networks as a model of pythae."""
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self, networks: EncoderDecoder) -> None:
            super().__init__()
            self.networks = networks.encoder

        def forward(self, x: torch.Tensor) -> ModelOutput:
            mean, log_var = self.networks(x).chunk(2, dim=1)
            return ModelOutput(embedding=mean, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self, networks: EncoderDecoder) -> None:
            super().__init__()
            self.networks = networks.decoder

        def forward(self, z: torch.Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.networks(z).sigmoid())

    networks = architecture.build(torch.Generator().manual_seed(0))
    config = VAEConfig(
        input_dim=(1, 28, 28), latent_dim=architecture.n_latent, reconstruction_loss="bce"
    )
    return VAE(config, encoder=Encoder(networks), decoder=Decoder(networks))


def pythae_run(model: object, pixels: np.ndarray, test: np.ndarray | None, **settings: object):
    """Train by pythae; return the ends of its epochs and the model."""
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    logging.disable(logging.INFO)
    ends: list[float] = []

    class Ends(TrainingCallback):
        def on_epoch_end(self, training_config: object, **kwargs: object) -> None:
            ends.append(time.perf_counter())

    def dataset(x: np.ndarray) -> object:
        floats = torch.from_numpy(x).permute(0, 3, 1, 2).float() / 255
        return BaseDataset(floats, torch.zeros(len(x)))

    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(output_dir=folder, no_cuda=True, **settings)
        trainer = BaseTrainer(
            model, dataset(pixels), None if test is None else dataset(test), config, [Ends()]
        )
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            stderr, sys.stderr = sys.stderr, nowhere
            try:
                trainer.train()
            finally:
                sys.stderr = stderr
    return ends, trainer.model


def theirs(architecture: Architecture, pixels: np.ndarray, epochs: int) -> float:
    """Seconds an epoch of pythae's trainer."""
    ends, _ = pythae_run(
        pythae_model(architecture), pixels, None, num_epochs=epochs, learning_rate=RATE,
        per_device_train_batch_size=BATCH, optimizer_cls="Adam",
    )  # fmt: skip
    return (ends[-1] - ends[0]) / (epochs - 1)


def throughput(rounds: int) -> str:
    """Alternate the three loops."""
    pixels, rows = digits(20_000), []
    loops = {"bare loop": bare, "vaewidgets": ours, "pythae": theirs}
    for name, architecture in NETWORKS.items():
        seconds: dict[str, list[float]] = {loop: [] for loop in loops}
        for _ in range(rounds):
            for loop, run in loops.items():
                seconds[loop].append(run(architecture, pixels, 3))
        pace = {loop: len(pixels) / statistics.median(s) for loop, s in seconds.items()}
        rows.append(
            [name, *(f"{pace[loop]:,.0f}" for loop in loops),
             f"{pace['vaewidgets'] / pace['bare loop']:.2f}",
             f"{pace['vaewidgets'] / pace['pythae']:.2f}"]
        )  # fmt: skip
    header = ["network", *(f"{loop}, images/s" for loop in loops), "ours : bare", "ours : pythae"]
    return (
        f"## Pace: batch {BATCH}, {THREADS} thread, medians of {rounds} rounds in turn\n\n"
        + table(header, rows)
    )


def bound(networks: EncoderDecoder, images: torch.Tensor) -> float:
    """Pythae's validation loss: half the squared error and the KL, nats an image, one draw."""
    from vaewidgets.core import losses

    with torch.no_grad():
        mean, log_var = networks.posterior(images)
        z = losses.sample_gaussian(mean, log_var, torch.Generator().manual_seed(0))
        error = losses.squared_error(images, networks.decoder(z).sigmoid()) / 2
        return float((error + losses.kl_to_standard_normal(mean, log_var).sum(dim=1)).mean())


def felt(n: int, epochs: int) -> str:
    """Seconds to the bound that pythae's default recipe ends at."""
    from pythae.models import VAE, VAEConfig

    pixels, test = digits(n), digits(10_000, "test")
    images = float_batch(tensor_of(test)).contiguous()
    torch.set_num_threads(THREADS)
    began = time.perf_counter()
    ends, model = pythae_run(
        VAE(VAEConfig(input_dim=(1, 28, 28), latent_dim=16)), pixels, test, num_epochs=epochs
    )
    their_seconds = ends[-1] - began
    with torch.no_grad():
        model.eval()
        torch.manual_seed(0)
        target = np.mean([float(model({"data": part}).loss) for part in images.split(1000)])
    name = f"pythae, its defaults ({epochs} epochs)"
    rows = [[name, f"{target:.2f}", f"{their_seconds:.0f}", ""]]
    for most in (3, 5, 8, 12, 20):
        vae = vw.VAE(16, network="mlp", noise_std=1.0, warm_up=0.0, max_epochs=most,
                     n_threads=THREADS, progress=False)  # fmt: skip
        began = time.perf_counter()
        vae.fit(pixels)
        seconds = time.perf_counter() - began
        value = bound(vae.networks_, images)
        rows.append(
            [f"vaewidgets, MLP, {most} epochs", f"{value:.2f}", f"{seconds:.0f}",
             f"{their_seconds / seconds:.1f}"]
        )  # fmt: skip
        if value <= target:
            break
    header = ["recipe", "half squared error + KL, test", "seconds", "times as fast"]
    return (
        f"## Until pythae's own validation loss is reached: {n:,} images, 16 dimensions, one "
        f"dense layer of 512, {THREADS} thread\n\n{table(header, rows)}"
    )


SIZES = (10_000, 30_000, 70_000)
SUBJECTS = ("default", "mlp", "pythae")


def one_fit(subject: str, n: int) -> None:
    """Train for two epochs on noise, and print the seconds and the kB of memory that took."""
    pixels = np.random.default_rng(0).integers(0, 256, (n, 28, 28, 1), dtype=np.uint8)
    torch.set_num_threads(THREADS)
    if subject == "pythae":
        from pythae.models import VAE, VAEConfig

        theirs = VAE(VAEConfig(input_dim=(1, 28, 28), latent_dim=16))
        train_it = partial(pythae_run, theirs, pixels, None, num_epochs=2)
    else:
        network = "auto" if subject == "default" else "mlp"
        ours = vw.VAE(16, network=network, max_epochs=2, n_threads=THREADS, progress=False)
        train_it = partial(ours.fit, pixels)
    before = _fresh_peak()
    began = time.perf_counter()
    train_it()
    print(time.perf_counter() - began, _peak() - before)


def _peak() -> int:
    """Highest memory of this process since it was last forgotten, kB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0])


def _fresh_peak() -> int:
    """Forget the peak of the start-up, which is higher than a small training; kB held now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak()


def in_child(subject: str, n: int) -> tuple[float, float]:
    """Seconds an epoch and MB more than before, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.training", "--fit", subject, "--images", str(n)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, kilobytes = map(float, done.stdout.split()[-2:])
    return seconds / 2, kilobytes / 1024


def growth() -> str:
    """Seconds and memory by the number of images, each in a process of its own."""
    rows = []
    for n in SIZES:
        seconds, peak = in_child("default", n)
        rows.append([f"{n:,}", f"{seconds:.1f}", f"{1e6 * seconds / n:.0f}", f"{peak:.0f}"])
    header = ["images", "seconds an epoch", "us an image", "MB more than before"]
    return f"## By the number of images: the default network on noise\n\n{table(header, rows)}"


def memory(n: int) -> str:
    """Peak memory of a fit beside that of pythae, both with dense layers."""
    rows = []
    for subject, name in (("mlp", "vaewidgets, MLP"), ("pythae", "pythae, its defaults")):
        seconds, peak = in_child(subject, n)
        rows.append([name, f"{peak:.0f}", f"{seconds:.1f}"])
    header = ["recipe", "MB more than before", "seconds an epoch"]
    return (
        f"## Peak memory of a fit on {n:,} images (47 MB as bytes at 60,000), two epochs\n\n"
        + table(header, rows)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--fit", choices=SUBJECTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.fit:
        one_fit(asked.fit, asked.images)
        return
    torch.set_num_threads(THREADS)
    body = "\n\n".join([throughput(asked.rounds), felt(asked.images, asked.epochs), growth(),
                        memory(asked.images)])  # fmt: skip
    keep("training", "The training loop", body, ("torch", "pythae"))


if __name__ == "__main__":
    main()
