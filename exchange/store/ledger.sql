-- The ledger (docs/ledger-format.md): append-only leaves, the head of their RFC 6962 tree, signed checkpoints.
-- Executed as it is by the first migration. No per cent sign and no word after a single colon stands here,
-- so that it also survives drivers that look for parameters.
--
-- Whoever may act calls ledger_append and needs nothing else: GRANT EXECUTE ON FUNCTION ledger_append.
-- Readers need SELECT; the worker, who signs, also INSERT on ledger_checkpoint. Nobody needs more.

create table public.ledger_leaf (
    index bigint primary key check (index >= 0),
    leaf text not null check (octet_length(leaf) <= 4096),
    hash bytea not null check (octet_length(hash) = 32),
    at timestamptz not null
);
create index ledger_leaf_at on public.ledger_leaf (at);
create index ledger_leaf_case on public.ledger_leaf (((leaf::jsonb) ->> 'case'), index);
create index ledger_leaf_message on public.ledger_leaf (((leaf::jsonb) ->> 'message'), index)
    where ((leaf::jsonb) ->> 'message') is not null;

-- one row; peaks are the roots of the full subtrees, largest first
create table public.ledger_head (
    one boolean primary key default true check (one),
    size bigint not null,
    peaks bytea[] not null
) with (fillfactor = 20);
insert into public.ledger_head (size, peaks) values (0, '{}');

create table public.ledger_checkpoint (
    size bigint primary key check (size > 0),
    root bytea not null check (octet_length(root) = 32),
    peaks bytea[] not null,
    note text not null,
    at timestamptz not null default clock_timestamp()
);

create function public.ledger_refuse() returns trigger language plpgsql as $$
begin
    raise exception using errcode = 'insufficient_privilege', message = 'the ledger is append-only';
end $$;

create trigger ledger_leaf_append_only before update or delete on public.ledger_leaf
    for each row execute function public.ledger_refuse();
create trigger ledger_leaf_no_truncate before truncate on public.ledger_leaf
    for each statement execute function public.ledger_refuse();
create trigger ledger_checkpoint_append_only before update or delete on public.ledger_checkpoint
    for each row execute function public.ledger_refuse();
create trigger ledger_checkpoint_no_truncate before truncate on public.ledger_checkpoint
    for each statement execute function public.ledger_refuse();
create trigger ledger_head_stays before insert or delete on public.ledger_head
    for each row execute function public.ledger_refuse();
create trigger ledger_head_no_truncate before truncate on public.ledger_head
    for each statement execute function public.ledger_refuse();

create function public.ledger_only_grows() returns trigger language plpgsql as $$
begin
    if new.size <= old.size then
        raise exception using errcode = 'insufficient_privilege', message = 'the ledger only grows';
    end if;
    return new;
end $$;
create trigger ledger_head_grows before update on public.ledger_head
    for each row execute function public.ledger_only_grows();

-- Dates the leaves (each holds "at":"@" exactly once), appends them and returns the index of the first.
-- The head row stays locked until the caller's transaction ends: call this last, in READ COMMITTED.
create function public.ledger_append(undated text[]) returns bigint
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    gap constant text = '"at":"@"';
    first bigint;
    n bigint;
    carry bigint;
    p bytea[];
    template text;
    moment timestamptz;
    dated text;
    node bytea;
begin
    if coalesce(cardinality(undated), 0) = 0 then
        raise exception using errcode = 'check_violation', message = 'nothing to append';
    end if;
    select h.size, h.peaks into strict n, p from public.ledger_head h for update;
    first = n;
    foreach template in array undated loop
        moment = clock_timestamp();
        dated = replace(template, gap, '"at":"'
            || to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"');
        if length(dated) <> length(template) + 26 then
            raise exception using errcode = 'check_violation', message = 'a leaf has one place for its time';
        end if;
        node = sha256('\x00'::bytea || convert_to(dated, 'UTF8'));
        insert into public.ledger_leaf (index, leaf, hash, at) values (n, dated, node, moment);
        carry = n;
        while carry & 1 = 1 loop
            node = sha256('\x01'::bytea || p[cardinality(p)] || node);
            p = trim_array(p, 1);
            carry = carry >> 1;
        end loop;
        p = array_append(p, node);
        n = n + 1;
    end loop;
    update public.ledger_head set size = n, peaks = p;
    return first;
end $$;

revoke all on public.ledger_leaf, public.ledger_head, public.ledger_checkpoint from public;
revoke all on function public.ledger_append(text[]) from public;
