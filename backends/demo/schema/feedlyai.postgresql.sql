-- feedlyai on PostgreSQL: the system's own server. Times are zoned, statuses are queued, running, done and failed without
-- a CHECK, retry_count may be NULL, and nothing moves updated_at by itself. Only two of the foreign keys to a job or a
-- variant do something on delete, so the other children have to go first.
-- The original takes its UUIDs from uuid-ossp; gen_random_uuid() needs no extension.

CREATE TABLE tenants (
    tenant_id VARCHAR(255) PRIMARY KEY,
    display_name VARCHAR(255),
    uid VARCHAR(255) UNIQUE,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE stores (
    store_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    title VARCHAR(500),
    body TEXT,
    store_category TEXT,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE jobs (
    job_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id VARCHAR(255) REFERENCES tenants (tenant_id),
    store_id UUID REFERENCES stores (store_id),
    status TEXT DEFAULT 'queued',
    current_step TEXT,
    version TEXT,
    retry_count INTEGER DEFAULT 0,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_jobs_tenant_id ON jobs (tenant_id);
CREATE INDEX idx_jobs_store_id ON jobs (store_id);
CREATE INDEX idx_jobs_status ON jobs (status);
CREATE INDEX idx_jobs_current_step ON jobs (current_step);
CREATE INDEX idx_jobs_created_at ON jobs (created_at);
CREATE INDEX idx_jobs_retry_count ON jobs (retry_count);
CREATE INDEX idx_jobs_status_retry_count ON jobs (status, retry_count);

CREATE TABLE image_assets (
    image_asset_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    image_type VARCHAR(50),
    image_url TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    tenant_id VARCHAR(255) REFERENCES tenants (tenant_id),
    job_id UUID REFERENCES jobs (job_id),
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_image_assets_job_id ON image_assets (job_id);

CREATE TABLE job_inputs (
    job_id UUID PRIMARY KEY REFERENCES jobs (job_id),
    img_asset_id UUID REFERENCES image_assets (image_asset_id),
    desc_kor TEXT,
    desc_eng TEXT,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE jobs_variants (
    job_variants_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id UUID REFERENCES jobs (job_id),
    img_asset_id UUID REFERENCES image_assets (image_asset_id),
    creation_order INTEGER NOT NULL,
    selected BOOLEAN DEFAULT FALSE,
    status TEXT DEFAULT 'queued',
    current_step TEXT DEFAULT 'vlm_analyze',
    retry_count INTEGER DEFAULT 0,
    overlaid_img_asset_id UUID REFERENCES image_assets (image_asset_id),
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
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
    run_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id UUID REFERENCES jobs (job_id),
    tenant_id VARCHAR(255) REFERENCES tenants (tenant_id),
    src_asset_id UUID REFERENCES image_assets (image_asset_id),
    status TEXT DEFAULT 'queued',
    latency_ms DOUBLE PRECISION,
    finished_at TIMESTAMPTZ,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_gen_runs_job_id ON gen_runs (job_id);

CREATE TABLE gen_variants (
    gen_variant_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    run_id UUID REFERENCES gen_runs (run_id),
    canvas_asset_id UUID REFERENCES image_assets (image_asset_id),
    prompt_en TEXT,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE planner_proposals (
    proposal_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    image_asset_id UUID REFERENCES image_assets (image_asset_id),
    prompt TEXT,
    layout JSONB,
    latency_ms DOUBLE PRECISION,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE overlay_layouts (
    overlay_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    proposal_id UUID REFERENCES planner_proposals (proposal_id),
    job_variants_id UUID REFERENCES jobs_variants (job_variants_id),
    layout JSONB,
    latency_ms DOUBLE PRECISION,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_overlay_layouts_job_variants_id ON overlay_layouts (job_variants_id);

CREATE TABLE detections (
    detection_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    image_asset_id UUID REFERENCES image_assets (image_asset_id),
    job_id UUID REFERENCES jobs (job_id),
    box JSONB,
    label VARCHAR(255),
    score NUMERIC(5, 4),
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_detections_job_id ON detections (job_id);

CREATE TABLE yolo_runs (
    yolo_run_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id UUID UNIQUE REFERENCES jobs (job_id),
    image_asset_id UUID REFERENCES image_assets (image_asset_id),
    model_name VARCHAR(255),
    detection_count INTEGER DEFAULT 0,
    latency_ms DOUBLE PRECISION,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE vlm_traces (
    vlm_trace_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id UUID REFERENCES jobs (job_id),
    job_variants_id UUID REFERENCES jobs_variants (job_variants_id) ON DELETE SET NULL,
    provider TEXT,
    operation_type TEXT,
    request JSONB,
    response JSONB,
    latency_ms DOUBLE PRECISION,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_vlm_traces_job_id ON vlm_traces (job_id);
CREATE INDEX idx_vlm_traces_job_variants_id ON vlm_traces (job_variants_id);

CREATE TABLE llm_traces (
    llm_trace_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id UUID REFERENCES jobs (job_id),
    provider TEXT,
    operation_type TEXT,
    request JSONB,
    response JSONB,
    latency_ms DOUBLE PRECISION,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_llm_traces_job_id ON llm_traces (job_id);

CREATE TABLE evaluations (
    evaluation_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id UUID REFERENCES jobs (job_id),
    overlay_id UUID REFERENCES overlay_layouts (overlay_id),
    evaluation_type VARCHAR(50) NOT NULL,
    metrics JSONB NOT NULL,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_evaluations_job_id ON evaluations (job_id);

CREATE TABLE txt_ad_copy_generations (
    ad_copy_gen_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id UUID NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
    generation_stage VARCHAR(50) NOT NULL,
    ad_copy_eng TEXT,
    status TEXT DEFAULT 'queued',
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_txt_ad_copy_generations_job_id ON txt_ad_copy_generations (job_id);

CREATE TABLE instagram_feeds (
    instagram_feed_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id UUID REFERENCES jobs (job_id),
    overlay_id UUID REFERENCES overlay_layouts (overlay_id),
    tenant_id VARCHAR(255) NOT NULL,
    instagram_ad_copy TEXT NOT NULL,
    hashtags TEXT NOT NULL,
    latency_ms DOUBLE PRECISION,
    pk SERIAL,
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_instagram_feeds_job_id ON instagram_feeds (job_id);

CREATE FUNCTION notify_job_state_change() RETURNS trigger AS $$
BEGIN
    IF OLD.current_step IS DISTINCT FROM NEW.current_step OR OLD.status IS DISTINCT FROM NEW.status THEN
        PERFORM pg_notify('job_state_changed', json_build_object(
            'job_id', NEW.job_id,
            'current_step', NEW.current_step,
            'status', NEW.status,
            'tenant_id', NEW.tenant_id,
            'updated_at', NEW.updated_at
        )::text);
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER job_state_change_trigger AFTER UPDATE ON jobs
    FOR EACH ROW EXECUTE FUNCTION notify_job_state_change();

-- The latest version: a new updated_at alone is told, too.
CREATE FUNCTION notify_job_variant_state_change() RETURNS trigger AS $$
BEGIN
    IF OLD.current_step IS DISTINCT FROM NEW.current_step OR OLD.status IS DISTINCT FROM NEW.status
        OR OLD.updated_at IS DISTINCT FROM NEW.updated_at
    THEN
        RAISE NOTICE '[NOTIFY_TRIGGER] variant % is % at %', NEW.job_variants_id, NEW.status, NEW.current_step;
        PERFORM pg_notify('job_variant_state_changed', json_build_object(
            'job_variants_id', NEW.job_variants_id,
            'job_id', NEW.job_id,
            'current_step', NEW.current_step,
            'status', NEW.status,
            'img_asset_id', NEW.img_asset_id,
            'tenant_id', (SELECT tenant_id FROM jobs WHERE job_id = NEW.job_id),
            'updated_at', NEW.updated_at
        )::text);
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER job_variant_state_change_trigger AFTER UPDATE ON jobs_variants
    FOR EACH ROW EXECUTE FUNCTION notify_job_variant_state_change();

-- Sets the job by its variants, in this order: the last step done (by all: done; by some: running); all done at another
-- step; all ended and some failed; anything else is running, at the new step if some variant is done there.
CREATE FUNCTION check_all_variants_done() RETURNS trigger AS $$
DECLARE
    total INTEGER;
    done INTEGER;
    failed INTEGER;
    done_here INTEGER;
    new_status TEXT := 'running';
    new_step TEXT;
BEGIN
    IF NEW.current_step = 'img_gen' THEN
        RETURN NEW;
    END IF;
    SELECT count(*), count(*) FILTER (WHERE status = 'done'), count(*) FILTER (WHERE status = 'failed'),
        count(*) FILTER (WHERE status = 'done' AND current_step = NEW.current_step)
    INTO total, done, failed, done_here FROM jobs_variants WHERE job_id = NEW.job_id;
    IF NEW.current_step = 'iou_eval' AND NEW.status = 'done' THEN
        new_step := 'iou_eval';
        IF done_here = total THEN
            new_status := 'done';
        END IF;
    ELSIF done_here = total THEN
        new_status := 'done';
        new_step := NEW.current_step;
    ELSIF failed > 0 AND done + failed = total THEN
        new_status := 'failed';
        new_step := NEW.current_step;
    ELSIF done_here > 0 THEN
        new_step := NEW.current_step;
    END IF;
    UPDATE jobs SET status = new_status, current_step = coalesce(new_step, current_step), updated_at = CURRENT_TIMESTAMP
    WHERE job_id = NEW.job_id
        AND (status IS DISTINCT FROM new_status OR current_step IS DISTINCT FROM coalesce(new_step, current_step));
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER check_all_variants_done_trigger AFTER UPDATE ON jobs_variants
    FOR EACH ROW WHEN (NEW.status IN ('done', 'failed')) EXECUTE FUNCTION check_all_variants_done();
