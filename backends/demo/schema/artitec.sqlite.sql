-- artitec on SQLite: times are naive UTC text such as 2026-11-23 10:00:00, JSON is text that nothing checks.
-- The foreign keys bite only in a connection that has run PRAGMA foreign_keys = ON.
-- AUTOINCREMENT, as on the server: the id of a deleted row is never given out again.

CREATE TABLE collection_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id VARCHAR(50) NOT NULL,
    entity_type VARCHAR(50) NOT NULL,
    entity_id BIGINT,
    job_type VARCHAR(50) NOT NULL,
    parent_entity_type VARCHAR(50),
    parent_entity_id BIGINT,
    status VARCHAR(50) NOT NULL DEFAULT 'pending',
    priority INTEGER DEFAULT 0,
    search_query TEXT,
    target_url VARCHAR(1024),
    search_filters TEXT,
    items_found INTEGER DEFAULT 0,
    changes_detected INTEGER DEFAULT 0,
    new_entities_found INTEGER DEFAULT 0,
    error_message TEXT,
    initiated_by VARCHAR(50),
    started_at TEXT,
    completed_at TEXT,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX ix_collection_jobs_job_id ON collection_jobs (job_id);
CREATE INDEX ix_collection_jobs_entity_type ON collection_jobs (entity_type);
CREATE INDEX ix_collection_jobs_entity_id ON collection_jobs (entity_id);
CREATE INDEX ix_collection_jobs_job_type ON collection_jobs (job_type);
CREATE INDEX ix_collection_jobs_status ON collection_jobs (status);

CREATE TABLE collection_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id VARCHAR(50) NOT NULL REFERENCES collection_jobs (job_id) ON DELETE CASCADE,
    entity_type VARCHAR(50) NOT NULL,
    entity_id BIGINT,
    is_new_entity BOOLEAN NOT NULL DEFAULT 0,
    proposed_entity_data TEXT,
    field_name VARCHAR(100),
    old_value TEXT,
    new_value TEXT,
    change_type VARCHAR(50) NOT NULL,
    status VARCHAR(50) NOT NULL DEFAULT 'pending',
    confidence FLOAT NOT NULL DEFAULT 1.0,
    source_url VARCHAR(1024),
    reviewed_by VARCHAR(50),
    reviewed_at TEXT,
    review_notes TEXT,
    applied_at TEXT,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_collection_changes_job_id ON collection_changes (job_id);
CREATE INDEX ix_collection_changes_entity_type ON collection_changes (entity_type);
CREATE INDEX ix_collection_changes_entity_id ON collection_changes (entity_id);
CREATE INDEX ix_collection_changes_is_new_entity ON collection_changes (is_new_entity);
CREATE INDEX ix_collection_changes_status ON collection_changes (status);

CREATE TABLE collection_job_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id VARCHAR(50) NOT NULL REFERENCES collection_jobs (job_id) ON DELETE CASCADE,
    timestamp TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    level VARCHAR(20) NOT NULL DEFAULT 'INFO',
    message TEXT NOT NULL,
    log_data TEXT,
    stage VARCHAR(50)
);
CREATE INDEX ix_collection_job_logs_job_id ON collection_job_logs (job_id);
CREATE INDEX ix_collection_job_logs_timestamp ON collection_job_logs (timestamp);

CREATE TABLE entity_matches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    discovered_entity_type VARCHAR(50) NOT NULL,
    discovered_name VARCHAR(255) NOT NULL,
    discovered_location VARCHAR(255),
    discovered_data TEXT,
    matched_entity_type VARCHAR(50),
    matched_entity_id BIGINT,
    match_confidence FLOAT,
    match_status VARCHAR(50) NOT NULL DEFAULT 'pending',
    matched_by VARCHAR(50),
    match_method VARCHAR(50),
    match_notes TEXT,
    job_id VARCHAR(50) REFERENCES collection_jobs (job_id) ON DELETE SET NULL,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_entity_matches_job_id ON entity_matches (job_id);
CREATE INDEX ix_entity_matches_match_status ON entity_matches (match_status);
