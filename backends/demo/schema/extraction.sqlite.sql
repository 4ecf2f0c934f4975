-- extraction on SQLite: no schemas; UUIDs, arrays and JSON are text that nothing checks.
-- Times are ISO text in UTC with microseconds, such as 2026-11-23 10:00:00.123456+00:00 (SQLite's own clock counts
-- milliseconds, hence the literal 000). The foreign keys bite only under PRAGMA foreign_keys = ON.

CREATE TABLE user_profiles (
    subject_id TEXT NOT NULL PRIMARY KEY DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    display_name TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

CREATE TABLE object_extraction_jobs (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    org_id TEXT NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    source_type TEXT NOT NULL,
    source_id TEXT,
    source_metadata TEXT DEFAULT '{}',
    extraction_config TEXT DEFAULT '{}',
    status TEXT NOT NULL DEFAULT 'pending',
    total_items INTEGER DEFAULT 0,
    processed_items INTEGER DEFAULT 0,
    successful_items INTEGER DEFAULT 0,
    failed_items INTEGER DEFAULT 0,
    discovered_types TEXT DEFAULT '[]',
    created_objects TEXT DEFAULT '[]',
    error_message TEXT,
    error_details TEXT,
    debug_info TEXT,
    started_at TEXT,
    completed_at TEXT,
    subject_id TEXT REFERENCES user_profiles (subject_id) ON DELETE SET NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    CONSTRAINT object_extraction_jobs_status_check CHECK (
        status IN ('pending', 'running', 'completed', 'requires_review', 'failed', 'cancelled')
    )
);
CREATE INDEX idx_extraction_jobs_project_status ON object_extraction_jobs (project_id, status);
CREATE INDEX idx_extraction_jobs_subject_id ON object_extraction_jobs (subject_id) WHERE subject_id IS NOT NULL;

CREATE TABLE object_extraction_logs (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    extraction_job_id TEXT NOT NULL REFERENCES object_extraction_jobs (id) ON DELETE CASCADE,
    logged_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    step_index INTEGER NOT NULL,
    operation_type TEXT NOT NULL,
    operation_name TEXT,
    status TEXT NOT NULL DEFAULT 'success',
    message TEXT,
    error_message TEXT,
    details TEXT,
    duration_ms INTEGER,
    tokens_used INTEGER
);
CREATE INDEX idx_extraction_logs_job_step ON object_extraction_logs (extraction_job_id, step_index);
