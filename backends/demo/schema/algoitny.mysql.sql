-- algoitny on MariaDB / MySQL: the system's own server. Tables as the application's ORM makes them: times are
-- DATETIME(6) without a zone that hold UTC, and no column has a default, so an INSERT has to name every one.
-- Nothing moves updated_at by itself, no CHECK lists the statuses, and no foreign key leads to a job: its problem is
-- found by (platform, problem_id), its history by (content_type_id, object_id).

CREATE TABLE django_content_type (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    app_label VARCHAR(100) NOT NULL,
    model VARCHAR(100) NOT NULL,
    UNIQUE KEY django_content_type_app_label_model_uniq (app_label, model)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE problems (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    platform VARCHAR(50) NOT NULL,
    problem_id VARCHAR(50) NOT NULL,
    title VARCHAR(255) NOT NULL,
    problem_url VARCHAR(200) NULL,
    tags JSON NOT NULL,
    solution_code LONGTEXT NULL,
    language VARCHAR(50) NULL,
    constraints LONGTEXT NULL,
    is_completed BOOL NOT NULL,
    is_deleted BOOL NOT NULL,
    deleted_at DATETIME(6) NULL,
    deleted_reason LONGTEXT NULL,
    metadata JSON NOT NULL,
    needs_review BOOL NOT NULL,
    review_notes LONGTEXT NULL,
    verified_by_admin BOOL NOT NULL,
    reviewed_at DATETIME(6) NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE KEY problems_platform_problem_id_uniq (platform, problem_id),
    KEY problems_created_at_idx (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE test_cases (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    problem_id BIGINT NOT NULL,
    input LONGTEXT NOT NULL,
    output LONGTEXT NOT NULL,
    KEY test_cases_problem_id_idx (problem_id),
    -- The ORM cascades by itself; the constraint doesn't.
    CONSTRAINT test_cases_problem_id_fk FOREIGN KEY (problem_id) REFERENCES problems (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE problem_extraction_jobs (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    platform VARCHAR(50) NOT NULL,
    problem_id VARCHAR(50) NOT NULL,
    problem_url VARCHAR(200) NOT NULL,
    problem_identifier VARCHAR(255) NOT NULL,
    status VARCHAR(20) NOT NULL COMMENT 'PENDING, PROCESSING, COMPLETED, FAILED',
    celery_task_id VARCHAR(255) NULL,
    error_message LONGTEXT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    KEY pej_platform_idx (platform),
    KEY pej_problem_id_idx (problem_id),
    KEY pej_status_idx (status),
    KEY pej_created_at_idx (created_at),
    KEY pej_status_created_idx (status, created_at DESC),
    KEY pej_platform_problem_idx (platform, problem_id),
    KEY pej_task_id_idx (celery_task_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE script_generation_jobs (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    platform VARCHAR(50) NOT NULL,
    problem_id VARCHAR(50) NOT NULL,
    title VARCHAR(255) NOT NULL,
    problem_url VARCHAR(200) NULL,
    tags JSON NOT NULL,
    solution_code LONGTEXT NULL,
    language VARCHAR(50) NOT NULL,
    constraints LONGTEXT NOT NULL,
    generator_code LONGTEXT NULL,
    status VARCHAR(20) NOT NULL COMMENT 'PENDING, PROCESSING, COMPLETED, FAILED',
    celery_task_id VARCHAR(255) NULL,
    error_message LONGTEXT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    KEY sgj_platform_idx (platform),
    KEY sgj_problem_id_idx (problem_id),
    KEY sgj_status_idx (status),
    KEY sgj_created_at_idx (created_at),
    KEY sgj_status_created_idx (status, created_at DESC),
    KEY sgj_platform_problem_idx (platform, problem_id),
    KEY sgj_task_id_idx (celery_task_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE job_progress_history (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    content_type_id INT NOT NULL,
    object_id INT UNSIGNED NOT NULL,
    step VARCHAR(100) NOT NULL,
    message LONGTEXT NOT NULL,
    status VARCHAR(20) NOT NULL COMMENT 'started, in_progress, completed, failed',
    created_at DATETIME(6) NOT NULL,
    KEY jph_created_at_idx (created_at),
    KEY jph_job_created_idx (content_type_id, object_id, created_at),
    CONSTRAINT job_progress_history_content_type_fk FOREIGN KEY (content_type_id)
        REFERENCES django_content_type (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
