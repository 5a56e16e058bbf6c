"""Programs as code for the processor, which LLVM makes of them (extra `jit`)."""
