"""`python -m normoxia` is the command line."""

from normoxia.cli import main

main()
