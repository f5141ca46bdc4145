"""One module for each promise; `bench/run.py` names them."""
