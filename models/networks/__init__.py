"""One module per network: ``Network(nnx.Module)``, images in, logits out."""
