"""The words of instructions, one file a language, found by listing this folder."""
