-- Decisions are events: what was recorded stays as it was recorded. Erasing a person's free text sets the
-- sealed column to NULL and nothing else; every other UPDATE and every DELETE is refused.
create function append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and (to_jsonb(new) - 'note_sealed') = (to_jsonb(old) - 'note_sealed')
        and (to_jsonb(new) ->> 'note_sealed') is null then
        return new;
    end if;
    raise exception 'rows of % cannot be changed', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger consent_append_only before update or delete on consent
    for each row execute function append_only();
create trigger fact_append_only before update or delete on fact
    for each row execute function append_only();
