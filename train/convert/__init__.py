"""Verb: LitGPT to Hugging Face and back."""

SUMMARY = "LitGPT to Hugging Face and back, checked by comparing logits"
