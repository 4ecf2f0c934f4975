"""A worker that takes one of so many jobs after another until its input ends; prints how long each took."""

import asyncio
import json
import sys
import time

import asyncpg

CLAIM = (
    "UPDATE bench_job SET heartbeat_at = heartbeat_at WHERE id = "
    "(SELECT id FROM bench_job WHERE id % 97 = 0 AND id > $1 LIMIT 1 FOR UPDATE SKIP LOCKED)"
)


async def main(url: str, number: int, seconds: float) -> None:
    """Tell when the first job was taken, go on until the input ends, but so long at least, and tell the
    milliseconds of each."""
    worker = await asyncpg.connect(url)
    await worker.execute(CLAIM, 0)
    print("ready", flush=True)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    found: list[float] = []
    end = time.perf_counter() + seconds
    while not ended.done() or time.perf_counter() < end:
        begun = time.perf_counter()
        await worker.execute(CLAIM, len(found) % number)
        found.append((time.perf_counter() - begun) * 1000)
    await worker.close()
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
