"""`python -m apps.cli`: the command line without its console script."""

from apps.cli.main import main

main()
