"""Verb: fine-tuning with Hugging Face from a recipe."""
