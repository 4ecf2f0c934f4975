"""Every row of every table of a system, to the last bit, as the database itself writes it."""

from collections.abc import Sequence

from tests.contract.sides import Side
from tests.proof.proof import Proof

Dump = dict[str, Sequence[Sequence[object]]]


async def dump_tables(proof: Proof) -> Dump:
    """Read all of it through a connection that is none of ours."""
    side, found = proof.world._side, {}
    for table in proof.world._tables.every:
        shown = ", ".join(await _columns(side, proof.engine, table))
        found[table] = await side.run(f"SELECT {shown} FROM {table} ORDER BY id")
    return found


async def _columns(side: Side, engine: str, table: str) -> list[str]:
    if engine == "postgresql":
        # The binary form says more than any text: -0.0, NaN, the digits of a float, infinite times.
        rows = await side.run(
            "SELECT a.attname, t.typsend::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
            "WHERE a.attrelid = to_regclass(?::text) AND a.attnum > 0 AND NOT a.attisdropped "
            "ORDER BY a.attnum",
            table,
        )
        return [f'{send}("{name}")' for name, send in rows]
    if engine == "sqlite":
        names = [row[0] for row in await side.run("SELECT name FROM pragma_table_info(?)", table)]
        # `quote` gives every digit of a float, `hex` every byte of all else, whatever it says it is.
        number = """CASE typeof("{0}") WHEN 'real' THEN quote("{0}") END"""
        return [part.format(name) for name in names for part in ('typeof("{0}")', 'hex("{0}")', number)]
    rows = await side.run(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position",
        table,
    )
    # As a DOUBLE a FLOAT shows all its digits; text is compared by its bytes.
    return [
        f"CAST(`{name}` AS DOUBLE)" if kind in ("float", "double") else f"HEX(CAST(`{name}` AS CHAR))"
        for name, kind in rows
    ]
