"""What features share: grey levels, gradients, pooling, batching."""
