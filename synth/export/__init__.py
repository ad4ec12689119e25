"""Verb: training sets from the samples that a filter names."""
