"""Classifiers on features, networks that learn their own, and what trains them."""
