"""PCMCI of a record: `python benchmarks/pcmci.py RECORD.npy MAX_LAG`, by a Python that has tigramite (GPL-3).

Run by benchmarks/calibration.py in a process of its own; imports nothing of grngc. Prints one line of JSON: p and q
(target, source), the smallest over lags, corrected by Benjamini and Hochberg over all links between series and lags.

J. Runge et al., Detecting and quantifying causal associations in large nonlinear time series datasets, Sci. Adv. 5
(2019).
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from tigramite import data_processing
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.pcmci import PCMCI


def main() -> None:
    values, most = np.load(sys.argv[1]), int(sys.argv[2])
    search = PCMCI(dataframe=data_processing.DataFrame(values), cond_ind_test=ParCorr(), verbosity=0)
    found = search.run_pcmci(tau_min=1, tau_max=most, pc_alpha=0.2)
    p = found["p_matrix"][:, :, 1:]  # (source, target, lag)
    q = search.get_corrected_pvalues(p_matrix=found["p_matrix"], tau_min=1, tau_max=most, fdr_method="fdr_bh")
    answer = {"p": p.min(axis=2) * most, "q": q[:, :, 1:].min(axis=2)}  # p: Bonferroni over lags
    told = {name: np.minimum(each, 1).T.tolist() for name, each in answer.items()}
    print(json.dumps(told | {"tigramite": version("tigramite")}))


if __name__ == "__main__":
    main()
