"""The profile format: TOML files that map a job system's tables onto jobs, variants, rules and actions."""
