-- Leaves wait without a lock until they get their place (docs/decisions/0014). Executed as it is by a migration, after
-- ledger_proofs.sql. No per cent sign and no word after a single colon stands here.
--
-- ledger_append writes a leaf here in the transaction of its act: committed with it or not at all, and no two acts
-- wait for each other. ledger_place, called right after the commit, gives every committed leaf its place in the tree
-- in one short transaction of its own. If nobody calls it, the next act, or the worker before it signs, does.

create table public.ledger_pending (
    entry bigint generated always as identity primary key,
    leaf text not null,
    at timestamptz not null,
    -- whatever could keep a leaf from being placed is refused here, so that no leaf can hold up the others
    constraint placeable check (
        octet_length(leaf) <= 4070 and jsonb_typeof(leaf::jsonb) = 'object'
        and octet_length(coalesce(leaf::jsonb ->> 'act', '')) <= 200
        and octet_length(coalesce(leaf::jsonb ->> 'case', '')) <= 200
        and octet_length(coalesce(leaf::jsonb ->> 'message', '')) <= 200
    )
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- as which pending entry it came; older leaves have none
alter table public.ledger_leaf add column entry bigint unique;

create function public.ledger_only_placed() returns trigger language plpgsql as $$
begin
    if not exists (select from public.ledger_leaf l where l.entry = old.entry and l.at >= old.at) then
        raise exception using errcode = 'insufficient_privilege', message = 'the ledger is append-only';
    end if;
    return old;
end $$;
create trigger ledger_pending_append_only before update on public.ledger_pending
    for each row execute function public.ledger_refuse();
create trigger ledger_pending_no_truncate before truncate on public.ledger_pending
    for each statement execute function public.ledger_refuse();
create trigger ledger_pending_goes_when_placed before delete on public.ledger_pending
    for each row execute function public.ledger_only_placed();

-- Notes when these leaves were written (each holds "at":"@" exactly once); which entries they are, in order.
drop function public.ledger_append(text[]);
create function public.ledger_append(undated text[]) returns bigint[]
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    gap constant text = '"at":"@"';
    template text;
    number bigint;
    entries bigint[] = '{}';
begin
    if coalesce(cardinality(undated), 0) = 0 then
        raise exception using errcode = 'check_violation', message = 'nothing to append';
    end if;
    foreach template in array undated loop
        if length(replace(template, gap, '')) <> length(template) - length(gap) then
            raise exception using errcode = 'check_violation', message = 'a leaf has one place for its time';
        end if;
        insert into public.ledger_pending (leaf, at) values (template, clock_timestamp()) returning entry into number;
        entries = array_append(entries, number);
    end loop;
    return entries;
end $$;

-- Gives up to 1,000 committed leaves their places, in the order in which they were written; how many.
-- A leaf whose transaction ended late takes the time of the one before it, if that is less than a minute: times
-- run forward. A longer way back was the database's clock, and shows.
create function public.ledger_place() returns integer
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    gap constant text = '"at":"@"';
    n bigint;
    carry bigint;
    p bytea[];
    made bytea[];
    waiting record;
    before timestamptz;
    moment timestamptz;
    dated text;
    leaf_node bytea;
    node bytea;
    placed bigint[] = '{}';
begin
    if not exists (select from public.ledger_pending) then
        return 0;
    end if;
    select h.size, h.peaks into strict n, p from public.ledger_head h for update;
    select l.at into before from public.ledger_leaf l where l.index = n - 1;
    for waiting in select w.entry, w.leaf, w.at from public.ledger_pending w order by w.entry limit 1000 loop
        moment = waiting.at;
        if before > moment and before < moment + interval '1 minute' then
            moment = before;
        end if;
        before = moment;
        dated = replace(waiting.leaf, gap, '"at":"'
            || to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"');
        leaf_node = sha256('\x00'::bytea || convert_to(dated, 'UTF8'));
        node = leaf_node;
        made = '{}';
        carry = n;
        while carry & 1 = 1 loop
            node = sha256('\x01'::bytea || p[cardinality(p)] || node);
            made = array_append(made, node);
            p = trim_array(p, 1);
            carry = carry >> 1;
        end loop;
        insert into public.ledger_leaf (index, leaf, hash, at, nodes, entry)
            values (n, dated, leaf_node, moment, made, waiting.entry);
        p = array_append(p, node);
        n = n + 1;
        placed = array_append(placed, waiting.entry);
    end loop;
    if cardinality(placed) > 0 then
        delete from public.ledger_pending w where w.entry = any(placed);
        update public.ledger_head set size = n, peaks = p;
    end if;
    return cardinality(placed);
end $$;

revoke all on public.ledger_pending from public;
revoke all on function public.ledger_append(text[]), public.ledger_place(), public.ledger_only_placed() from public;
