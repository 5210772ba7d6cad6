"""``python -m assistctl`` is the command."""

from assistctl.cli.main import main

if __name__ == "__main__":
    main()
