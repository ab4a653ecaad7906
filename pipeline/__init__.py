"""The stages of the pipeline, one thin module each, named after the verb."""
