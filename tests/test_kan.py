"""The KAN layer against the textbook: Cox-de Boor recursion, finite differences, autograd."""

import math

import numpy as np
import pytest
import torch

from grngc.forecasters.kan import KAN, KANLayer
from grngc.forecasters.splines import cubic_basis

pytestmark = pytest.mark.usefixtures("float64")

DEFAULT = ((-1.0, 1.0), 5)
GRIDS = [DEFAULT, ((-3.0, 3.0), 8), ((0.0, 0.5), 1)]


def knots(grid: tuple) -> np.ndarray:
    (low, high), size = grid
    return low + (high - low) / size * np.arange(-3, size + 4)


def cox_de_boor(x: np.ndarray, t: np.ndarray, degree: int) -> np.ndarray:
    """Return the B-splines (point, spline) of that degree by the recursion, on half-open cells."""
    if degree == 0:
        return ((x[:, None] >= t[:-1]) & (x[:, None] < t[1:])).astype(float)
    lower = cox_de_boor(x, t, degree - 1)
    rising = (x[:, None] - t[: -degree - 1]) / (t[degree:-1] - t[: -degree - 1])
    falling = (t[degree + 1 :] - x[:, None]) / (t[degree + 1 :] - t[1:-degree])
    return rising * lower[:, :-1] + falling * lower[:, 1:]


@pytest.mark.parametrize("grid", GRIDS)
def test_basis_is_cox_de_boor(grid: tuple) -> None:
    t = knots(grid)
    x = np.concatenate([np.random.default_rng(0).uniform(t[0] - 1, t[-1] + 1, 2000), t])
    value, _ = cubic_basis(torch.tensor(x), *grid)
    np.testing.assert_allclose(value, cox_de_boor(x, t, 3), atol=1e-14)
    assert value.shape[1] == grid[1] + 3


def test_basis_sums_to_one_on_the_grid_and_fades_beside_it() -> None:
    x = torch.cat([torch.linspace(-1, 1, 201), torch.tensor([1.4, 1.8, 2.2, 2.3, 1e6])])
    for side in (1, -1):
        total = cubic_basis(side * x, *DEFAULT)[0].sum(dim=-1)
        torch.testing.assert_close(total, torch.tensor([1.0] * 201 + [5 / 6, 1 / 6, 0, 0, 0]))


def test_nothing_at_all_beyond_the_last_knot() -> None:
    value, slope = cubic_basis(torch.tensor([-50, -2.2001, 2.2001, 1e30]), *DEFAULT)
    assert not value.any()
    assert not slope.any()


@pytest.mark.parametrize("grid", GRIDS)
def test_derivatives_are_finite_differences(grid: tuple) -> None:
    t = knots(grid)
    x = torch.tensor(np.random.default_rng(1).uniform(t[0] - 0.5, t[-1] + 0.5, 500))
    step = 1e-6
    above, below = (cubic_basis(x + side * step, *grid) for side in (1, -1))
    x.requires_grad_()
    _, slope = cubic_basis(x, *grid)
    torch.testing.assert_close(slope, (above[0] - below[0]) / (2 * step), rtol=1e-6, atol=1e-7)
    for m in range(slope.shape[1]):
        (second,) = torch.autograd.grad(slope[:, m].sum(), x, retain_graph=True)
        torch.testing.assert_close(second, (above[1] - below[1])[:, m] / (2 * step), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("grid", GRIDS)
def test_higher_derivatives_through_values_and_through_slopes(grid: tuple) -> None:
    """What the loop of backward passes needs; between knots, where the third derivative is constant."""
    t, h = knots(grid), (grid[0][1] - grid[0][0]) / grid[1]
    x = torch.tensor((t[:-1, None] + h * np.linspace(0.1, 0.9, 7)).ravel(), requires_grad=True)
    orders = [cubic_basis(x, *grid)[0].movedim(-1, 0)]
    for _ in range(3):
        orders.append(torch.stack([torch.autograd.grad(f.sum(), x, create_graph=True)[0] for f in orders[-1]]))
    torch.testing.assert_close(orders[1], cubic_basis(x, *grid)[1].movedim(-1, 0))
    step = 0.01 * h
    for n in (1, 2, 3):
        below, above = ([f.detach() for f in orders_at(x.detach() + side * step, grid)] for side in (-1, 1))
        torch.testing.assert_close(
            orders[n].detach(), (above[n - 1] - below[n - 1]) / (2 * step), rtol=1e-2, atol=1e-2 / h**n
        )


def orders_at(x: torch.Tensor, grid: tuple) -> list[torch.Tensor]:
    """Value, slope and curvature, (spline, point) each."""
    x = x.requires_grad_()
    value, slope = (f.movedim(-1, 0) for f in cubic_basis(x, *grid))
    curvature = torch.stack([torch.autograd.grad(f.sum(), x, retain_graph=True)[0] for f in slope])
    return [value, slope, curvature]


@pytest.mark.parametrize("base", ["identity", "silu"])
@pytest.mark.parametrize("scaler", [True, False])
def test_layer_is_the_sum_of_its_functions(base: str, scaler: bool) -> None:
    """Entry by entry, as eq. 3-4 are written."""
    layer = KANLayer(3, 2, base=base, scaler=scaler)
    x = torch.randn(6, 3)
    response = x if base == "identity" else x * torch.sigmoid(x)
    basis, _ = cubic_basis(x, *DEFAULT)
    for o in range(2):
        known = torch.zeros(6)
        for i in range(3):
            spline = basis[:, i] @ layer.spline_weight[o, i]
            known += layer.base_weight[o, i] * response[:, i]
            known += spline * (layer.scaler[o, i] if scaler else 1)
        torch.testing.assert_close(layer(x)[:, o], known)
    jacobian = torch.autograd.functional.jacobian(lambda v: layer(v).sum(dim=0), x)
    output, gradient = layer.jacobian(x)
    torch.testing.assert_close(gradient.formed(), jacobian.movedim(0, 1))
    torch.testing.assert_close(output, layer(x))


@pytest.mark.parametrize(("scaler", "each"), [(True, 10), (False, 9)])
def test_parameter_count(scaler: bool, each: int) -> None:
    """methods.md 2.6: 10 a b, so 256,000 for p = 100, k = 1, H = 128."""
    n_parameters = sum(p.numel() for p in KAN(100, 1, hidden=128, scaler=scaler).parameters())
    assert n_parameters == each * (100 * 128 + 128 * 100)


def test_layers_start_almost_linear() -> None:
    """Splines pass through noise of at most 0.01 at the grid points; the other weights are within 1 / sqrt(inputs)."""
    torch.manual_seed(3)
    layer = KANLayer(25, 8)
    basis, _ = cubic_basis(torch.linspace(-1, 1, 6), *DEFAULT)
    noise = layer.spline_weight @ basis.T
    assert 0.005 < noise.abs().max() <= 0.01 + 1e-12
    for weight in (layer.base_weight, layer.scaler):
        assert 0.15 < weight.abs().max() <= 1 / math.sqrt(25)
