"""The parts of `train merge`: its recipe, its checks, LoRA into its base, mergekit, and the folders it leaves."""
