"""The stages of the pipeline, one thin module each, named after the verb."""

from pipeline.stage.environment import prepare as _prepare

# Here and not in the entry point: BLAS reads its thread count when the first module loads NumPy.
_prepare()
