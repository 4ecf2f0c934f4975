-- bg_jobs on MariaDB / MySQL: UUIDs as text, arrays and JSONB as JSON, a unique key's states as a number of eight bits.
-- TIMESTAMP(6) holds the instant and shows it in the session's time zone; interval_started_at is UTC without a zone.
-- There are no partial indexes: one has all rows, the unique one goes by a column that is NULL where it must not bite.

CREATE TABLE jobs (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    user_id VARCHAR(191) NOT NULL,
    workspace_id VARCHAR(191) NOT NULL,
    payload LONGTEXT NOT NULL,
    status VARCHAR(32) NOT NULL DEFAULT 'active',
    type VARCHAR(32) NOT NULL,
    schedule LONGTEXT NULL,
    `interval` LONGTEXT NULL,
    is_deleted BOOL NOT NULL DEFAULT 0,
    next_run_at TIMESTAMP(6) NULL DEFAULT NULL,
    last_run_at TIMESTAMP(6) NULL DEFAULT NULL,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    version BIGINT NOT NULL,
    river_job_id BIGINT NOT NULL,
    current_interval_id VARCHAR(255) NULL,
    interval_progress LONGTEXT NULL,
    interval_started_at DATETIME(6) NULL,
    enable_recovery BOOL NOT NULL DEFAULT 1,
    KEY idx_jobs_user_workspace (user_id, workspace_id, is_deleted),
    KEY idx_jobs_status_type (status, type, is_deleted),
    KEY idx_jobs_incomplete_intervals (type, status, is_deleted, current_interval_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- No foreign key leads to the job.
CREATE TABLE tasks (
    id CHAR(36) NOT NULL PRIMARY KEY,
    job_id CHAR(36) NOT NULL,
    status VARCHAR(32) NOT NULL DEFAULT 'created',
    payload LONGTEXT NOT NULL,
    result LONGTEXT NULL,
    is_deleted BOOL NOT NULL DEFAULT 0,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    version BIGINT NOT NULL,
    KEY idx_tasks_job_id (job_id, is_deleted)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE river_job (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    state VARCHAR(16) NOT NULL DEFAULT 'available',
    attempt SMALLINT NOT NULL DEFAULT 0,
    max_attempts SMALLINT NOT NULL,
    attempted_at TIMESTAMP(6) NULL DEFAULT NULL,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    finalized_at TIMESTAMP(6) NULL DEFAULT NULL,
    scheduled_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    priority SMALLINT NOT NULL DEFAULT 1,
    args JSON NOT NULL,
    attempted_by JSON NULL,
    errors JSON NULL,
    kind VARCHAR(127) NOT NULL,
    metadata JSON NOT NULL DEFAULT ('{}'),
    queue VARCHAR(127) NOT NULL DEFAULT 'default',
    tags JSON NOT NULL DEFAULT ('[]'),
    unique_key VARBINARY(255) NULL,
    unique_states TINYINT UNSIGNED NULL,
    unique_now VARBINARY(255) GENERATED ALWAYS AS (
        CASE WHEN unique_states & CASE state
            WHEN 'available' THEN 1 WHEN 'cancelled' THEN 2 WHEN 'completed' THEN 4 WHEN 'discarded' THEN 8
            WHEN 'pending' THEN 16 WHEN 'retryable' THEN 32 WHEN 'running' THEN 64 WHEN 'scheduled' THEN 128
        END THEN unique_key END
    ) STORED,
    UNIQUE KEY river_job_unique_idx (unique_now),
    KEY river_job_kind (kind),
    KEY river_job_state_and_finalized_at_index (state, finalized_at),
    KEY river_job_prioritized_fetching_index (state, queue, priority, scheduled_at, id),
    CONSTRAINT state_valid CHECK (
        state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled')
    ),
    CONSTRAINT finalized_or_finalized_at_null
        CHECK ((state IN ('cancelled', 'completed', 'discarded')) = (finalized_at IS NOT NULL)),
    CONSTRAINT max_attempts_is_positive CHECK (max_attempts > 0),
    CONSTRAINT priority_in_range CHECK (priority BETWEEN 1 AND 4),
    CONSTRAINT queue_length CHECK (char_length(queue) > 0),
    CONSTRAINT kind_length CHECK (char_length(kind) > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE river_queue (
    name VARCHAR(191) NOT NULL PRIMARY KEY,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    metadata JSON NOT NULL DEFAULT ('{}'),
    paused_at TIMESTAMP(6) NULL DEFAULT NULL,
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
