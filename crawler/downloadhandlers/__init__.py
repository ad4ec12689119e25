"""The last step before the network: a copy of the site in its place."""
