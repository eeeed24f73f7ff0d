"""Neighbour graphs and trees against brute force, scipy and scikit-learn."""

import numpy as np
import pytest
import scipy.cluster.hierarchy as scipy_trees
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from vaewidgets.clusters import cluster
from vaewidgets.clusters.louvain import _move_rows as move_rows
from vaewidgets.clusters.louvain import louvain, modularity
from vaewidgets.clusters.trees import LINKAGES, cut_tree

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(150, 3)) + 4 * RNG.integers(0, 3, (150, 1))


def silent(_fraction, _text):
    """Hear nothing."""


def neighbour_sets(codes, k):
    """The k nearest others of each row, by sorting all distances."""
    distances = np.linalg.norm(codes[:, None] - codes[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return [set(row[:k].tolist()) for row in distances.argsort(axis=1, kind="stable")]


def components(edges, n):
    """Part of each node, by painting neighbours until nothing changes."""
    parts = np.arange(n)
    changed = True
    while changed:
        changed = False
        for i, j in edges:
            low = min(parts[i], parts[j])
            changed |= bool(parts[i] != low or parts[j] != low)
            parts[i] = parts[j] = low
    return parts


@pytest.mark.parametrize("k", [1, 3, 10])
def test_clusters_are_the_components_of_rows_that_are_each_others_neighbours(k):
    asked = {"n_neighbors": k, "min_cluster_size": 4}
    found = cluster(CODES, method="mutual_neighbours", settings=asked)
    near = neighbour_sets(CODES, k)
    edges = [(i, j) for i in range(150) for j in near[i] if i in near[j]]
    parts = components(edges, 150)
    sizes = np.bincount(parts, minlength=150)[parts]
    assert np.array_equal(found.labels == -1, sizes < 4)
    kept = sizes >= 4
    if kept.any():
        assert adjusted_rand_score(parts[kept], found.labels[kept]) == 1
    assert found.n_clusters == len(set(parts[kept].tolist()))
    assert f"{found.n_clusters} connected components" in found.note


@pytest.mark.parametrize("method", ["mutual_neighbours", "communities"])
def test_copies_of_an_image_go_with_it_and_change_no_neighbours(method):
    asked = {"n_neighbors": 4}
    copies = np.vstack([CODES, np.repeat(CODES[[7, 30]], 20, axis=0)])
    plain, found = (cluster(codes, method=method, settings=asked) for codes in (CODES, copies))
    if method == "communities":
        assert adjusted_rand_score(plain.labels, found.labels[:150]) == 1
    assert (found.labels[150:170] == found.labels[7]).all()
    assert (found.labels[170:] == found.labels[30]).all()
    assert found.labels[7] >= 0


def dense_modularity(matrix, labels):
    """Newman and Girvan's sum over all pairs of nodes."""
    total = matrix.sum()
    degrees = matrix.sum(axis=1)
    same = labels[:, None] == labels
    return ((matrix - np.outer(degrees, degrees) / total) * same).sum() / total


graphs = (
    st.integers(2, 9)
    .flatmap(lambda n: arrays(np.float64, (n, n), elements=st.integers(0, 3).map(float)))
    .map(lambda half: half + half.T)
    .filter(lambda matrix: matrix.sum() > 0)
)


@given(graphs, st.integers(0, 5))
@example(np.array([[0.0, 4, 1], [4, 0, 2], [1, 2, 2]]), 0)  # needs a second look at all rows
@example(np.array([[2.0, 4, 2], [4, 4, 3], [2, 3, 2]]), 0)  # a row must leave all others
@settings(max_examples=100, deadline=None)
def test_no_row_could_move_to_a_better_community(matrix, seed):
    moved = move_rows(csr_array(matrix), np.random.default_rng(seed))
    best = dense_modularity(matrix, moved)
    assert modularity(csr_array(matrix), moved) == pytest.approx(best)
    for row in range(len(matrix)):
        for other in {*moved.tolist(), moved.max() + 1}:
            changed = moved.copy()
            changed[row] = other
            assert dense_modularity(matrix, changed) <= best + 1e-9


@given(graphs, st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_joining_communities_never_loses(matrix, seed):
    first = move_rows(csr_array(matrix), np.random.default_rng(seed))
    final = louvain(csr_array(matrix), seed, silent)
    assert modularity(csr_array(matrix), final) >= modularity(csr_array(matrix), first) - 1e-9
    assert sorted(set(final.tolist())) == list(range(final.max() + 1))
    # Nodes moved together stay together.
    assert len(set(zip(first.tolist(), final.tolist(), strict=True))) == len(set(first.tolist()))


def test_a_ring_of_cliques_falls_into_its_cliques():
    n, size = 6, 5
    matrix = np.kron(np.eye(n), np.ones((size, size)) - np.eye(size))
    for clique in range(n):
        a, b = clique * size, (clique * size + size + 1) % (n * size)
        matrix[a, b] = matrix[b, a] = 1
    for seed in range(5):
        found = louvain(csr_array(matrix), seed, silent)
        assert adjusted_rand_score(np.repeat(range(n), size), found) == 1
    # Newman and Girvan: 2 * 6 * 10 of 2 * 66 edges lie inside; all parts have equal degrees.
    assert modularity(csr_array(matrix), found) == pytest.approx(60 / 66 - 1 / 6)


def test_communities_weigh_mutual_neighbours_double():
    found = cluster(CODES, method="communities", settings={"n_neighbors": 6})
    near = neighbour_sets(CODES, 6)
    matrix = np.array(
        [[(j in near[i]) / 2 + (i in near[j]) / 2 for j in range(150)] for i in range(150)]
    )
    expected = dense_modularity(matrix, found.labels)
    assert f"modularity {expected:.3f}" in found.note
    assert expected > 0.5
    assert np.array_equal(
        cluster(CODES, method="communities", settings={"n_neighbors": 6}).labels, found.labels
    )


@pytest.mark.parametrize("linkage", LINKAGES)
@pytest.mark.parametrize("n_clusters", [1, 2, 7, 150])
def test_trees_are_cut_as_scikit_learn_cuts_them(linkage, n_clusters):
    found = cluster(CODES, None, n_clusters, "agglomerative", settings={"linkage": linkage})
    expected = AgglomerativeClustering(n_clusters, linkage=linkage).fit_predict(CODES)
    assert adjusted_rand_score(expected, found.labels) == 1
    assert found.n_clusters == n_clusters
    assert found.linkage.shape == (149, 4)
    assert len(scipy_trees.dendrogram(found.linkage, no_plot=True)["leaves"]) == 150
    assert linkage in found.note


def test_equally_high_merges_still_give_the_number_asked_for():
    square = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    tree = scipy_trees.linkage(square, "single")
    assert len(set(tree[:, 2])) == 1
    for n_clusters in range(1, 5):
        cut = cut_tree(tree, n_clusters)
        assert sorted(set(cut.tolist())) == list(range(n_clusters))
        assert adjusted_rand_score(scipy_trees.cut_tree(tree, n_clusters)[:, 0], cut) == 1


def test_many_rows_are_linked_in_part_and_the_rest_goes_with_its_nearest(monkeypatch):
    monkeypatch.setattr("vaewidgets.clusters.trees.MOST_LINKED", 60)
    found = cluster(CODES, None, 3, "agglomerative")
    assert found.linkage.shape == (59, 4)
    assert found.fitted.shape == (60,)
    assert "random 60 of 150 rows" in found.note
    distances = np.linalg.norm(CODES[:, None] - CODES[found.fitted], axis=2)
    assert np.array_equal(found.labels, found.labels[found.fitted[distances.argmin(axis=1)]])
    part = AgglomerativeClustering(3).fit_predict(CODES[found.fitted])
    assert adjusted_rand_score(part, found.labels[found.fitted]) == 1
    with pytest.raises(ValueError, match="`n_clusters` is 61; accepted: at most 60"):
        cluster(CODES, None, 61, "agglomerative")


def test_hdbscan_is_scikit_learns_with_its_strengths():
    found = cluster(CODES, method="hdbscan", settings={"min_cluster_size": 12})
    model = HDBSCAN(min_cluster_size=12, copy=True).fit(CODES)
    assert adjusted_rand_score(model.labels_, found.labels) == 1
    assert np.array_equal(found.labels == -1, model.labels_ == -1)
    assert found.n_clusters == model.labels_.max() + 1 > 1
    np.testing.assert_array_equal(found.probabilities.max(axis=1), model.probabilities_)
    member = found.labels != -1
    assert (found.probabilities[~member] == 0).all()
    assert np.array_equal(found.probabilities[member].argmax(axis=1), found.labels[member])
    assert f"{(~member).sum()} rows are noise" in found.note


@pytest.mark.parametrize("method", ["hdbscan", "mutual_neighbours"])
@pytest.mark.parametrize(("n", "smallest"), [(150, 5), (1000, 10), (3, 3)])
def test_a_cluster_has_one_percent_of_the_rows_unless_told_otherwise(method, n, smallest):
    found = cluster(np.random.default_rng(0).normal(size=(n, 2)), method=method)
    assert f"of at least {smallest} rows" in found.note
    assert (found.sizes >= smallest).all()


def test_hdbscan_of_a_sample_gives_the_rest_the_label_of_its_nearest(monkeypatch):
    monkeypatch.setattr("vaewidgets.clusters.density.MOST_FITTED", 100)
    found = cluster(CODES, method="hdbscan", settings={"min_cluster_size": 8})
    distances = np.linalg.norm(CODES[:, None] - CODES[found.fitted], axis=2)
    nearest = found.fitted[distances.argmin(axis=1)]
    assert np.array_equal(found.labels, found.labels[nearest])
    assert np.array_equal(found.probabilities, found.probabilities[nearest])
    assert "random 100 of 150" in found.note
