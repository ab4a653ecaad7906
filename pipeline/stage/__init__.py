"""What every stage shares: its process, entry point, parameters, plug-ins and files."""

from pipeline.stage.environment import prepare

# Here and not in the entry point: BLAS reads its thread count when the first module loads NumPy.
prepare()
