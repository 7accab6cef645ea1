"""One target under libFuzzer: `python -m fuzz.guided TARGET CORPUS [libFuzzer's options]`."""

import sys

import atheris

with atheris.instrument_imports(
    include=["coditect_license_token"]
):  # its branches guide the fuzzer
    from fuzz.targets import TARGETS

if __name__ == "__main__":
    target = TARGETS[sys.argv[1]]
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()
