"""A real record that needs no download: United States macroeconomic series, quarterly."""

from ..panel import Panel, as_panel

GROWTH = ("realgdp", "realcons", "realinv", "realgovt", "realdpi", "m1")
DIFFERENCE = ("tbilrate", "unemp")
AS_IT_IS = ("infl",)


def us_macro() -> Panel:
    """Return nine US macroeconomic series, 1959Q2 to 2009Q3, made stationary: 202 quarters, one trajectory.

    Source: Federal Reserve Bank of St. Louis (FRED) and Bureau of Labor Statistics, public domain; shipped with
    statsmodels as ``statsmodels.datasets.macrodata``. No truth is known: an example of use, not a benchmark.

    - Growth rates: ``realgdp``, ``realcons``, ``realinv``, ``realgovt``, ``realdpi``, ``m1``. Amounts that grow by
      a share of themselves; their levels share one upward trend, which would relate everything to everything.
    - Differences: ``tbilrate``, ``unemp``. They are rates, in percent, so a rate of change would mean little, and
      they wander: a unit root is not rejected (augmented Dickey-Fuller test, p = 0.27 and 0.11).
    - As it is: ``infl``, already the growth rate of the price level; a unit root is rejected (p = 0.03).

    Left out are ``cpi`` and ``realint``, which are exact functions of others (infl is 400 times the change of log
    cpi, and realint is tbilrate - infl: an edge between them would be book-keeping), and ``pop``, which is interpolated
    between censuses. The panel's :meth:`~grngc.panel.Panel.restore` puts forecasts back into levels.
    """
    from statsmodels.datasets import macrodata

    frame = macrodata.load_pandas().data
    frame["time"] = frame["year"].astype(int).astype(str) + "Q" + frame["quarter"].astype(int).astype(str)
    transform = dict.fromkeys(GROWTH, "growth") | dict.fromkeys(DIFFERENCE, "difference")
    return as_panel(frame, time="time", series=[*GROWTH, *DIFFERENCE, *AS_IT_IS], transform=transform)
