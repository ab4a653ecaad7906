"""Side by side with other libraries: `python -m benchmarks.NAME`, from the project's root."""

import pipeline  # noqa: F401 (pins the threads, before NumPy loads)
