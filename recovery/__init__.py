"""The domain of unstick: model, rules, plans, the Backend port and the engine. No I/O library, no
terminal."""
