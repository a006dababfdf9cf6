"""The pages of several subjects and of two groups compared: what is on them is what was found."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc import GroupDiscovery, compare
from grngc.report.render import SUBJECTS
from reports import HOSTILE, NAMES, Parsed, check_alone, compared, subjects, sure


def drawn(found: Any) -> Any:
    return json.loads(Parsed(found.report_html()).json)


def test_the_page_of_a_group_holds_means_shares_and_every_subject() -> None:
    found = subjects()
    assert len(check_alone(found.report_html()).scripts) == len(SUBJECTS)
    data = drawn(found)
    edges = {edge[:2]: edge for edge in found.edges() if edge.share is not None}
    assert data["n_pairs"] == len(data["pairs"]["source"]) == len(edges) == 12
    assert data["standing_out"] == 1
    assert data["file"] == "group_edges.csv"
    for k, (i, j) in enumerate(zip(data["pairs"]["source"], data["pairs"]["target"], strict=True)):
        edge = edges[NAMES[i], NAMES[j]]
        told = [data["pairs"][name][k] for name in ("score", "sd", "share", "lag", "sign", "sign_agreement")]
        wanted = [edge.mean_score, edge.sd, edge.share, edge.lag, edge.sign, edge.sign_agreement]
        assert told == [pytest.approx(one, rel=1e-3) if isinstance(one, float) else one for one in wanted]
        np.testing.assert_allclose(data["strips"]["scores"][k], found.scores[:, j, i], rtol=1e-3)
        assert data["strips"]["stands_out"][k] == np.flatnonzero(found.above[:, j, i]).tolist()
    assert data["subjects"] == list(found.subjects)
    levels = np.frombuffer(base64.b64decode(data["share_heat"]["bytes"]), np.uint8).reshape(4, 4)
    np.testing.assert_allclose(data["share_heat"]["largest"] * (levels / 255) ** 2, found.share, atol=0.01)


def test_the_head_of_a_group_says_who_was_there_and_what_is_amiss() -> None:
    found = subjects()
    text = " ".join(Parsed(found.report_html()).text.split())
    assert found.record["conclusion"] in text
    assert "edge in common 1" in text
    assert "zoe, left out: diverged on rain" in text
    assert "unlike lengths 100 to 140 windows" in text
    for name in found.subjects:
        assert f"{name} " in text
    assert "arXiv:2507.11178" in text


def test_subjects_with_nothing_in_common_are_said_to_have_nothing() -> None:
    found = subjects(n=5)
    alone = GroupDiscovery(found.subjects, {}, found.graph, found.record | {"trustworthy": False, "failed": {}})
    text = Parsed(alone.report_html()).text
    assert "nothing in common" in text


def test_a_groups_page_comes_with_its_files_and_goes_with_them(tmp_path: Path) -> None:
    found = subjects()
    names = [path.name for path in found.save(tmp_path / "out", report=True)]
    assert names == ["group_edges.csv", "group.npz", "report.html", "group.json"]
    assert (tmp_path / "out" / "report.html").read_text() == found.report_html()
    assert GroupDiscovery.load(tmp_path / "out").report_html() == found.report_html()
    found.save(tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "report.html").exists()


def test_scores_of_single_subjects_end_where_the_page_would_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grngc.report.subjects.STRIPS", 10)
    assert len(drawn(subjects())["strips"]["scores"]) == 2


def test_the_page_of_a_comparison_holds_what_differs() -> None:
    found = compared()
    check_alone(found.report_html())
    data = drawn(found)
    there = [edge for edge in found.edges if edge.status != "absent"]
    assert data["counts"] == {"gained": 1, "lost": 0, "changed": 0, "same": 1}
    assert data["tested"]
    for k, edge in enumerate(there):
        pair = NAMES[data["pairs"]["source"][k]], NAMES[data["pairs"]["target"][k]]
        assert (*pair, data["pairs"]["status"][k]) == edge[:3]
        for name in ("score_a", "score_b", "difference", "share_a", "p_familywise", "q"):
            assert data["pairs"][name][k] == pytest.approx(getattr(edge, name), rel=1e-4)
    text = Parsed(found.report_html()).text
    assert found.record["conclusion"] in text
    assert "all 252" in text
    single = compare(sure(), sure())
    assert not drawn(single)["tested"]
    assert "nothing tells a difference from chance" in Parsed(single.report_html()).text


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 4))
def test_no_name_breaks_these_pages(start: int) -> None:
    names = (*HOSTILE[start : start + 4], *NAMES)[:4]
    for found in (subjects(names), compared(names), compared(names[::-1])):
        told = json.loads(check_alone(found.report_html()).json)["names"]
        assert sorted(map(_written, told)) == sorted(map(_written, names))


def _written(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()
