"""``python -m mithaq`` is the command line."""

from mithaq.cli.main import main

main()
