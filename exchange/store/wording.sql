-- Approved words stay as they were approved: people were shown them, and consents name them. Only that they are retired
-- is written later, once. Executed as it is by migration 0030.
create or replace function wording_kept() returns trigger language plpgsql as $$
begin
    if old.approved_at is null then
        return coalesce(new, old);
    end if;
    if tg_op = 'UPDATE' and old.retired_at is null
        and to_jsonb(new) - '{retired_at,retired_by}'::text[] = to_jsonb(old) - '{retired_at,retired_by}'::text[] then
        return new;
    end if;
    raise exception 'approved words cannot be changed' using errcode = 'insufficient_privilege';
end $$;

create or replace trigger wording_kept before update or delete on wording
    for each row execute function wording_kept();
