"""The few statistics that the tables are made of."""

from collections.abc import Sequence
from statistics import fmean


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def middle(values: Sequence[float]) -> float:
    """Return the median; 0 of none."""
    return percentile(values, 0.5)


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return how much y grows with one more x, by the least squares; 0 of fewer than two different x."""
    if len(set(xs)) < 2:
        return 0.0
    mean_x, mean_y = fmean(xs), fmean(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
