"""What is known beforehand as masks: what is admitted, and what goes against itself."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grngc import read_rules, read_sources
from grngc.errors import InputError
from grngc.partition import Part, partition
from grngc.rules import Rules, rules_of

NAMES = ("sun", "rain", "river", "mud")


def rules(exogenous: tuple[str, ...] = (), **given: Any) -> Rules:
    return rules_of(NAMES, exogenous, given)


def forbidden(found: Rules) -> set[tuple[str, str]]:
    """Return the pairs (source, target) of two series that are not allowed."""
    return {(NAMES[i], NAMES[j]) for j, i in np.argwhere(~found.allowed)}


def test_without_rules_all_is_allowed() -> None:
    found = rules()
    assert found.allowed.all()
    assert not found.required.any()
    assert (found.forbidden, found.parts, found.told()) == (None, (), None)


def test_pairs_are_written_source_first_and_stored_target_first() -> None:
    found = rules(forbidden=[("sun", "mud")], required=[("rain", "river")])
    assert np.argwhere(~found.allowed).tolist() == [[3, 0]]
    assert np.argwhere(found.required).tolist() == [[2, 1]]
    assert found.told() == {"sources": None, "forbidden_pairs": 1, "required": [["rain", "river"]]}


def test_a_star_is_every_other_series() -> None:
    assert forbidden(rules(forbidden=[("*", "sun")])) == {("rain", "sun"), ("river", "sun"), ("mud", "sun")}
    assert forbidden(rules(forbidden=[("mud", "*")])) == {("mud", "sun"), ("mud", "rain"), ("mud", "river")}
    found = rules(("sun",), sources=["sun", "rain"], required=[("*", "river"), ("rain", "*")])
    assert found.told()["required"] == [["sun", "river"], ["rain", "river"], ["rain", "mud"]]  # type: ignore[index]


def test_sources_leave_own_pasts() -> None:
    found = rules(sources=["sun", "rain"])
    assert found.allowed.tolist() == [[True, True, j == 2, j == 3] for j in range(4)]
    assert found.told() == {"sources": ["sun", "rain"], "forbidden_pairs": 6, "required": []}


def test_groups_are_never_compared_with_each_other_but_within_and_with_the_rest() -> None:
    found = forbidden(rules(never_compared=[["sun", "rain"], ["mud"]]))
    assert found == {("sun", "mud"), ("mud", "sun"), ("rain", "mud"), ("mud", "rain")}


def test_what_drives_an_exogenous_series_is_no_question() -> None:
    found = rules(("sun",), forbidden=[("*", "sun")])
    assert found.forbidden is None
    assert found.pairs.sum() == 9


def test_a_series_may_be_called_star() -> None:
    found = rules_of(("*", "a", "b"), (), {"forbidden": [("*", "a")]})
    assert np.argwhere(~found.allowed).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("given_rules", "message"),
    [
        ({"forbidden": [("sun", "rian")]}, "no series 'rian' for forbidden= (--forbid); did you mean 'rain'?"),
        ({"sources": ["rian"]}, "no series 'rian' for sources= (--sources); did you mean 'rain'?"),
        ({"sources": ["rain", "rain"]}, "names 'rain' twice"),
        ({"sources": "rain"}, "takes a list of names; got 'rain'"),
        ({"sources": []}, "names no series: leave it out to admit all"),
        ({"sources": ["rain", 3]}, "takes names as text; got 3"),
        ({"forbidden": ("sun", "rain")}, "takes a list of (source, target) pairs; got 'sun' in it"),
        ({"forbidden": "sun"}, "takes a list of (source, target) pairs; got 'sun'"),
        ({"required": [("sun", "rain", "mud")]}, "takes a list of (source, target) pairs"),
        ({"forbidden": [("sun", "rain"), ("sun", "rain")]}, "has 'sun' -> 'rain' twice"),
        ({"forbidden": [("sun", "sun")]}, "its own past is always read"),
        ({"required": [("sun", "sun")]}, "its own past is always read"),
        ({"forbidden": [("*", "*")]}, "every series would have no source"),
        ({"forbidden": [("sun", "rain")], "required": [("sun", "rain")]}, "'sun' -> 'rain', which is forbidden"),
        ({"forbidden": [("sun", "rain")], "required": [("*", "rain")]}, "'sun' -> 'rain', which is forbidden"),
        ({"forbidden": [("*", "rain")], "required": [("sun", "rain")]}, "'sun' -> 'rain', which is forbidden"),
        ({"never_compared": [["sun"], ["rain"]], "required": [("sun", "rain")]}, "which is forbidden"),
        ({"sources": ["rain"], "required": [("sun", "rain")]}, "sources= (--sources) leaves 'sun' out: add it there"),
        ({"never_compared": [["sun", "rain"]]}, "takes two groups of names or more"),
        ({"never_compared": [["sun"], ["rain", "sun"]]}, "has 'sun' in two groups"),
        ({"never_compared": ["sun", "rain"]}, "takes a list of names; got 'sun'"),
        ({"never_compared": [[name] for name in NAMES]}, "leaves no pair of two series"),
    ],
)
def test_what_goes_against_itself_is_one_line(given_rules: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        rules(**given_rules)
    assert "\n" not in str(caught.value)


def test_exogenous_series_are_sources_and_no_targets() -> None:
    with pytest.raises(InputError, match="leaves out 'sun', exogenous"):
        rules(("sun",), sources=["rain"])
    with pytest.raises(InputError, match="'sun' is exogenous, so nothing drives it"):
        rules(("sun",), required=[("rain", "sun")])


class TestParts:
    def test_targets_of_equal_rules_are_together_their_own_pasts_apart(self) -> None:
        allowed = rules(sources=["sun", "rain"]).allowed
        assert partition(allowed, np.ones(4, bool)) == (Part((0, 1), (0, 1, 2, 3)),)
        (part,) = partition(allowed, np.ones(4, bool))
        assert (part.inside, part.beside) == ((0, 1), (2, 3))

    def test_one_forbidden_pair_sets_one_target_apart(self) -> None:
        allowed = rules(forbidden=[("sun", "mud")]).allowed
        assert partition(allowed, np.ones(4, bool)) == (Part((0, 1, 2, 3), (0, 1, 2)), Part((1, 2, 3), (3,)))

    @given(arrays(bool, (5, 5)), arrays(bool, 5))
    def test_each_target_reads_what_it_may(self, allowed: np.ndarray, targets: np.ndarray) -> None:
        parts = partition(allowed, targets)
        assert sorted(j for part in parts for j in part.targets) == np.flatnonzero(targets).tolist()
        for part in parts:
            for j in part.targets:
                assert {*part.sources} - {j} == {*np.flatnonzero(allowed[j])} - {j}
            assert sorted(part.inside + part.beside) == sorted(part.targets)


class TestFiles:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_a_table_of_rules(self, tmp_path: Path, separator: str) -> None:
        rows = [
            ("why", "source", "target", "rule"), ("weather", "*", "sun", "forbidden"),
            ("known", "rain", "river", "required"), ("", "mud", "rain", "never_compared"),
        ]  # fmt: skip
        path = tmp_path / "rules.csv"
        path.write_text("\n".join(separator.join(row) for row in rows))
        assert read_rules(path) == {
            "forbidden": [("*", "sun"), ("mud", "rain"), ("rain", "mud")], "required": [("rain", "river")],
        }  # fmt: skip

    @given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), unique=True))
    def test_pairs_come_back(self, tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]) -> None:
        path = tmp_path_factory.mktemp("rules") / "rules.csv"
        path.write_text("\n".join(["source,target,rule", *(f"{a},{b},forbidden" for a, b in pairs)]))
        assert read_rules(path) == {"forbidden": pairs, "required": []}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("source,target\nsun,mud\n", "no column 'rule'; a table of rules has source, target, rule, this one"),
            ("1,2\n3,4\n", "no column 'source'"),
            ("source,target,rule\nsun,mud,forbid\n", "row 2: rule 'forbid' is not known; choose one of forbidden"),
            ("source,target,rule\nsun,,forbidden\n", "row 2 has no target"),
            ("source,target,rule\nsun,mud\n", "row 2 has 2 cells where the first row has 3"),
            ("", "the file is empty"),
        ],
    )
    def test_other_tables_are_refused(self, tmp_path: Path, text: str, message: str) -> None:
        path = tmp_path / "rules.csv"
        path.write_text(text)
        with pytest.raises(InputError, match=re.escape(message)):
            read_rules(path)

    @pytest.mark.parametrize("text", ["sun\nrain, new\n", '\ufeffsun\r\n\r\n"rain", new', "sun,rain,new"])
    def test_names(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "sources.txt"
        path.write_text(text)
        assert read_sources(path) == ["sun", "rain", "new"]

    @pytest.mark.parametrize(
        ("content", "message"),
        [(b"\n\n", "holds no name"), (b'"sun', "cannot be cut into names"), (b"\xff", "which is not UTF-8")],
    )
    def test_other_lists_are_refused(self, tmp_path: Path, content: bytes, message: str) -> None:
        path = tmp_path / "sources.txt"
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            read_sources(path)
