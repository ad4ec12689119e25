"""The face of the command: `synth.translate.doubts`."""

import subprocess
import sys

import pytest

import synth.translate


def test_the_seam_compares_two_rows() -> None:
    source = {"instruction": "Name 5 trees.", "input": "", "output": "Oak, ash, elm, fir, yew."}
    target = {"instruction": "Nomina 5 alberi.", "input": "", "output": "Quercia, frassino, olmo, abete, tasso."}
    assert synth.translate.doubts(source, target, "en", "it") == []
    assert synth.translate.doubts(source, {**target, "output": "Quercia, olmo, abete."}, "en", "it") == [
        "items_changed"
    ]


def test_the_checks_are_loaded_by_who_asks_for_them() -> None:
    program = "import sys, synth.translate; print('synth.translation.checks' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


def test_what_the_package_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = synth.translate.nothing
