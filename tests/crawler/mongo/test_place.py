"""Where a store lies: found upwards, announced when new, closed to other accounts, whatever the length of its path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.mongo import place, server
from tests.crawler.mongo.stores import Client, address_of, await_end, environment_of


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of a user who set no NEWSMILL_HOME."""
    monkeypatch.delenv("NEWSMILL_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    (tmp_path / "user/project/notes/deep").mkdir(parents=True)
    return tmp_path / "user"


def test_the_store_is_the_nearest_upwards_and_a_new_one_lies_here(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(user / "project/notes/deep")
    assert place.home() == user / "project/notes/deep/.newsmill"
    (user / ".newsmill").mkdir()
    assert place.home() == user / ".newsmill"
    (user / "project/.newsmill/mongo").mkdir(parents=True)
    assert place.home() == user / "project/.newsmill"


def test_a_folder_without_a_store_does_not_hide_the_store_above(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`train` keeps its tokens in a .newsmill of the folder where it is started."""
    (user / "project/.newsmill/mongo").mkdir(parents=True)
    (user / "project/notes/.newsmill/tokens").mkdir(parents=True)
    monkeypatch.chdir(user / "project/notes")
    assert place.home() == user / "project/.newsmill"


def test_the_search_ends_at_the_users_home_folder(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (user.parent / ".newsmill/mongo").mkdir(parents=True)
    monkeypatch.chdir(user / "project")
    assert place.home() == user / "project/.newsmill"
    monkeypatch.setenv("HOME", str(user / "elsewhere"))
    assert place.home() == user.parent / ".newsmill"


def test_the_search_ends_at_the_border_of_the_file_system(
    user: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (user / ".newsmill/mongo").mkdir(parents=True)
    project = user / "project"
    monkeypatch.chdir(project)
    stat = Path.stat

    def other_device(path: Path, **options: bool) -> os.stat_result:
        fields = list(stat(path, **options))
        if path.is_relative_to(project):
            fields[2] += 1
        return os.stat_result(fields)

    assert place.home() == user / ".newsmill"
    monkeypatch.setattr(Path, "stat", other_device)
    assert place.home() == project / ".newsmill"


def test_newsmill_home_goes_before_what_lies_around(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (user / "project/.newsmill/mongo").mkdir(parents=True)
    monkeypatch.chdir(user / "project")
    monkeypatch.setenv("NEWSMILL_HOME", str(user / "other"))
    assert place.home() == user / "other"


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another account: needs root")
def test_a_folder_that_another_account_put_above_is_no_store(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (user / ".newsmill/mongo").mkdir(parents=True)
    monkeypatch.chdir(user / "project")
    os.chown(user / ".newsmill", 65534, 65534)
    assert place.home() == user / "project/.newsmill"


def test_a_new_store_is_announced_once_and_an_old_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "_join", lambda folder: str((folder / "db").mkdir(exist_ok=True)))
    for announced in (1, 0):
        server.lease(tmp_path / "home/mongo")
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count(f"a new, empty one in {tmp_path / 'home'}") == announced
        assert captured.err.count("\n") == announced


def test_a_query_from_a_folder_below_asks_the_same_store(tmp_path: Path, root: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    environment = environment_of(tmp_path) | {"HOME": str(tmp_path), "PYTHONPATH": str(root)}
    del environment["NEWSMILL_HOME"]
    write = "from crawler.mongo import connect; connect().samples.insert_one({'key': '1', 'task': 'news_summary'})"
    subprocess.run([sys.executable, "-c", write], cwd=tmp_path, env=environment, check=True)
    command = [sys.executable, "-m", "synth", "query", "--count"]
    done = subprocess.run(command, cwd=tmp_path / "a/b", env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert not (tmp_path / "a/b/.newsmill").exists()
    await_end(tmp_path / ".newsmill")


# ---- the socket


def test_no_port_is_open_and_no_other_account_reaches_the_store(tmp_path: Path) -> None:
    client = Client(environment_of(tmp_path), "https://a/1")
    socket = Path(client.read()[0])
    address = address_of(tmp_path)
    connections = psutil.Process(address["pid"]).net_connections("all")
    assert {str(connection.laddr) for connection in connections} <= {str(place.hidden(socket)), ""}
    assert place.is_private(socket.parent)
    assert place.is_private(tmp_path / "mongo/db")
    client.leave()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="becomes another account: needs root")
def test_another_account_can_neither_read_nor_write() -> None:
    """In a folder that everybody may enter: only the store's own folder keeps others out."""
    home = Path("/tmp", f"newsmill-test-{os.getpid()}")
    home.mkdir(mode=0o755)
    try:
        client = Client(environment_of(home), "https://a/1")
        socket = client.read()[0]
        code = f"import socket; socket.socket(socket.AF_UNIX).connect({socket!r})"
        own = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        system_python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
        assert subprocess.run([system_python, "-c", code]).returncode == 0
        other = subprocess.run([*own, system_python, "-c", code], capture_output=True, text=True)
        assert "PermissionError" in other.stderr
        assert subprocess.run([*own, "ls", str(home / "mongo/db")], capture_output=True).returncode != 0
        client.leave()
        await_end(home)
    finally:
        shutil.rmtree(home)


def test_a_store_deep_in_the_tree_has_its_socket_elsewhere_and_finds_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)
    runtime = Path("/tmp", f"run-{os.getpid()}")
    runtime.mkdir(mode=0o700)
    try:
        environment = environment_of(home, XDG_RUNTIME_DIR=str(runtime))
        client = Client(environment, "https://a/1")
        socket = Path(client.read()[0])
        assert socket.is_relative_to(runtime)
        assert place.is_private(socket.parent)
        # From another session, without that variable, it is the same store.
        del environment["XDG_RUNTIME_DIR"]
        other = Client(environment, "https://a/2")
        assert other.read() == [str(socket), "2"]
        for each in (client, other):
            each.leave()
        await_end(home)
        assert place.socket_path(home / "mongo") == socket
    finally:
        shutil.rmtree(runtime)


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store whose own folder is too deep, and a short folder of temporary files."""
    folder = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)
    folder.mkdir(parents=True)
    temporary = Path("/tmp", f"t{os.getpid()}")
    temporary.mkdir()
    monkeypatch.setattr(place.tempfile, "gettempdir", lambda: str(temporary))
    monkeypatch.setattr(place.tempfile, "tempdir", str(temporary))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    yield folder
    shutil.rmtree(temporary)


@pytest.mark.parametrize("trap", ["link", "open", "file"])
def test_what_somebody_put_in_the_place_of_the_socket_is_not_used(deep: Path, trap: str, tmp_path: Path) -> None:
    usual = place.socket_path(deep).parent
    (deep / "socket").unlink()
    usual.rmdir()
    if trap == "link":
        usual.symlink_to(tmp_path)
    elif trap == "file":
        usual.write_text("")
    elif os.geteuid() == 0:
        usual.mkdir()
        os.chown(usual, 65534, 65534)
    else:
        pytest.skip("gives a folder to another account: needs root")
    chosen = place.socket_path(deep)
    assert chosen.parent != usual
    assert place.is_private(chosen.parent)


def test_a_noted_place_that_others_may_enter_by_now_is_given_up(deep: Path) -> None:
    first = place.socket_path(deep)
    (deep / "socket").write_text(str(deep.parents[3] / "x.sock"))
    deep.parents[3].chmod(0o777)
    assert place.socket_path(deep) == first


@given(st.text(st.characters(exclude_characters="\0/", codec="utf-8"), min_size=1).filter(lambda x: x.strip(".")))
def test_the_uri_of_a_socket_leads_back_to_it(name: str) -> None:
    from pymongo.uri_parser import parse_uri

    path = Path("/run", name, "mongod.sock")
    assert parse_uri(place.uri_of(path))["nodelist"] == [(str(path), None)]
    assert place.readable_host(place.uri_of(path)) == str(path)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("mongodb://ada:secret@db.example:27017/news?tls=true", "mongodb://db.example:27017/news"),
        ("mongodb+srv://ada:s%40t@db.example/news", "mongodb+srv://db.example/news"),
        ("mongodb://ada:secret@%2Frun%2Fm.sock/news", "/run/m.sock/news"),
    ],
)
def test_a_uri_is_shown_without_user_password_and_options(uri: str, shown: str) -> None:
    assert place.readable_host(uri) == shown
