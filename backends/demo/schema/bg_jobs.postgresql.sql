-- bg_jobs on PostgreSQL: the system's own server. Its own two tables as its ORM makes them, with the columns and the
-- partial index that the recovery adds, and the queue's two tables (River, as of its schema version 6) beside them.
-- The state of a run is in jobs.interval_progress, a JSON document kept as text that nothing checks.

CREATE TABLE jobs (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'active',
    type TEXT NOT NULL,
    schedule TEXT,
    "interval" TEXT,
    is_deleted BOOLEAN NOT NULL DEFAULT FALSE,
    next_run_at TIMESTAMPTZ,
    last_run_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    river_job_id BIGINT NOT NULL,
    current_interval_id VARCHAR(255),
    interval_progress TEXT,
    interval_started_at TIMESTAMP,
    enable_recovery BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE INDEX idx_jobs_user_workspace ON jobs (user_id, workspace_id, is_deleted);
CREATE INDEX idx_jobs_status_type ON jobs (status, type, is_deleted);
CREATE INDEX idx_jobs_incomplete_intervals ON jobs (type, status, is_deleted, current_interval_id)
    WHERE type = 'interval' AND status = 'active' AND is_deleted = FALSE AND current_interval_id IS NOT NULL;

-- No foreign key leads to the job.
CREATE TABLE tasks (
    id UUID PRIMARY KEY,
    job_id UUID NOT NULL,
    status TEXT NOT NULL DEFAULT 'created',
    payload TEXT NOT NULL,
    result TEXT,
    is_deleted BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX idx_tasks_job_id ON tasks (job_id, is_deleted);

CREATE TYPE river_job_state AS ENUM (
    'available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'
);

CREATE TABLE river_job (
    id BIGSERIAL PRIMARY KEY,
    state river_job_state NOT NULL DEFAULT 'available',
    attempt SMALLINT NOT NULL DEFAULT 0,
    max_attempts SMALLINT NOT NULL,
    attempted_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    finalized_at TIMESTAMPTZ,
    scheduled_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    priority SMALLINT NOT NULL DEFAULT 1,
    args JSONB NOT NULL,
    attempted_by TEXT[],
    errors JSONB[],
    kind TEXT NOT NULL,
    metadata JSONB NOT NULL DEFAULT '{}',
    queue TEXT NOT NULL DEFAULT 'default',
    tags VARCHAR(255)[] NOT NULL DEFAULT '{}',
    unique_key BYTEA,
    unique_states BIT(8),
    CONSTRAINT finalized_or_finalized_at_null
        CHECK ((state IN ('cancelled', 'completed', 'discarded')) = (finalized_at IS NOT NULL)),
    CONSTRAINT max_attempts_is_positive CHECK (max_attempts > 0),
    CONSTRAINT priority_in_range CHECK (priority BETWEEN 1 AND 4),
    CONSTRAINT queue_length CHECK (char_length(queue) BETWEEN 1 AND 127),
    CONSTRAINT kind_length CHECK (char_length(kind) BETWEEN 1 AND 127)
);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE INDEX river_job_args_index ON river_job USING gin (args);
CREATE INDEX river_job_metadata_index ON river_job USING gin (metadata);

-- Bit 7 stands for the first state by alphabet, bit 0 for the last.
CREATE FUNCTION river_job_state_in_bitmask(bitmask BIT(8), state river_job_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE
AS $$
    SELECT get_bit(bitmask, CASE state
        WHEN 'available' THEN 7 WHEN 'cancelled' THEN 6 WHEN 'completed' THEN 5 WHEN 'discarded' THEN 4
        WHEN 'pending' THEN 3 WHEN 'retryable' THEN 2 WHEN 'running' THEN 1 WHEN 'scheduled' THEN 0
    END) = 1
$$;
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL AND unique_states IS NOT NULL AND river_job_state_in_bitmask(unique_states, state);

CREATE TABLE river_queue (
    name TEXT PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    metadata JSONB NOT NULL DEFAULT '{}',
    paused_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ NOT NULL
);
