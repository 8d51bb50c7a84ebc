"""`python infra/hooks/retire.py`: stops every revision of the bridge but the newest, now."""

import sys
from pathlib import Path

# It is run by its path; the folder of this file must not hide modules of the same names.
sys.path[0] = str(Path(__file__).resolve().parents[2])

from infra.hooks.steps import main, retire  # noqa: E402 - after the path is right

if __name__ == "__main__":
    sys.exit(main(retire))
