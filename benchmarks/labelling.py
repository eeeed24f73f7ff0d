"""Let a simulated person label MNIST and Fashion-MNIST, and count every action.

The person names one image, or a group of images by what at least half of those shown are (the
others then have a wrong label, which counts as wrong). Each answer is one action, a key. Labels
of 60,000 images are then what the person wrote and, elsewhere, what was proposed, which one
action more would accept. Three ways to ask are compared:

- *ours*: ``ask_next(..., "group")`` shows 8 images of a group at a time, named together; where
  fewer than half of them are of one kind, the first of them alone is named. When five groups in
  a row were all of one kind (but for one image) and of the kind proposed, the person goes over
  to ``ask_next(..., "uncertain")``, one image at a time;
- *random*: one random image at a time, and a logistic regression on the codes;
- *uncertain*: one image at a time, that with the narrowest margin by the same regression, which
  is fitted again after each answer (as superintendent does).

All three have the same codes, of a VAE trained as in ``benchmarks.clustering``. Each run is a
line in ``results/labelling.jsonl``. The tags of a real power grid are found from 5 and 20
examples by the protocol of ``benchmarks.power_grid``. Run

    python -m benchmarks.labelling --data mnist --way ours --seeds 0 1 2
    python -m benchmarks.labelling --data power_grid --seeds 0

in any order; without arguments the tables are made anew from the runs there are. Needs
``mnist.npz``, ``fashion_mnist.npz`` and ``power_grid_maps.npz`` in ``$VAEWIDGETS_DATA``. With
``--codes folder`` codes and graphs are kept there and read again.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import StandardScaler

import vaewidgets as vw
from benchmarks._report import RESULTS, keep, machine, table, versions
from benchmarks.power_grid import DRAWS, FEW, Maps, short
from vaewidgets.core.loop.threads import limited_threads
from vaewidgets.labels.suggestions import (
    CodeGraph,
    Suggestions,
    ask_next,
    code_graph,
    suggest,
    suggest_tag,
)
from vaewidgets.projections import reduce_codes

RUNS = RESULTS / "labelling.jsonl"
PACKAGES = ("torch", "scikit-learn", "umap-learn")
IMAGES = ("mnist", "fashion_mnist")
STOPS = (10, 20, 50, 100, 200, 500)
SHOWN = 8  # images of a group
CALM = 5  # groups in a row that were as expected
OFTEN = 20  # answers after which proposals are made anew only now and then, as in a session
QUIET = {"progress": False, "n_threads": 1}
BINS = 15
# The best of the reference codes for each tag, from 5 and from 20 examples.
BEST = (".981/.986", ".953/.957", "1.000/1.000", ".740/.864", ".870/.971")

Curve = dict[str, float]


class Person:
    """Names what is shown, and counts its actions."""

    def __init__(self, truth: np.ndarray) -> None:
        self.truth = truth.astype(np.uint16) + 1
        self.codes = np.zeros(len(truth), dtype=np.uint16)
        self.steps = np.full(len(truth), -1)
        self.actions = 0

    def name(self, rows: np.ndarray) -> None:
        """Give all that is shown the name of at least half, or only the first its own."""
        kinds = np.bincount(self.truth[rows])
        if 2 * kinds.max() >= len(rows):
            self.codes[rows] = kinds.argmax()
        else:
            rows = rows[:1]
            self.codes[rows] = self.truth[rows]
        self.steps[rows] = self.actions
        self.actions += 1

    def expected(self, rows: np.ndarray, proposed: np.ndarray) -> bool:
        """Tell whether a group, but for one image, is of one kind, and that was proposed."""
        kinds = np.bincount(self.truth[rows])
        same = np.count_nonzero(proposed[rows] == kinds.argmax())
        return min(kinds.max(), same) >= len(rows) - 1

    def right(self, proposed: np.ndarray) -> float:
        """Share of all images whose label, or else whose proposal, is right."""
        return float((np.where(self.codes > 0, self.codes, proposed) == self.truth).mean())


def ours(graph: CodeGraph, person: Person, seed: int) -> Curve:
    """Name groups, until several in a row were as expected; then uncertain images."""
    curve, found, calm = {}, suggest(graph, person.codes), 0
    while person.actions < STOPS[-1]:
        by, count = ("group", SHOWN) if calm < CALM else ("uncertain", 1)
        rows = ask_next(graph, person.codes, by, count, suggestions=found, random_state=seed)
        if by == "group":
            calm = calm + 1 if person.expected(rows, found.best) else 0
        person.name(rows)
        if person.actions < OFTEN or person.actions % 5 == 0:
            found = suggest(graph, person.codes, steps=person.steps, random_state=seed)
        if person.actions in STOPS:
            curve[str(person.actions)] = person.right(found.best)
            curve[f"ece {person.actions}"] = calibration_error(found, person)
    named = person.codes > 0
    curve["images"] = int(named.sum())
    curve["wrong"] = int((person.codes != person.truth)[named].sum())
    return curve


def at_random(graph: CodeGraph, person: Person, seed: int) -> Curve:
    """Name random images, and let a classifier learn from them."""
    order = np.random.default_rng(seed).permutation(len(graph))
    return one_by_one(graph, person, lambda _: int(order[person.actions]), only_at=STOPS)


def uncertain(graph: CodeGraph, person: Person, seed: int) -> Curve:
    """Name the image about which the classifier is least certain."""
    order = np.random.default_rng(seed).permutation(len(graph))

    def ask(chances: np.ndarray | None) -> int:
        if chances is None or chances.shape[1] < 2:
            return order[person.actions]
        two = np.partition(chances, -2, axis=1)[:, -2:]
        margin = two[:, 1] - two[:, 0]
        margin[person.codes > 0] = np.inf
        return int(margin.argmin())

    return one_by_one(graph, person, ask)


def one_by_one(
    graph: CodeGraph,
    person: Person,
    ask: Callable[[np.ndarray | None], int],
    only_at: tuple[int, ...] | None = None,
) -> Curve:
    """Name one image at a time; fit the classifier after each, or where it is needed."""
    codes = StandardScaler().fit_transform(graph.codes.mean)
    curve, chances, model = {}, None, None
    while person.actions < STOPS[-1]:
        person.name(np.array([ask(chances)]))
        if only_at is None or person.actions in only_at:
            model, chances = fitted(codes, person.codes)
        if person.actions in STOPS:
            best = model.classes_[chances.argmax(axis=1)] if model else person.codes.max()
            curve[str(person.actions)] = person.right(best)
    return curve


def fitted(
    codes: np.ndarray, labels: np.ndarray
) -> tuple[LogisticRegression | None, np.ndarray | None]:
    """Fit the classifier; there is none while there is only one class."""
    rows = np.flatnonzero(labels)
    if len(np.unique(labels[rows])) < 2:
        return None, None
    model = LogisticRegression(max_iter=200).fit(codes[rows], labels[rows])
    return model, model.predict_proba(codes)


WAYS: dict[str, Callable[[CodeGraph, Person, int], Curve]] = {
    "ours": ours,
    "random": at_random,
    "uncertain": uncertain,
}


def calibration_error(found: Suggestions, person: Person) -> float:
    """Return the expected calibration error of proposals for images without a label."""
    free = person.codes == 0
    said, right = found.probability[free], (found.best == person.truth)[free]
    bins = np.minimum((BINS * said).astype(int), BINS - 1)
    return float(
        sum(
            abs(said[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
            for b in np.unique(bins)
        )
    )


def tags(codes: vw.Gaussians, valid: vw.Gaussians, maps: Maps) -> dict[str, list[float]]:
    """Average precision of each tag from few examples, mean of the published draws."""
    both = vw.Gaussians(
        np.concatenate([codes.mean, valid.mean]), np.concatenate([codes.std, valid.std])
    )
    graph, n = code_graph(both, space=both.mean), len(codes)
    found: dict[str, list[float]] = {}
    for tag, name in enumerate(maps.names):
        has = maps.train_tags[:, tag]
        found[name] = []
        for few in FEW:
            precision = []
            for seed in range(DRAWS):
                rng = np.random.RandomState(seed)
                said = np.zeros(len(both), dtype=np.uint16)
                said[rng.choice(np.flatnonzero(has), few, replace=False)] = 1
                said[rng.choice(np.flatnonzero(~has), 2 * few, replace=False)] = 2
                proposed = suggest_tag(graph, said)
                yes = np.where(proposed.best == 1, proposed.probability, proposed.second)[n:]
                precision.append(average_precision_score(maps.valid_tags[:, tag], yes))
            found[name].append(float(np.mean(precision)))
    return found


def graph_of(data: str, seed: int, folder: Path | None) -> tuple[CodeGraph, np.ndarray]:
    """Train, encode and find the neighbours; codes and map are kept in a folder, if given."""
    with np.load(Path(os.environ["VAEWIDGETS_DATA"]) / f"{data}.npz") as file:
        images, truth = file["x_train"], file["y_train"]
    kept = folder / f"{data}_{seed}_map.npz" if folder else None
    if kept and kept.exists():
        with np.load(kept) as file:
            codes, space = vw.Gaussians(file["mean"], file["std"]), file["space"]
    else:
        vae = vw.VAE(
            24, beta=0.1, likelihood="bernoulli", max_epochs=6, random_state=seed, **QUIET
        ).fit(images[..., np.newaxis])
        codes = vae.posterior(images[..., np.newaxis])
        space = reduce_codes(codes.mean, random_state=seed).codes
        if kept:
            np.savez(kept, mean=codes.mean, std=codes.std, space=space)
    return code_graph(codes, space=space, random_state=seed), truth


def maps_of(seed: int, folder: Path | None) -> tuple[vw.Gaussians, vw.Gaussians, Maps]:
    """Train the hierarchical VAE of ``benchmarks.power_grid``; return codes and maps."""
    maps = Maps()
    kept = folder / f"power_grid_{seed}.npz" if folder else None
    if kept and kept.exists():
        with np.load(kept) as file:
            train = vw.Gaussians(file["train_mean"], file["train_std"])
            return train, vw.Gaussians(file["valid_mean"], file["valid_std"]), maps
    model = vw.HierarchicalVAE(
        (8, 8), size="small", max_epochs=40, random_state=seed, progress=False
    ).fit(maps.train)
    train, valid = model.posterior(maps.train), model.posterior(maps.valid)
    if kept:
        np.savez(kept, train_mean=train.mean, train_std=train.std,
                 valid_mean=valid.mean, valid_std=valid.std)  # fmt: skip
    return train, valid, maps


def run(data: str, way: str, seeds: list[int], folder: Path | None) -> None:
    """Make runs and keep their results; codes are those of seed 0, persons differ by seed."""
    with limited_threads(1):
        if data == "power_grid":
            for seed in seeds:
                note({"data": data, "seed": seed, "precision": tags(*maps_of(seed, folder))})
            return
        graph, truth = graph_of(data, 0, folder)
        for seed in seeds:
            began = time.perf_counter()
            curve = WAYS[way](graph, Person(truth), seed)
            seconds = round(time.perf_counter() - began)
            note({"data": data, "way": way, "seed": seed, "seconds": seconds, "curve": curve})


def note(record: dict[str, object]) -> None:
    """Add a run to those there are."""
    record |= {"date": time.strftime("%Y-%m-%d"), "machine": machine()}
    record["versions"] = versions(*PACKAGES)
    with RUNS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    print(json.dumps(record), flush=True)


def make_tables() -> None:
    """Write the tables of all runs there are; of two of one seed the newest counts."""
    lines = RUNS.read_text(encoding="utf-8").splitlines() if RUNS.exists() else []
    runs = {(r["data"], r.get("way"), r["seed"]): r for r in map(json.loads, lines)}
    rows, errors, named = [], [], []
    for data in IMAGES:
        for way in WAYS:
            of = [r["curve"] for (d, w, _), r in runs.items() if (d, w) == (data, way)]
            if not of:
                continue
            rows.append([data, way, str(len(of)), *(spelt(of, str(stop)) for stop in STOPS)])
            if way == "ours":
                said = (np.mean([c[f"ece {stop}"] for c in of]) for stop in STOPS)
                errors.append([data, *(short(float(e), 3) for e in said)])
                images, wrong = (np.mean([c[name] for c in of]) for name in ("images", "wrong"))
                named.append(f"{data}: {images:,.0f} images named, {wrong:,.0f} of them wrongly.")
    grid = [r["precision"] for (d, _, _), r in runs.items() if d == "power_grid"]
    body = [
        "Percent of 60,000 images with the right label or proposal, after so many actions; mean "
        "(and standard deviation) over the seeds of the person. The codes are those of one "
        "network.",
        table(["data", "way", "seeds", *map(str, STOPS)], rows),
        "In 500 actions of *ours*, " + " ".join(named),
        "Expected calibration error of our proposals, 15 bins:",
        table(["data", *map(str, STOPS)], errors),
    ]
    if grid:
        names = list(grid[0])
        ours_row = [
            "/".join(short(float(v), 3) for v in np.mean([g[name] for g in grid], axis=0))
            for name in names
        ]
        body += [
            "Tags of power-grid maps, average precision from 5 / 20 examples and twice as many "
            f"others ({len(grid)} network); *best* is the best of all codes with a logistic "
            "regression in `power_grid.md`'s first five rows, for each tag.",
            table(["", *names], [["best", *BEST], ["ours", *ours_row]]),
        ]
    keep("labelling", "A simulated person labels 60,000 images", "\n\n".join(body), PACKAGES)


def spelt(curves: list[Curve], stop: str) -> str:
    """Write mean and standard deviation in percent."""
    values = 100 * np.array([curve[stop] for curve in curves])
    return f"{values.mean():.2f}" + (f" ({values.std(ddof=1):.2f})" if len(values) > 1 else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=(*IMAGES, "power_grid"))
    parser.add_argument("--way", choices=WAYS, default="ours")
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--codes", type=Path)
    asked = parser.parse_args()
    if asked.seeds:
        run(asked.data, asked.way, asked.seeds, asked.codes)
    make_tables()


if __name__ == "__main__":
    main()
