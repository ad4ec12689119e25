"""LitGPT, Hugging Face, adapters: names, settings, streaming, equal logits."""
