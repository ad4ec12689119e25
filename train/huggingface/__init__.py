"""The Hugging Face backend: transformers, peft, bitsandbytes and trl for what LitGPT lacks."""
