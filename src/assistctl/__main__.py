"""The command, started: ``python -m assistctl``, and what is installed as ``assistctl``."""

import gc


def main() -> None:
    """Run the command line and exit the process."""
    # Manifests and answers are trees: looking for cycles among them takes a seventh of the time, and finds none.
    # Before all else, because imports make many objects too.
    gc.set_threshold(100_000, 20, 20)
    from assistctl.cli.main import main as run_and_exit

    run_and_exit()


if __name__ == "__main__":
    main()
