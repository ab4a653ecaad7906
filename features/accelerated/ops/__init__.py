"""What accelerated features share: the parts of `features.ops`, in JAX."""
