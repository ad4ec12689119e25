"""What was meant, in `train`: commands, options, choices, languages; the earlier names of options; Ctrl-C."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from train.__main__ import main, parsed


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["evalute"], "did you mean evaluate?"), (["fine-tune"], "did you mean finetune?"),
        (["tiny", "--corups", "a.txt", "--out", "b"], "no option --corups: did you mean --corpus?"),
        (["tiny", "--corpus", "a.txt", "--otu=b"], "no option --otu: did you mean --out?"),
        (["convert", "--checkpoint", "a", "--out", "b", "--to", "huggingfase"], "did you mean huggingface?"),
        (["generate", "--language", "vietnamese", "--checkpoint", "a", "--prompts", "b", "--out", "c"], "mean vi?"),
        (["serve", "--checkpoint", "a", "--dtype", "bfloat"], "did you mean bfloat16?"),
        (["pairs", "--dta", "a", "--texts", "b", "--out", "c"], "no option --dta: did you mean --data?"),
    ],
)  # fmt: skip
def test_what_was_meant_is_named_in_one_line(words: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(words)
    assert done.value.code == 2
    error = capsys.readouterr().err
    assert meant in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", ["--set", "--data"])
def test_earlier_names_are_read(name: str, tmp_path: Path) -> None:
    options = parsed(["pairs", name, "export", "--texts", "t.jsonl", "--out", "pairs"])
    assert options.set == Path("export")
    file = tmp_path / "options.yaml"
    file.write_text(f"{name.removeprefix('--')}: export\ntexts: [t.jsonl]\nout: pairs\n")
    assert parsed(["pairs", "--config", str(file)]).set == Path("export")


def test_ctrl_c_while_torch_loads_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The interrupt is lost in half-loaded modules and comes out as another error."""

    def interrupted(options: object) -> int:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RecursionError("maximum recursion depth exceeded") from None
        return 0

    monkeypatch.setattr("train.loss.command.main", interrupted)
    assert main(["loss", "--run", "out"]) == 130
    assert capsys.readouterr().err == "loss: interrupted; run the same command to go on\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
