-- feedlyai on MariaDB / MySQL: UUIDs as text, JSONB as JSON. TIMESTAMP(6) holds the instant and shows it in the session's
-- time zone. There are no triggers here: a MySQL trigger may not write to a table that its statement reads, so an UPDATE
-- of variants which looks at their job would be refused.

CREATE TABLE tenants (
    tenant_id VARCHAR(255) NOT NULL PRIMARY KEY,
    display_name VARCHAR(255),
    uid VARCHAR(255) UNIQUE,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE stores (
    store_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    title VARCHAR(500),
    body LONGTEXT,
    store_category LONGTEXT,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE jobs (
    job_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    tenant_id VARCHAR(255),
    store_id CHAR(36),
    status VARCHAR(64) DEFAULT 'queued',
    current_step VARCHAR(64),
    version LONGTEXT,
    retry_count INT DEFAULT 0,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT jobs_store_id_fkey FOREIGN KEY (store_id) REFERENCES stores (store_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_jobs_tenant_id ON jobs (tenant_id);
CREATE INDEX idx_jobs_store_id ON jobs (store_id);
CREATE INDEX idx_jobs_status ON jobs (status);
CREATE INDEX idx_jobs_current_step ON jobs (current_step);
CREATE INDEX idx_jobs_created_at ON jobs (created_at);
CREATE INDEX idx_jobs_retry_count ON jobs (retry_count);
CREATE INDEX idx_jobs_status_retry_count ON jobs (status, retry_count);

CREATE TABLE image_assets (
    image_asset_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    image_type VARCHAR(50),
    image_url LONGTEXT NOT NULL,
    width INT,
    height INT,
    tenant_id VARCHAR(255),
    job_id CHAR(36),
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT image_assets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT image_assets_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_image_assets_job_id ON image_assets (job_id);

CREATE TABLE job_inputs (
    job_id CHAR(36) NOT NULL PRIMARY KEY,
    img_asset_id CHAR(36),
    desc_kor LONGTEXT,
    desc_eng LONGTEXT,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT job_inputs_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id),
    CONSTRAINT job_inputs_img_asset_id_fkey FOREIGN KEY (img_asset_id) REFERENCES image_assets (image_asset_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE jobs_variants (
    job_variants_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    job_id CHAR(36),
    img_asset_id CHAR(36),
    creation_order INT NOT NULL,
    selected BOOL DEFAULT 0,
    status VARCHAR(64) DEFAULT 'queued',
    current_step VARCHAR(64) DEFAULT 'vlm_analyze',
    retry_count INT DEFAULT 0,
    overlaid_img_asset_id CHAR(36),
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT jobs_variants_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id),
    CONSTRAINT jobs_variants_img_asset_id_fkey FOREIGN KEY (img_asset_id) REFERENCES image_assets (image_asset_id),
    CONSTRAINT jobs_variants_overlaid_img_asset_id_fkey FOREIGN KEY (overlaid_img_asset_id) REFERENCES image_assets (image_asset_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_jobs_variants_job_id ON jobs_variants (job_id);
CREATE INDEX idx_jobs_variants_img_asset_id ON jobs_variants (img_asset_id);
CREATE INDEX idx_jobs_variants_creation_order ON jobs_variants (creation_order);
CREATE INDEX idx_jobs_variants_selected ON jobs_variants (selected);
CREATE INDEX idx_jobs_variants_status ON jobs_variants (status);
CREATE INDEX idx_jobs_variants_current_step ON jobs_variants (current_step);
CREATE INDEX idx_jobs_variants_job_id_status ON jobs_variants (job_id, status);
CREATE INDEX idx_jobs_variants_created_at ON jobs_variants (created_at);
CREATE INDEX idx_jobs_variants_overlaid_img_asset_id ON jobs_variants (overlaid_img_asset_id);
CREATE INDEX idx_jobs_variants_retry_count ON jobs_variants (retry_count);
CREATE INDEX idx_jobs_variants_status_retry_count ON jobs_variants (status, retry_count);
CREATE INDEX idx_jobs_variants_job_id_retry_count ON jobs_variants (job_id, retry_count);

CREATE TABLE gen_runs (
    run_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    job_id CHAR(36),
    tenant_id VARCHAR(255),
    src_asset_id CHAR(36),
    status VARCHAR(64) DEFAULT 'queued',
    latency_ms DOUBLE,
    finished_at TIMESTAMP(6) NULL DEFAULT NULL,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT gen_runs_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id),
    CONSTRAINT gen_runs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
    CONSTRAINT gen_runs_src_asset_id_fkey FOREIGN KEY (src_asset_id) REFERENCES image_assets (image_asset_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_gen_runs_job_id ON gen_runs (job_id);

CREATE TABLE gen_variants (
    gen_variant_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    run_id CHAR(36),
    canvas_asset_id CHAR(36),
    prompt_en LONGTEXT,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT gen_variants_run_id_fkey FOREIGN KEY (run_id) REFERENCES gen_runs (run_id),
    CONSTRAINT gen_variants_canvas_asset_id_fkey FOREIGN KEY (canvas_asset_id) REFERENCES image_assets (image_asset_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE planner_proposals (
    proposal_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    image_asset_id CHAR(36),
    prompt LONGTEXT,
    layout JSON,
    latency_ms DOUBLE,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT planner_proposals_image_asset_id_fkey FOREIGN KEY (image_asset_id) REFERENCES image_assets (image_asset_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE overlay_layouts (
    overlay_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    proposal_id CHAR(36),
    job_variants_id CHAR(36),
    layout JSON,
    latency_ms DOUBLE,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT overlay_layouts_proposal_id_fkey FOREIGN KEY (proposal_id) REFERENCES planner_proposals (proposal_id),
    CONSTRAINT overlay_layouts_job_variants_id_fkey FOREIGN KEY (job_variants_id) REFERENCES jobs_variants (job_variants_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_overlay_layouts_job_variants_id ON overlay_layouts (job_variants_id);

CREATE TABLE detections (
    detection_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    image_asset_id CHAR(36),
    job_id CHAR(36),
    box JSON,
    label VARCHAR(255),
    score DECIMAL(5, 4),
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT detections_image_asset_id_fkey FOREIGN KEY (image_asset_id) REFERENCES image_assets (image_asset_id),
    CONSTRAINT detections_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_detections_job_id ON detections (job_id);

CREATE TABLE yolo_runs (
    yolo_run_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    job_id CHAR(36) UNIQUE,
    image_asset_id CHAR(36),
    model_name VARCHAR(255),
    detection_count INT DEFAULT 0,
    latency_ms DOUBLE,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT yolo_runs_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id),
    CONSTRAINT yolo_runs_image_asset_id_fkey FOREIGN KEY (image_asset_id) REFERENCES image_assets (image_asset_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE vlm_traces (
    vlm_trace_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    job_id CHAR(36),
    job_variants_id CHAR(36),
    provider LONGTEXT,
    operation_type LONGTEXT,
    request JSON,
    response JSON,
    latency_ms DOUBLE,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT vlm_traces_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id),
    CONSTRAINT vlm_traces_job_variants_id_fkey FOREIGN KEY (job_variants_id) REFERENCES jobs_variants (job_variants_id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_vlm_traces_job_id ON vlm_traces (job_id);
CREATE INDEX idx_vlm_traces_job_variants_id ON vlm_traces (job_variants_id);

CREATE TABLE llm_traces (
    llm_trace_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    job_id CHAR(36),
    provider LONGTEXT,
    operation_type LONGTEXT,
    request JSON,
    response JSON,
    latency_ms DOUBLE,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT llm_traces_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_llm_traces_job_id ON llm_traces (job_id);

CREATE TABLE evaluations (
    evaluation_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    job_id CHAR(36),
    overlay_id CHAR(36),
    evaluation_type VARCHAR(50) NOT NULL,
    metrics JSON NOT NULL,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT evaluations_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id),
    CONSTRAINT evaluations_overlay_id_fkey FOREIGN KEY (overlay_id) REFERENCES overlay_layouts (overlay_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_evaluations_job_id ON evaluations (job_id);

CREATE TABLE txt_ad_copy_generations (
    ad_copy_gen_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    job_id CHAR(36) NOT NULL,
    generation_stage VARCHAR(50) NOT NULL,
    ad_copy_eng LONGTEXT,
    status VARCHAR(64) DEFAULT 'queued',
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT txt_ad_copy_generations_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_txt_ad_copy_generations_job_id ON txt_ad_copy_generations (job_id);

CREATE TABLE instagram_feeds (
    instagram_feed_id CHAR(36) NOT NULL PRIMARY KEY DEFAULT (UUID()),
    job_id CHAR(36),
    overlay_id CHAR(36),
    tenant_id VARCHAR(255) NOT NULL,
    instagram_ad_copy LONGTEXT NOT NULL,
    hashtags LONGTEXT NOT NULL,
    latency_ms DOUBLE,
    pk INT NOT NULL AUTO_INCREMENT UNIQUE,
    created_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT instagram_feeds_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id),
    CONSTRAINT instagram_feeds_overlay_id_fkey FOREIGN KEY (overlay_id) REFERENCES overlay_layouts (overlay_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE INDEX idx_instagram_feeds_job_id ON instagram_feeds (job_id);
