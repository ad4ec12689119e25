"""What a training run will need: one step of the installed code on tensors without contents, counted."""
