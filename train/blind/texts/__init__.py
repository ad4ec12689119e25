"""Texts of a sheet: people's articles beside the models', all in one form and of one length."""
