-- Who may do what with leaves that wait for their place; after ledger_pending.sql, where the roles are.
-- Everybody who may act appends and places. The portal's limit stands where leaves come in: what it places may be
-- anybody's, for it places all that was committed.
revoke all on ledger_pending from exchange_console, exchange_portal;
grant select on ledger_pending to exchange_console;
grant execute on function ledger_append(text[]), ledger_place() to exchange_console, exchange_portal;

drop trigger ledger_leaf_of_the_portal on ledger_leaf;
create trigger ledger_pending_of_the_portal before insert on ledger_pending
    for each row when (session_user = 'exchange_portal') execute function ledger_not_in_their_name();

-- When the newest checkpoint was kept. The portal reads nothing else of the record, and shows nothing once this is
-- too long ago.
create function ledger_signed_at() returns timestamptz language sql stable security definer
    set search_path = pg_catalog, public, pg_temp as $$
    select c.at from ledger_checkpoint c order by c.size desc limit 1
$$;
revoke execute on function ledger_signed_at() from public;
grant execute on function ledger_signed_at() to exchange_console, exchange_portal;
