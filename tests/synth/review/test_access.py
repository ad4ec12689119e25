"""Tokens, sessions and the file that keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.review.access import FILE, check_names, load_access, new_access


def test_tokens_and_secret_outlive_the_process(tmp_path: Path) -> None:
    first, second = load_access(["Anna"], tmp_path), load_access(["Linh", "Anna"], tmp_path)
    assert first.tokens["Anna"] == second.tokens["Anna"]
    assert second.rater_of_session(first.session("Anna")) == "Anna"
    assert second.is_form_token("Anna", first.form_token("Anna"))
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_who_is_not_named_any_more_may_not_enter(tmp_path: Path) -> None:
    both = load_access(["Anna", "Linh"], tmp_path)
    one = load_access(["Anna"], tmp_path)
    assert one.rater_of_token(both.tokens["Linh"]) == one.rater_of_session(both.session("Linh")) == ""
    assert load_access(["Linh"], tmp_path).tokens["Linh"] == both.tokens["Linh"]


def test_a_session_is_of_its_token(tmp_path: Path) -> None:
    old = load_access(["Anna", "Linh"], tmp_path)
    load_access(["Anna", "Linh"], tmp_path, ["Anna"])
    new = load_access(["Anna", "Linh"], tmp_path)
    assert new.rater_of_session(old.session("Anna")) == new.rater_of_token(old.tokens["Anna"]) == ""
    assert not new.is_form_token("Anna", old.form_token("Anna"))
    assert new.rater_of_session(old.session("Linh")) == "Linh"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"secret": "z", "raters": {}}', '{"secret": "00", "raters": {"a": 1}}']
)
def test_a_file_that_is_none_of_ours_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(NewsmillError, match="move it away"):
        load_access(["Anna"], tmp_path)
    assert (tmp_path / FILE).read_text() == text


def test_a_file_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    load_access(["Anna"], tmp_path)
    (tmp_path / FILE).chmod(0o644)
    load_access(["Anna"], tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    # A folder inside a file: root, who may write everywhere, cannot have it either.
    (tmp_path / "file").write_text("")
    with pytest.raises(NewsmillError, match="cannot keep the raters' tokens"):
        load_access(["Anna"], tmp_path / "file" / "folder")


@given(st.text())
def test_no_other_text_is_a_token_or_a_session(text: str) -> None:
    access = new_access(["Anna"])
    assert access.rater_of_token(text) == ""
    assert access.rater_of_session(text) == ""
    assert not access.is_form_token("Anna", text)


def test_without_raters_everybody_is_the_user_of_this_machine() -> None:
    access = new_access()
    assert access.rater_of_session("anything") == access.owner != ""


def test_names_are_told_apart() -> None:
    assert check_names([" Anna  Rossi ", "Linh"]) == ("Anna Rossi", "Linh")
    for names in ([""], ["x" * 61], ["a\nb\x00"], ["Anna", "ANNA"]):
        with pytest.raises(NewsmillError):
            check_names(names)
