import json
from functools import partial
from pathlib import Path

import pytest

from grngc import CausalGraph, demo
from grngc.cli import main
from grngc.discovery import discover


def test_a_known_graph_is_found_beside_the_controls() -> None:
    dataset, found, rows = demo.simulated(steps=150)
    earned = {row.method: row.score for row in rows}
    assert list(earned) == ["GRNGC", "ridge VAR", "lagged correlation", "correlation", "chance"]
    assert earned["GRNGC"]["auroc_off_diagonal"] > 0.95
    assert earned["GRNGC"]["auroc_off_diagonal"] > earned["correlation"]["auroc_off_diagonal"]
    assert earned["chance"]["auprc_full"] == pytest.approx(0.4)
    assert (dataset.panel.n_times, dataset.panel.n_series, int(dataset.truth.sum())) == (500, 10, 40)
    assert found.record["data"]["origin"].startswith("simulated, lorenz96")
    assert demo.simulated(seed=1, steps=2)[1].record["seed"] == 1


def test_the_measured_record_is_growth_rates() -> None:
    found = demo.measured(steps=2, seed=3)
    assert found.record["data"]["transforms"]["realgdp"] == ["growth"]
    assert found.record["seed"] == 3
    assert "statsmodels" in found.summary()


def test_the_command_writes_both_and_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "discover", partial(discover, steps=20))
    assert main(["demo"]) == 0
    out, err = capsys.readouterr()
    assert "Results in grngc-demo/lorenz96 and grngc-demo/us-macro" in out
    assert err.startswith("grngc: Lorenz-96, trying linear, lag 1: step ")
    assert "\ngrngc: Lorenz-96, trying mlp, lag 1: step 2 of 20" in err
    assert "\ngrngc: Lorenz-96, training: step " in err
    for name in ("lorenz96", "us-macro"):
        folder = tmp_path / "grngc-demo" / name
        assert json.loads((folder / "run.json").read_text())["configuration"]["steps"] == 20
        assert CausalGraph.load(folder / "graph.npz").names == tuple(
            json.loads((folder / "run.json").read_text())["data"]["series"]
        )
    again = [line for line in out.splitlines() if "grngc score" in line][-1].split()[1:]
    assert main(again) == 0
    table = capsys.readouterr().out
    shown = next(line for line in out.splitlines() if line.startswith("GRNGC")).split()
    assert f"{float(table.splitlines()[2].split()[3]):.3f}" == shown[3]  # AUROC without own past, as the demo said
    monkeypatch.setattr(demo, "discover", partial(discover, forecaster="linear", lag=1))
    assert main(["demo", "--quiet"]) == 0  # over the first results
    assert capsys.readouterr().err == ""
    assert not (tmp_path / "elsewhere").exists()
    assert main(["demo", "--quiet", "--out", "elsewhere"]) == 0
    assert (tmp_path / "elsewhere" / "lorenz96" / "data.csv").exists()
