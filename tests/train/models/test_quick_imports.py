import subprocess
import sys

PROGRAM = """
import sys
from train.models.quick_imports import import_libraries
import_libraries()
import peft
from transformers import AutoModelForCausalLM
print(*(name for name in ("sklearn", "pandas", "torch._inductor.compile_fx", "bitsandbytes") if name in sys.modules))
"""


def test_peft_and_transformers_bring_no_compiler_and_no_statistics() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["bitsandbytes"]
    assert not done.stderr


def test_what_bitsandbytes_compiles_is_compiled_when_it_is_called() -> None:
    import torch

    from train.models.quick_imports import _compiled_when_called

    asked = []

    def compiled(function: object, **options: object) -> object:
        asked.append(options)
        return function

    @_compiled_when_called(dynamic=True)
    def double(number: int) -> int:
        """Twice."""
        return 2 * number

    original = torch.compile
    torch.compile = compiled
    try:
        assert not asked
        assert [double(2), double(3)] == [4, 6]
        assert asked == [{"dynamic": True}]
    finally:
        torch.compile = original
    assert double.__doc__ == "Twice."
