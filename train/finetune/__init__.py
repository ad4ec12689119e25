"""Verb: fine-tuning from a recipe of either backend."""

SUMMARY = "fine-tune from a recipe, of LitGPT or Hugging Face; goes on after a kill, keeps the best weights"
