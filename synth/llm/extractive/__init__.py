"""The offline model: it picks sentences of the sources."""
