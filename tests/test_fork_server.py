"""A forked `scrapy` has what a started one has: folder, environment, modules of PYTHONPATH, limits, status, output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fork_server import run_forked, run_scrapy, start_forked
from tests.waiting import wait_until

SITE = """
import os
from pathlib import Path
Path("site.txt").write_text(os.environ["OF_THE_TEST"])
"""
SETTINGS = """
import os
BOT_NAME = os.environ["OF_THE_TEST"]
print("x" * int(os.environ.get("SIZE", 0)), file=open("large.txt", "w"))
"""


#: Three steps of training with dropout.
TRAINING = """
import torch
torch.manual_seed(1)
layers = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.Dropout(0.1), torch.nn.Linear(64, 1))
step = torch.optim.AdamW(layers.parameters())
for _ in range(3):
    step.zero_grad()
    loss = layers(torch.randn(32, 64)).square().mean()
    loss.backward()
    step.step()
LOSS = loss.item().hex()
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    (folder / "sitecustomize.py").write_text(SITE)
    (folder / "my_settings.py").write_text(SETTINGS)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
    return os.environ | {"PYTHONPATH": path, "SCRAPY_SETTINGS_MODULE": "my_settings", "OF_THE_TEST": "mine"} | more


def test_it_has_its_folder_environment_and_modules(tmp_path: Path) -> None:
    done = run_scrapy(["settings", "--get", "BOT_NAME"], tmp_path, environment(tmp_path))
    assert (done.returncode, done.stdout) == (0, "mine\n"), done.stderr
    assert (tmp_path / "site.txt").read_text() == "mine"
    again = run_scrapy(["settings", "--get", "BOT_NAME"], tmp_path, environment(tmp_path, OF_THE_TEST="another"))
    assert again.stdout == "another\n"
    assert "OF_THE_TEST" not in os.environ


def test_it_has_its_status_and_limit(tmp_path: Path) -> None:
    done = run_scrapy(["no-such-command"], tmp_path, environment(tmp_path))
    assert done.returncode == 2
    assert "no-such-command" in done.stdout + done.stderr
    full = run_scrapy(["list"], tmp_path, environment(tmp_path, SIZE="9999"), size=100)
    # 120: the interpreter's own, where the rest of a traceback fits no more.
    assert full.returncode in (1, 120, -signal.SIGXFSZ)
    assert (tmp_path / "large.txt").stat().st_size == 100


def test_it_trains_as_this_process_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    script = tmp_path / "training.py"
    script.write_text(f"{TRAINING}print(LOSS)")
    done = run_forked("torch", [str(script)], tmp_path)
    here: dict[str, str] = {}
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    exec(TRAINING, here)
    torch.set_num_threads(threads)
    torch.set_rng_state(state)
    assert (done.returncode, done.stdout) == (0, here["LOSS"] + "\n"), done.stderr


def test_its_status_is_that_of_an_interpreter(tmp_path: Path) -> None:
    endings = {"raise SystemExit(3)": 3, "1 / 0": 1, "import os; os.kill(os.getpid(), 9)": -signal.SIGKILL, "": 0}
    for text, status in endings.items():
        (tmp_path / "ending.py").write_text(text)
        assert run_forked("torch", [str(tmp_path / "ending.py")], tmp_path).returncode == status


def test_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    text = "import os, signal\nprint(os.getpid(), flush=True)\nsignal.pause()"
    (tmp_path / "endless.py").write_text(text)
    with pytest.raises(subprocess.TimeoutExpired) as ended:
        run_forked("torch", [str(tmp_path / "endless.py")], tmp_path, timeout=0.5)
    assert ended.value.timeout == 0.5


def test_a_program_of_one_line_is_run_as_python_c_does(tmp_path: Path) -> None:
    program = "import sys\nTEXT = 'a'\ndef text(): return TEXT\nprint(__name__, text(), sys.argv)"
    done = run_forked("synth", [sys.executable, "-c", program, "b"], tmp_path)
    assert (done.returncode, done.stdout) == (0, "__main__ a ['-c', 'b']\n"), done.stderr


def test_it_can_be_watched_interrupted_and_killed(tmp_path: Path) -> None:
    program = "import sys, threading\nprint('ready', flush=True)\nthreading.Event().wait()"
    for number, status in ((signal.SIGINT, -signal.SIGINT), (signal.SIGKILL, -signal.SIGKILL)):
        with (tmp_path / "said.txt").open("wb") as out:
            process = start_forked("synth", [sys.executable, "-c", program], out=out)
        wait_until(lambda: "ready" in (tmp_path / "said.txt").read_text(), process=process)
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.send_signal(number)
        assert process.wait(60) == process.poll() == status
        # Too late: nothing is killed.
        process.kill()


def test_a_lock_and_a_pipe_that_it_was_handed_end_with_it(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    process = start_forked("synth", [sys.executable, "-c", "import sys; sys.stdin.read()"], tmp_path, held=[writer])
    os.close(writer)
    assert process.wait(60) == 0
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b""


def test_a_module_is_run_as_python_m_does(tmp_path: Path) -> None:
    done = run_forked("synth", [sys.executable, "-m", "synth", "no-such-command"], tmp_path)
    assert done.returncode == 2
    assert "no-such-command" in done.stderr, done.stderr
