"""`llmstudio` and `python -m llmstudio`: without a verb the studio opens, with one it works in the terminal."""

import sys


def main() -> int:
    if len(sys.argv) == 1:
        from .start import start

        return start()
    from .cli import main as verbs

    return verbs(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
