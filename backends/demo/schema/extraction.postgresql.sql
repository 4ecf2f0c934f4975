-- extraction on PostgreSQL: the system's own server. Two schemas, zoned times with microseconds.
-- There is no retry_count, no trigger that maintains updated_at, and no index on (status, updated_at).

CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS kb;

CREATE TABLE core.user_profiles (
    subject_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    display_name TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE kb.projects (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE kb.object_extraction_jobs (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id UUID NOT NULL,
    project_id UUID NOT NULL REFERENCES kb.projects (id) ON DELETE CASCADE,
    source_type TEXT NOT NULL,
    source_id TEXT,
    source_metadata JSONB DEFAULT '{}',
    extraction_config JSONB DEFAULT '{}',
    status TEXT NOT NULL DEFAULT 'pending',
    total_items INT DEFAULT 0,
    processed_items INT DEFAULT 0,
    successful_items INT DEFAULT 0,
    failed_items INT DEFAULT 0,
    discovered_types TEXT[] DEFAULT '{}',
    created_objects UUID[] DEFAULT '{}',
    error_message TEXT,
    error_details JSONB,
    debug_info JSONB,
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    subject_id UUID REFERENCES core.user_profiles (subject_id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT object_extraction_jobs_status_check CHECK (
        status IN ('pending', 'running', 'completed', 'requires_review', 'failed', 'cancelled')
    )
);
CREATE INDEX idx_extraction_jobs_project_status ON kb.object_extraction_jobs (project_id, status);
CREATE INDEX idx_extraction_jobs_subject_id ON kb.object_extraction_jobs (subject_id)
    WHERE subject_id IS NOT NULL;
CREATE INDEX idx_object_extraction_jobs_debug_info ON kb.object_extraction_jobs USING gin (debug_info)
    WHERE debug_info IS NOT NULL;

CREATE TABLE kb.object_extraction_logs (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    extraction_job_id UUID NOT NULL REFERENCES kb.object_extraction_jobs (id) ON DELETE CASCADE,
    logged_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    step_index INT NOT NULL,
    operation_type TEXT NOT NULL,
    operation_name TEXT,
    status TEXT NOT NULL DEFAULT 'success',
    message TEXT,
    error_message TEXT,
    details JSONB,
    duration_ms INT,
    tokens_used INT
);
CREATE INDEX idx_extraction_logs_job_step ON kb.object_extraction_logs (extraction_job_id, step_index);
