"""The demo: the systems' own tables, believable rows in them, an embedded database and small workers."""
