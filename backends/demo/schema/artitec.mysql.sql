-- artitec on MariaDB / MySQL: the system's own server.
-- TIMESTAMP columns hold the instant and show it in the session's time zone, in whole seconds; the application
-- writes UTC through a session whose zone is UTC. updated_at moves by itself on every UPDATE.

CREATE TABLE collection_jobs (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job_id VARCHAR(50) NOT NULL,
    entity_type VARCHAR(50) NOT NULL COMMENT 'builder, community, property, sales_rep',
    entity_id BIGINT UNSIGNED NULL COMMENT 'NULL for a discovery',
    job_type VARCHAR(50) NOT NULL COMMENT 'update, discovery, inventory',
    parent_entity_type VARCHAR(50) NULL,
    parent_entity_id BIGINT UNSIGNED NULL,
    status VARCHAR(50) NOT NULL DEFAULT 'pending' COMMENT 'no CHECK in the original',
    priority INT DEFAULT 0 COMMENT 'higher is more urgent',
    search_query TEXT NULL,
    target_url VARCHAR(1024) NULL,
    search_filters JSON NULL,
    items_found INT DEFAULT 0,
    changes_detected INT DEFAULT 0,
    new_entities_found INT DEFAULT 0,
    error_message TEXT NULL,
    initiated_by VARCHAR(50) NULL,
    started_at TIMESTAMP NULL DEFAULT NULL,
    completed_at TIMESTAMP NULL DEFAULT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    UNIQUE KEY ix_collection_jobs_job_id (job_id),
    KEY ix_collection_jobs_entity_type (entity_type),
    KEY ix_collection_jobs_entity_id (entity_id),
    KEY ix_collection_jobs_job_type (job_type),
    KEY ix_collection_jobs_status (status)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE collection_changes (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job_id VARCHAR(50) NOT NULL,
    entity_type VARCHAR(50) NOT NULL,
    entity_id BIGINT UNSIGNED NULL,
    is_new_entity BOOL NOT NULL DEFAULT 0,
    proposed_entity_data JSON NULL,
    field_name VARCHAR(100) NULL,
    old_value TEXT NULL,
    new_value TEXT NULL,
    change_type VARCHAR(50) NOT NULL COMMENT 'added, modified, removed',
    status VARCHAR(50) NOT NULL DEFAULT 'pending' COMMENT 'pending, approved, rejected, applied',
    confidence FLOAT NOT NULL DEFAULT 1.0,
    source_url VARCHAR(1024) NULL,
    reviewed_by VARCHAR(50) NULL,
    reviewed_at TIMESTAMP NULL DEFAULT NULL,
    review_notes TEXT NULL,
    applied_at TIMESTAMP NULL DEFAULT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    KEY ix_collection_changes_job_id (job_id),
    KEY ix_collection_changes_entity_type (entity_type),
    KEY ix_collection_changes_entity_id (entity_id),
    KEY ix_collection_changes_is_new_entity (is_new_entity),
    KEY ix_collection_changes_status (status),
    CONSTRAINT fk_collection_changes_job FOREIGN KEY (job_id)
        REFERENCES collection_jobs (job_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE collection_job_logs (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job_id VARCHAR(50) NOT NULL,
    timestamp TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    level VARCHAR(20) NOT NULL DEFAULT 'INFO' COMMENT 'DEBUG, INFO, SUCCESS, WARNING, ERROR',
    message TEXT NOT NULL,
    log_data JSON NULL,
    stage VARCHAR(50) NULL,
    KEY ix_collection_job_logs_job_id (job_id),
    KEY ix_collection_job_logs_timestamp (timestamp),
    CONSTRAINT fk_collection_job_logs_job FOREIGN KEY (job_id)
        REFERENCES collection_jobs (job_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE entity_matches (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    discovered_entity_type VARCHAR(50) NOT NULL,
    discovered_name VARCHAR(255) NOT NULL,
    discovered_location VARCHAR(255) NULL,
    discovered_data JSON NULL,
    matched_entity_type VARCHAR(50) NULL,
    matched_entity_id BIGINT UNSIGNED NULL,
    match_confidence FLOAT NULL,
    match_status VARCHAR(50) NOT NULL DEFAULT 'pending' COMMENT 'pending, confirmed, rejected, merged',
    matched_by VARCHAR(50) NULL,
    match_method VARCHAR(50) NULL,
    match_notes TEXT NULL,
    job_id VARCHAR(50) NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    KEY ix_entity_matches_job_id (job_id),
    KEY ix_entity_matches_match_status (match_status),
    CONSTRAINT fk_entity_matches_job FOREIGN KEY (job_id)
        REFERENCES collection_jobs (job_id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
