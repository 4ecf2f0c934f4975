-- algoitny on SQLite: times are naive UTC text with microseconds, such as 2026-11-23 10:00:00.123000; JSON is text
-- with a check. No column has a default, nothing moves updated_at by itself, and no foreign key leads to a job:
-- its problem is found by (platform, problem_id), its history by (content_type_id, object_id).
-- AUTOINCREMENT, as on the server: the id of a deleted row is never given out again.

CREATE TABLE django_content_type (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app_label VARCHAR(100) NOT NULL,
    model VARCHAR(100) NOT NULL
);
CREATE UNIQUE INDEX django_content_type_app_label_model_uniq ON django_content_type (app_label, model);

CREATE TABLE problems (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    platform VARCHAR(50) NOT NULL,
    problem_id VARCHAR(50) NOT NULL,
    title VARCHAR(255) NOT NULL,
    problem_url VARCHAR(200),
    tags TEXT NOT NULL CHECK (json_valid(tags)),
    solution_code TEXT,
    language VARCHAR(50),
    constraints TEXT,
    is_completed BOOLEAN NOT NULL,
    is_deleted BOOLEAN NOT NULL,
    deleted_at TEXT,
    deleted_reason TEXT,
    metadata TEXT NOT NULL CHECK (json_valid(metadata)),
    needs_review BOOLEAN NOT NULL,
    review_notes TEXT,
    verified_by_admin BOOLEAN NOT NULL,
    reviewed_at TEXT,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX problems_platform_problem_id_uniq ON problems (platform, problem_id);
CREATE INDEX problems_created_at_idx ON problems (created_at);

CREATE TABLE test_cases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    problem_id BIGINT NOT NULL,
    input TEXT NOT NULL,
    output TEXT NOT NULL,
    -- The ORM cascades by itself; the constraint doesn't.
    CONSTRAINT test_cases_problem_id_fk FOREIGN KEY (problem_id)
        REFERENCES problems (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX test_cases_problem_id_idx ON test_cases (problem_id);

CREATE TABLE problem_extraction_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    platform VARCHAR(50) NOT NULL,
    problem_id VARCHAR(50) NOT NULL,
    problem_url VARCHAR(200) NOT NULL,
    problem_identifier VARCHAR(255) NOT NULL,
    status VARCHAR(20) NOT NULL,
    celery_task_id VARCHAR(255),
    error_message TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX pej_platform_idx ON problem_extraction_jobs (platform);
CREATE INDEX pej_problem_id_idx ON problem_extraction_jobs (problem_id);
CREATE INDEX pej_status_idx ON problem_extraction_jobs (status);
CREATE INDEX pej_created_at_idx ON problem_extraction_jobs (created_at);
CREATE INDEX pej_status_created_idx ON problem_extraction_jobs (status, created_at DESC);
CREATE INDEX pej_platform_problem_idx ON problem_extraction_jobs (platform, problem_id);
CREATE INDEX pej_task_id_idx ON problem_extraction_jobs (celery_task_id);

CREATE TABLE script_generation_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    platform VARCHAR(50) NOT NULL,
    problem_id VARCHAR(50) NOT NULL,
    title VARCHAR(255) NOT NULL,
    problem_url VARCHAR(200),
    tags TEXT NOT NULL CHECK (json_valid(tags)),
    solution_code TEXT,
    language VARCHAR(50) NOT NULL,
    constraints TEXT NOT NULL,
    generator_code TEXT,
    status VARCHAR(20) NOT NULL,
    celery_task_id VARCHAR(255),
    error_message TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX sgj_platform_idx ON script_generation_jobs (platform);
CREATE INDEX sgj_problem_id_idx ON script_generation_jobs (problem_id);
CREATE INDEX sgj_status_idx ON script_generation_jobs (status);
CREATE INDEX sgj_created_at_idx ON script_generation_jobs (created_at);
CREATE INDEX sgj_status_created_idx ON script_generation_jobs (status, created_at DESC);
CREATE INDEX sgj_platform_problem_idx ON script_generation_jobs (platform, problem_id);
CREATE INDEX sgj_task_id_idx ON script_generation_jobs (celery_task_id);

CREATE TABLE job_progress_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_type_id INTEGER NOT NULL,
    object_id INTEGER NOT NULL CHECK (object_id >= 0),
    step VARCHAR(100) NOT NULL,
    message TEXT NOT NULL,
    status VARCHAR(20) NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT job_progress_history_content_type_fk FOREIGN KEY (content_type_id)
        REFERENCES django_content_type (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX jph_created_at_idx ON job_progress_history (created_at);
CREATE INDEX jph_job_created_idx ON job_progress_history (content_type_id, object_id, created_at);
