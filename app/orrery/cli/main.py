"""Entry point of the command `orrery`: parses the line, hands over to one module per subcommand."""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

from orrery.cli.node_options import NodeOptions
from orrery.cli.options import ImagesOptions, ServeOptions, parse

_INTERRUPTED: Final = 128 + signal.SIGINT
_NOBODY_READS: Final = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `orrery` with these arguments (default: the process's own) and return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    if options is None:
        return 0
    try:
        return _run(options)
    except KeyboardInterrupt:
        return _INTERRUPTED  # A server was still starting: there was nothing to stop yet.
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would complain once more at its end.
        return _NOBODY_READS


def _run(options: ImagesOptions | NodeOptions | ServeOptions) -> int:
    if isinstance(options, ImagesOptions):
        from orrery.cli.images import images

        code = images(options)
    elif isinstance(options, NodeOptions):
        from orrery.cli.node import node

        code = node(options)
    else:
        return _serve(options)
    sys.stdout.flush()
    return code


def _serve(options: ServeOptions) -> int:
    gc.disable()  # Loading makes much and drops little; the server turns the collector on again once it serves.
    from orrery.cli.serve import serve  # The server's imports take half a second: `orrery --help` need not pay for them.

    return serve(options)


if __name__ == "__main__":
    sys.exit(main())
