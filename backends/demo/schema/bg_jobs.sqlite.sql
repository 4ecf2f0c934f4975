-- bg_jobs on SQLite: UUIDs, arrays and JSON are text, the states of the queue are text with a CHECK, a unique key's states
-- a number of eight bits. Times are ISO text in UTC with microseconds, such as 2026-11-23 10:00:00.123456+00:00;
-- interval_started_at alone has no zone. demo_side_effects is the demo's own: what the tasks have really done.

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'active',
    type TEXT NOT NULL,
    schedule TEXT,
    "interval" TEXT,
    is_deleted BOOLEAN NOT NULL DEFAULT FALSE,
    next_run_at TEXT,
    last_run_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version BIGINT NOT NULL,
    river_job_id BIGINT NOT NULL,
    current_interval_id VARCHAR(255),
    interval_progress TEXT,
    interval_started_at TEXT,
    enable_recovery BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE INDEX idx_jobs_user_workspace ON jobs (user_id, workspace_id, is_deleted);
CREATE INDEX idx_jobs_status_type ON jobs (status, type, is_deleted);
CREATE INDEX idx_jobs_incomplete_intervals ON jobs (type, status, is_deleted, current_interval_id)
    WHERE type = 'interval' AND status = 'active' AND is_deleted = FALSE AND current_interval_id IS NOT NULL;

-- No foreign key leads to the job.
CREATE TABLE tasks (
    id TEXT NOT NULL PRIMARY KEY,
    job_id TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'created',
    payload TEXT NOT NULL,
    result TEXT,
    is_deleted BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX idx_tasks_job_id ON tasks (job_id, is_deleted);

CREATE TABLE river_job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL DEFAULT 'available',
    attempt INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    attempted_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    finalized_at TEXT,
    scheduled_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    priority INTEGER NOT NULL DEFAULT 1,
    args TEXT NOT NULL,
    attempted_by TEXT,
    errors TEXT,
    kind TEXT NOT NULL,
    metadata TEXT NOT NULL DEFAULT '{}',
    queue TEXT NOT NULL DEFAULT 'default',
    tags TEXT NOT NULL DEFAULT '[]',
    unique_key BLOB,
    unique_states INTEGER,
    CONSTRAINT state_valid CHECK (
        state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled')
    ),
    CONSTRAINT finalized_or_finalized_at_null
        CHECK ((state IN ('cancelled', 'completed', 'discarded')) = (finalized_at IS NOT NULL)),
    CONSTRAINT max_attempts_is_positive CHECK (max_attempts > 0),
    CONSTRAINT priority_in_range CHECK (priority BETWEEN 1 AND 4),
    CONSTRAINT queue_length CHECK (length(queue) BETWEEN 1 AND 127),
    CONSTRAINT kind_length CHECK (length(kind) BETWEEN 1 AND 127)
);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL AND unique_states IS NOT NULL AND unique_states & CASE state
        WHEN 'available' THEN 1 WHEN 'cancelled' THEN 2 WHEN 'completed' THEN 4 WHEN 'discarded' THEN 8
        WHEN 'pending' THEN 16 WHEN 'retryable' THEN 32 WHEN 'running' THEN 64 WHEN 'scheduled' THEN 128
    END;

CREATE TABLE river_queue (
    name TEXT NOT NULL PRIMARY KEY,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    metadata TEXT NOT NULL DEFAULT '{}',
    paused_at TEXT,
    updated_at TEXT NOT NULL
);

-- One row per time that a task was really carried out.
CREATE TABLE demo_side_effects (
    task_id TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX demo_side_effects_task_id ON demo_side_effects (task_id);
