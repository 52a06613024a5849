-- What lists of the record are narrowed by, as columns: reading JSON of every leaf of a month takes seconds. Generated
-- from the leaf itself, so that they can say nothing else. Executed as it is, after ledger_pending.sql.
alter table public.ledger_leaf
    add column if not exists act text generated always as (leaf::jsonb ->> 'act') stored,
    add column if not exists case_id text generated always as (leaf::jsonb ->> 'case') stored;
