"""What killed runs leave beside a folder."""

from __future__ import annotations

from pathlib import Path


def test_what_a_kill_left_is_cleared_away_and_what_was_put_aside_comes_back(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    from train.atomic_files import remove_leftovers

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for number, end in ((ended.pid, "new"), (ended.pid, "old"), (os.getppid(), "new")):
        (tmp_path / f".hub.{number}.{end}").mkdir()
        (tmp_path / f".hub.{number}.{end}/a").write_text(end)
    remove_leftovers(tmp_path / "hub")
    assert (tmp_path / "hub/a").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"hub", f".hub.{os.getppid()}.new"}
