"""LitGPT's fine-tuning with a loop of ours: killed and resumed, best weights, an early end."""
