"""The agent decides what to do: it is handed functions and touches neither files nor network."""
