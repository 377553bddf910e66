"""`python -m console`: the same as `ducha`."""

from console.cli import main

if __name__ == "__main__":
    main()
