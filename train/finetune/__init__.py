"""Verb: fine-tuning with Hugging Face from a recipe."""

SUMMARY = "fine-tune with Hugging Face what LitGPT lacks: BLOOM, ORPO, QDoRA"
