"""SQL adapters behind the port, profiles and the demo."""
