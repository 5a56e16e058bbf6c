"""Input and output of the command `autograd`; its subcommands are in `__main__`."""
