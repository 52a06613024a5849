-- What proofs and witnesses need of the ledger (docs/ledger-format.md). Executed as it is by a migration, after
-- ledger.sql. No per cent sign and no word after a single colon stands here.

-- Roots of the full subtrees of 2, 4, 8 … leaves that this leaf completes, smallest first: any proof is then
-- a handful of rows. What stands here is never trusted: a proof is checked against the signed root.
alter table public.ledger_leaf add column nodes bytea[] not null default '{}';

create or replace function public.ledger_append(undated text[]) returns bigint
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    gap constant text = '"at":"@"';
    first bigint;
    n bigint;
    carry bigint;
    p bytea[];
    made bytea[];
    template text;
    moment timestamptz;
    dated text;
    leaf_node bytea;
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
        insert into public.ledger_leaf (index, leaf, hash, at, nodes) values (n, dated, leaf_node, moment, made);
        p = array_append(p, node);
        n = n + 1;
    end loop;
    update public.ledger_head set size = n, peaks = p;
    return first;
end $$;

-- leaves that were there before: their subtrees, once
do $$
declare
    entry record;
    carry bigint;
    p bytea[] = '{}';
    made bytea[];
    node bytea;
begin
    if not exists (select from public.ledger_leaf) then
        return;
    end if;
    alter table public.ledger_leaf disable trigger ledger_leaf_append_only;
    for entry in select index, hash from public.ledger_leaf order by index loop
        node = entry.hash;
        made = '{}';
        carry = entry.index;
        while carry & 1 = 1 loop
            node = sha256('\x01'::bytea || p[cardinality(p)] || node);
            made = array_append(made, node);
            p = trim_array(p, 1);
            carry = carry >> 1;
        end loop;
        p = array_append(p, node);
        update public.ledger_leaf set nodes = made where index = entry.index and cardinality(made) > 0;
    end loop;
    alter table public.ledger_leaf enable trigger ledger_leaf_append_only;
end $$;

-- Witnesses whose cosignatures are kept. Auditors need not believe this list: they bring the keys they trust.
create table public.ledger_witness (
    vkey text primary key check (length(vkey) <= 4096),
    name text not null,
    key_id bytea not null check (octet_length(key_id) = 4),
    at timestamptz not null default clock_timestamp(),
    unique (name, key_id)
);

create table public.ledger_cosignature (
    size bigint not null references public.ledger_checkpoint (size),
    name text not null,
    key_id bytea not null,
    line text not null check (length(line) <= 8192),
    seen_at timestamptz not null,
    at timestamptz not null default clock_timestamp(),
    primary key (size, name, key_id)
);
create trigger ledger_cosignature_append_only before update or delete on public.ledger_cosignature
    for each row execute function public.ledger_refuse();
create trigger ledger_cosignature_no_truncate before truncate on public.ledger_cosignature
    for each statement execute function public.ledger_refuse();

revoke all on public.ledger_witness, public.ledger_cosignature from public;

-- what auditors count and look through by act
create index ledger_leaf_act on public.ledger_leaf (((leaf::jsonb) ->> 'act'), index);
