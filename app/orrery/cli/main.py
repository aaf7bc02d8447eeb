"""Entry point of the command `orrery`: parses the line, hands over to one module per subcommand."""

import sys
from collections.abc import Sequence

from orrery.cli.options import ServeOptions, parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `orrery` with these arguments (default: the process's own) and return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    return _serve(options)


def _serve(options: ServeOptions) -> int:
    from orrery.cli.serve import serve  # The server's imports take half a second: `orrery --help` need not pay for them.

    return serve(options)


if __name__ == "__main__":
    sys.exit(main())
