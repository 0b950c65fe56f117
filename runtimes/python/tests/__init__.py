"""Tests of the runtime. `python -m unittest` in `runtimes/python` runs them."""
