"""What the command `autograd` reads and where it writes; the commands are in `__main__`."""
