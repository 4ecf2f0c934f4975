-- extraction on MariaDB / MySQL: no schemas, UUIDs as text, arrays and JSONB as JSON.
-- TIMESTAMP(6) holds the instant and shows it in the session's time zone.

CREATE TABLE user_profiles (
    subject_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    display_name TEXT NULL,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE projects (
    id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    org_id CHAR(36) NOT NULL,
    name VARCHAR(255) NOT NULL,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE object_extraction_jobs (
    id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    org_id CHAR(36) NOT NULL,
    project_id CHAR(36) NOT NULL,
    source_type VARCHAR(50) NOT NULL,
    source_id LONGTEXT NULL,
    source_metadata JSON DEFAULT ('{}'),
    extraction_config JSON DEFAULT ('{}'),
    status VARCHAR(32) NOT NULL DEFAULT 'pending',
    total_items INT DEFAULT 0,
    processed_items INT DEFAULT 0,
    successful_items INT DEFAULT 0,
    failed_items INT DEFAULT 0,
    discovered_types JSON DEFAULT ('[]'),
    created_objects JSON DEFAULT ('[]'),
    error_message LONGTEXT NULL,
    error_details JSON NULL,
    debug_info JSON NULL,
    started_at TIMESTAMP(6) NULL DEFAULT NULL,
    completed_at TIMESTAMP(6) NULL DEFAULT NULL,
    subject_id CHAR(36) NULL,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    KEY idx_extraction_jobs_project_status (project_id, status),
    KEY idx_extraction_jobs_subject_id (subject_id),
    CONSTRAINT fk_extraction_jobs_project FOREIGN KEY (project_id)
        REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_extraction_jobs_subject FOREIGN KEY (subject_id)
        REFERENCES user_profiles (subject_id) ON DELETE SET NULL,
    CONSTRAINT object_extraction_jobs_status_check CHECK (
        status IN ('pending', 'running', 'completed', 'requires_review', 'failed', 'cancelled')
    )
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE object_extraction_logs (
    id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    extraction_job_id CHAR(36) NOT NULL,
    logged_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    step_index INT NOT NULL,
    operation_type VARCHAR(100) NOT NULL,
    operation_name VARCHAR(255) NULL,
    status VARCHAR(32) NOT NULL DEFAULT 'success',
    message LONGTEXT NULL,
    error_message LONGTEXT NULL,
    details JSON NULL,
    duration_ms INT NULL,
    tokens_used INT NULL,
    KEY idx_extraction_logs_job_step (extraction_job_id, step_index),
    CONSTRAINT fk_extraction_logs_job FOREIGN KEY (extraction_job_id)
        REFERENCES object_extraction_jobs (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
