import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from llmstudio.core.inside.embedding import FITTED, neighbours, project


def cloud(rows, width, seed=0):
    dice = np.random.default_rng(seed)
    return dice.normal(size=(rows, width)) * np.linspace(3, 0.1, width) + dice.normal(size=width)


@pytest.mark.parametrize("shape", [(65, 128), (1024, 32), (3, 2), (2, 5), (4, 4)])
def test_points_and_variance_are_those_of_scikit_learn(shape):
    x = cloud(*shape)
    mine = project(x.astype(np.float32))
    x = x.astype(np.float32).astype(np.float64)
    reference = PCA(svd_solver="full").fit(x)
    np.testing.assert_allclose(np.abs(mine.points), np.abs(reference.transform(x)[:, :2]), atol=1e-6)
    ratio = reference.explained_variance_ratio_
    np.testing.assert_allclose(mine.spectrum[: len(ratio)], ratio, atol=1e-9)
    np.testing.assert_allclose(mine.variance, ratio[:2], atol=1e-9)
    np.testing.assert_allclose(mine.mean, reference.mean_, atol=1e-9)
    assert mine.fitted == mine.rows == shape[0] and not mine.turned


def test_the_sign_does_not_depend_on_the_machine():
    x = cloud(50, 8)
    axes = project(x).axes
    assert (axes[np.abs(axes).argmax(0), [0, 1]] > 0).all()


def test_the_plane_is_that_of_the_first_two_components_also_when_turned():
    x = cloud(200, 16)
    before = project(cloud(200, 16, seed=5))
    turned, straight = project(x, before), project(x)
    assert turned.turned and not np.allclose(turned.points, straight.points, atol=0.1)
    np.testing.assert_allclose(turned.axes.T @ turned.axes, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(turned.axes @ turned.axes.T, straight.axes @ straight.axes.T, atol=1e-9)
    np.testing.assert_allclose((x - x.mean(0)) @ turned.axes, turned.points, atol=1e-9)


def test_variance_is_that_along_the_drawn_axes():
    x = cloud(200, 3)
    straight = project(x)
    before = replace(straight, points=straight.points @ np.array([[0.6, 0.8], [-0.8, 0.6]]))
    turned, total = project(x, before), x.var(0).sum()
    np.testing.assert_allclose(turned.variance, turned.points.var(0) / total, atol=1e-9)
    assert turned.variance.sum() == pytest.approx(straight.variance.sum())
    first, second = straight.variance
    np.testing.assert_allclose(turned.variance, [0.36 * first + 0.64 * second, 0.64 * first + 0.36 * second])
    assert abs(first - second) > 0.1


def test_alignment_is_the_best_of_all_turns_and_mirrors():
    before, x = project(cloud(40, 6, seed=1)), cloud(40, 6, seed=2)
    best = np.linalg.norm(project(x, before).points - before.points)
    points = project(x).points
    for angle in np.linspace(0, 2 * np.pi, 721):
        for mirror in (1, -1):
            turn = np.array([[np.cos(angle), -np.sin(angle)], [mirror * np.sin(angle), mirror * np.cos(angle)]])
            assert best <= np.linalg.norm(points @ turn - before.points) + 1e-9


def drift(steps):
    """Weights whose two largest components change places slowly while everything turns."""
    dice = np.random.default_rng(0)
    scores = np.linalg.qr(dice.normal(size=(300, 8)))[0]
    scores -= scores.mean(0)
    frame, turn = np.linalg.qr(dice.normal(size=(8, 8)))[0], dice.normal(size=(8, 8))
    for t in np.linspace(0, 1, steps):
        spread = np.array([10 - 3 * t, 7 + 3 * t, 3, 2, 1, 1, 0.5, 0.5])
        yield (scores * spread) @ frame @ np.linalg.qr(np.eye(8) + 0.3 * t * turn)[0]


def test_points_move_and_do_not_jump_when_components_change_places_or_sign():
    picture, still, jumps, moves = None, [], [], []
    for x in drift(41):
        new, plain = project(x, picture), project(x)
        if picture is not None:
            moves.append(np.abs(new.points - picture.points).max())
            jumps.append(np.abs(plain.points - still[-1].points).max())
        picture = new
        still.append(plain)
    size = np.abs(picture.points).max()
    assert max(jumps) > 0.5 * size  # without alignment the picture jumps here
    assert max(moves) < 0.08 * size


def test_a_picture_of_another_vocabulary_is_not_followed():
    new = project(cloud(30, 4), project(cloud(31, 4)))
    assert not new.turned and new.points.shape == (30, 2)


def test_many_rows_are_fitted_on_an_even_sample_and_say_so():
    x = cloud(20_000, 6)
    mine = project(x)
    assert (mine.fitted, mine.rows, len(mine.points)) == (FITTED, 20_000, 20_000)
    sample = x[[i * 20_000 // FITTED for i in range(FITTED)]]
    reference = PCA(svd_solver="full").fit(sample)
    np.testing.assert_allclose(np.abs(mine.points), np.abs(reference.transform(x)[:, :2]), atol=1e-6)
    np.testing.assert_allclose(mine.variance, PCA(2).fit(x).explained_variance_ratio_, atol=0.02)


@pytest.mark.parametrize("x", [np.ones((5, 3)), np.zeros((1, 4)), np.arange(4.0)[:, None]])
def test_flat_and_thin_weights_are_drawn_without_complaint(x):
    mine = project(x)
    assert mine.points.shape == (len(x), 2) and np.isfinite(mine.variance).all()
    assert mine.variance.sum() == pytest.approx(float(x.std() > 0))
    assert not mine.points[:, 1].any()
    again = project(x, mine)
    np.testing.assert_allclose(again.points, mine.points, atol=1e-12)


def test_weights_that_are_no_numbers_are_refused_with_a_sentence():
    x = cloud(5, 3)
    x[2, 1] = np.nan
    with pytest.raises(ValueError, match="no longer numbers"):
        project(x)


def test_neighbours_are_those_of_scikit_learn():
    x = cloud(120, 24).astype(np.float32)
    table = cosine_similarity(x.astype(np.float64))
    for id in (0, 17, 119):
        order = [int(i) for i in np.argsort(-table[id]) if i != id][:9]
        found = neighbours(x, id, 9)
        assert [i for i, _ in found] == order
        np.testing.assert_allclose([c for _, c in found], table[id, order], atol=1e-9)


def test_neighbours_of_and_among_zeros():
    x = np.array([[1.0, 0.0], [0.0, 0.0], [-2.0, 0.0], [3.0, 0.0]])
    assert neighbours(x, 0, 10) == [(3, 1.0), (1, 0.0), (2, -1.0)]
    assert neighbours(x, 1, 2) == [(0, 0.0), (2, 0.0)]
    assert neighbours(x, 0, 0) == []
