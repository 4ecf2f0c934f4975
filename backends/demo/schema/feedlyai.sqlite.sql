-- feedlyai on SQLite: UUIDs and JSON are text that nothing checks. Times are ISO text in UTC with microseconds, such as
-- 2026-11-23 10:00:00.123456+00:00. The foreign keys bite only under PRAGMA foreign_keys = ON.
-- There is no NOTIFY; the trigger that brings variants and job together is here.

CREATE TABLE tenants (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id VARCHAR(255) NOT NULL UNIQUE,
    display_name VARCHAR(255),
    uid VARCHAR(255) UNIQUE,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

CREATE TABLE stores (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    store_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    title VARCHAR(500),
    body TEXT,
    store_category TEXT,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

CREATE TABLE jobs (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    tenant_id VARCHAR(255) REFERENCES tenants (tenant_id),
    store_id TEXT REFERENCES stores (store_id),
    status TEXT DEFAULT 'queued',
    current_step TEXT,
    version TEXT,
    retry_count INTEGER DEFAULT 0,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_jobs_tenant_id ON jobs (tenant_id);
CREATE INDEX idx_jobs_store_id ON jobs (store_id);
CREATE INDEX idx_jobs_status ON jobs (status);
CREATE INDEX idx_jobs_current_step ON jobs (current_step);
CREATE INDEX idx_jobs_created_at ON jobs (created_at);
CREATE INDEX idx_jobs_retry_count ON jobs (retry_count);
CREATE INDEX idx_jobs_status_retry_count ON jobs (status, retry_count);

CREATE TABLE image_assets (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    image_asset_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    image_type VARCHAR(50),
    image_url TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    tenant_id VARCHAR(255) REFERENCES tenants (tenant_id),
    job_id TEXT REFERENCES jobs (job_id),
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_image_assets_job_id ON image_assets (job_id);

CREATE TABLE job_inputs (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL UNIQUE REFERENCES jobs (job_id),
    img_asset_id TEXT REFERENCES image_assets (image_asset_id),
    desc_kor TEXT,
    desc_eng TEXT,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

CREATE TABLE jobs_variants (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    job_variants_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    job_id TEXT REFERENCES jobs (job_id),
    img_asset_id TEXT REFERENCES image_assets (image_asset_id),
    creation_order INTEGER NOT NULL,
    selected BOOLEAN DEFAULT 0,
    status TEXT DEFAULT 'queued',
    current_step TEXT DEFAULT 'vlm_analyze',
    retry_count INTEGER DEFAULT 0,
    overlaid_img_asset_id TEXT REFERENCES image_assets (image_asset_id),
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
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
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    job_id TEXT REFERENCES jobs (job_id),
    tenant_id VARCHAR(255) REFERENCES tenants (tenant_id),
    src_asset_id TEXT REFERENCES image_assets (image_asset_id),
    status TEXT DEFAULT 'queued',
    latency_ms REAL,
    finished_at TEXT,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_gen_runs_job_id ON gen_runs (job_id);

CREATE TABLE gen_variants (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    gen_variant_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    run_id TEXT REFERENCES gen_runs (run_id),
    canvas_asset_id TEXT REFERENCES image_assets (image_asset_id),
    prompt_en TEXT,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

CREATE TABLE planner_proposals (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    proposal_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    image_asset_id TEXT REFERENCES image_assets (image_asset_id),
    prompt TEXT,
    layout TEXT,
    latency_ms REAL,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

CREATE TABLE overlay_layouts (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    overlay_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    proposal_id TEXT REFERENCES planner_proposals (proposal_id),
    job_variants_id TEXT REFERENCES jobs_variants (job_variants_id),
    layout TEXT,
    latency_ms REAL,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_overlay_layouts_job_variants_id ON overlay_layouts (job_variants_id);

CREATE TABLE detections (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    detection_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    image_asset_id TEXT REFERENCES image_assets (image_asset_id),
    job_id TEXT REFERENCES jobs (job_id),
    box TEXT,
    label VARCHAR(255),
    score NUMERIC,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_detections_job_id ON detections (job_id);

CREATE TABLE yolo_runs (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    yolo_run_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    job_id TEXT UNIQUE REFERENCES jobs (job_id),
    image_asset_id TEXT REFERENCES image_assets (image_asset_id),
    model_name VARCHAR(255),
    detection_count INTEGER DEFAULT 0,
    latency_ms REAL,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

CREATE TABLE vlm_traces (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    vlm_trace_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    job_id TEXT REFERENCES jobs (job_id),
    job_variants_id TEXT REFERENCES jobs_variants (job_variants_id) ON DELETE SET NULL,
    provider TEXT,
    operation_type TEXT,
    request TEXT,
    response TEXT,
    latency_ms REAL,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_vlm_traces_job_id ON vlm_traces (job_id);
CREATE INDEX idx_vlm_traces_job_variants_id ON vlm_traces (job_variants_id);

CREATE TABLE llm_traces (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    llm_trace_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    job_id TEXT REFERENCES jobs (job_id),
    provider TEXT,
    operation_type TEXT,
    request TEXT,
    response TEXT,
    latency_ms REAL,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_llm_traces_job_id ON llm_traces (job_id);

CREATE TABLE evaluations (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    evaluation_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    job_id TEXT REFERENCES jobs (job_id),
    overlay_id TEXT REFERENCES overlay_layouts (overlay_id),
    evaluation_type VARCHAR(50) NOT NULL,
    metrics TEXT NOT NULL,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_evaluations_job_id ON evaluations (job_id);

CREATE TABLE txt_ad_copy_generations (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    ad_copy_gen_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    job_id TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
    generation_stage VARCHAR(50) NOT NULL,
    ad_copy_eng TEXT,
    status TEXT DEFAULT 'queued',
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_txt_ad_copy_generations_job_id ON txt_ad_copy_generations (job_id);

CREATE TABLE instagram_feeds (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    instagram_feed_id TEXT NOT NULL UNIQUE DEFAULT (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    )),
    job_id TEXT REFERENCES jobs (job_id),
    overlay_id TEXT REFERENCES overlay_layouts (overlay_id),
    tenant_id VARCHAR(255) NOT NULL,
    instagram_ad_copy TEXT NOT NULL,
    hashtags TEXT NOT NULL,
    latency_ms REAL,
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX idx_instagram_feeds_job_id ON instagram_feeds (job_id);

-- Sets the job by its variants, in this order: the last step done (by all: done; by some: running); all done at another
-- step; all ended and some failed; anything else is running, at the new step if some variant is done there.
CREATE TRIGGER check_all_variants_done_trigger AFTER UPDATE ON jobs_variants
    WHEN NEW.status IN ('done', 'failed') AND NEW.current_step IS NOT 'img_gen'
BEGIN
    UPDATE jobs SET status = now.status, current_step = coalesce(now.step, jobs.current_step),
        updated_at = strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')
    FROM (
        SELECT
            CASE
                WHEN done_here = total THEN 'done'
                WHEN NEW.current_step = 'iou_eval' AND NEW.status = 'done' THEN 'running'
                WHEN failed > 0 AND done + failed = total THEN 'failed'
                ELSE 'running'
            END AS status,
            CASE
                WHEN done_here > 0 OR (failed > 0 AND done + failed = total) THEN NEW.current_step
            END AS step
        FROM (
            SELECT count(*) AS total, sum(status = 'done') AS done, sum(status = 'failed') AS failed,
                sum(status = 'done' AND current_step = NEW.current_step) AS done_here
            FROM jobs_variants WHERE job_id = NEW.job_id
        )
    ) AS now
    WHERE jobs.job_id = NEW.job_id
        AND (jobs.status IS NOT now.status OR jobs.current_step IS NOT coalesce(now.step, jobs.current_step));
END;
