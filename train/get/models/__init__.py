"""The models that `train get` knows: one module each, whose MODEL says all about it."""
