"""Verb: LitGPT to Hugging Face and back."""
