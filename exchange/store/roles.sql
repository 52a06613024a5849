-- Who may do what in the database (docs/architecture.md, "Three roles"). Executed as it is by migration 0002.
--
-- The owner makes and changes the schema. `exchange_console` is console, worker and command line: every row, but
-- it changes neither the schema nor what was recorded. `exchange_portal` is the process that the internet reaches:
-- the tables, columns and actions below and nothing else. It has no way to read an account, a wrapped key of a
-- case, a sealed column or the queue. tests/vectors/roles/portal.txt lists what it has; a wider grant shows there.
-- No per cent sign stands in this file, so that it survives drivers that look for parameters.

do $$ begin
    execute 'revoke connect, temporary on database ' || quote_ident(current_database()) || ' from public';
    execute 'grant connect on database ' || quote_ident(current_database()) || ' to exchange_console, exchange_portal';
end $$;
revoke all on schema public from public;
grant usage on schema public to exchange_console, exchange_portal;
revoke execute on all functions in schema public from public;

-- ---------------------------------------------------------------- console, worker, command line
grant select, insert, update, delete on all tables in schema public to exchange_console;
grant usage, select on all sequences in schema public to exchange_console;
grant execute on all functions in schema public to exchange_console;
revoke insert, update, delete on alembic_version, ledger_leaf, ledger_head, ledger_checkpoint from exchange_console;
grant insert on ledger_checkpoint to exchange_console;
revoke update, delete on consent, fact from exchange_console;
grant update (note_sealed) on consent, fact to exchange_console;

-- what later migrations make is the console's, and nobody else's, until they say otherwise
alter default privileges in schema public grant select, insert, update, delete on tables to exchange_console;
alter default privileges in schema public grant usage, select on sequences to exchange_console;
alter default privileges in schema public grant execute on functions to exchange_console;
alter default privileges revoke execute on functions from public;

-- ---------------------------------------------------------------- the portal: what it reads
grant select on alembic_version, approval_current, share_current, receive_current, portal_session, access_grant,
    access_leaf, part, piece, reap, service_setting to exchange_portal;
grant select (id, public) on key_pair to exchange_portal;
grant select (id, reference, key_id, type, policy, state, cover_id, created_at, moved_at) on cases to exchange_portal;
grant select (id, case_id, side, custody, under_18, author_may_learn, language, created_at)
    on participant to exchange_portal;
grant select (participant_id, salt, hash, agreed_how) on code to exchange_portal;
grant select (id, number, case_id, participant_id, kind, value, until, recorded_by, at) on fact to exchange_portal;
grant select (id, number, participant_id, kind, message_id, digest, given, method, wording, detail, recorded_by, at)
    on consent to exchange_portal;
grant select (message_id, digest, account_id, decision, assigned, void_at) on review to exchange_portal;
grant select (id, message_id, ended_at) on concern, release to exchange_portal;
grant select (id, participant_id, kind, done_at) on task to exchange_portal;
grant select (id) on feedback to exchange_portal;
grant select (id, created_at) on referral to exchange_portal;
grant select (id, reference, case_id, author_id, recipient_id, kind, state, state_since, state_before, withdrawn_at,
    expires_at, put_in_by, rejected_code, progress, round, replaces_id, answers_id, created_at)
    on message to exchange_portal;
grant select (id, message_id, position, round, account_id, link_id, size, received, key_wrapped, typed, state,
    expires_at, confirmed_at, created_at) on upload to exchange_portal;
grant select (link_id, text_wrapped, at) on draft to exchange_portal;
grant select (id, message_id, number, digest, manifest, clean, made_by, round, version_code, at)
    on revision to exchange_portal;
grant select (id, case_id, participant_id, message_id, purpose, lookup_hash, state, payload, wrong_attempts, wait_until,
    channel, code_channel, claimed_by_cookie, made_by, created_at, expires_at, claimed_at, ended_at)
    on link to exchange_portal;

-- of the settings only what its pages say and its checks ask: nothing about mail, no password
alter table service_setting enable row level security;
create policy console_all on service_setting to exchange_console using (true) with check (true);
create policy portal_reads on service_setting for select to exchange_portal using (name in (
    'service_name', 'phone', 'opening', 'closed_days', 'support_lines', 'exit_url', 'portal_url', 'console_url',
    'key_pair', 'demo', 'recovery_confirmed'));

-- ---------------------------------------------------------------- the portal: what it writes
-- No column that names a member of staff: it cannot write in anybody's name. No INSERT of a grant or an approval.
grant insert (id, reference, case_id, author_id, recipient_id, kind, answers_id, replaces_id),
    update (state, state_since, kind, withdrawn_at, progress, rejected_code, round) on message to exchange_portal;
grant update (moved_at) on cases to exchange_portal;
grant insert (id, message_id, position, round, link_id, size, typed, expires_at, name_sealed, key_sealed, key_wrapped),
    update (size, received, state, expires_at, name_sealed, key_sealed, key_wrapped) on upload to exchange_portal;
grant insert (upload_id, number, start, size, object_key), update (start, size, object_key, durable, at), delete
    on piece to exchange_portal;
grant insert (object_key, after), update (after), delete on reap to exchange_portal;
grant insert (link_id, text_wrapped, text_sealed, at), update (text_wrapped, text_sealed, at), delete
    on draft to exchange_portal;
grant insert (id, case_id, participant_id, message_id, purpose, lookup_hash, payload, secret_sealed, channel,
    code_channel, expires_at),
    update (message_id, state, payload, secret_sealed, wrong_attempts, wait_until, claimed_by_cookie, claimed_at,
    ended_at) on link to exchange_portal;
grant insert (id, link_id, cookie_hash, payload, public, private_wrapped, until),
    update (state, payload, private_wrapped, is_me, last_used_at, ended_at) on portal_session to exchange_portal;
grant update (form, session_id, key_wrapped, until), delete on access_grant to exchange_portal;
grant insert (session_id, part_id, grant_id), update (at) on access_leaf to exchange_portal;
grant insert (id, participant_id, kind, message_id, digest, given, method, wording, detail)
    on consent to exchange_portal;
grant insert, update (consent_id), delete on share_current to exchange_portal;
grant insert, delete on receive_current to exchange_portal;
grant update (copy, ended_at) on release to exchange_portal;
grant insert (case_id, message_id, participant_id, kind, due_at) on task to exchange_portal;
grant insert (id, case_id, participant_id, message_id, kind, text_sealed) on feedback to exchange_portal;
grant insert (id, reference, detail_sealed) on referral to exchange_portal;

-- ---------------------------------------------------------------- the record, and the queue
grant execute on function ledger_append(text[]) to exchange_portal;

-- inside a definer function `session_user` is still who connected
create function ledger_not_in_their_name() returns trigger language plpgsql
    set search_path = pg_catalog, public, pg_temp as $$
begin
    if not coalesce((new.leaf::jsonb -> 'actor' ->> 'kind') = 'participant'
        or (new.leaf::jsonb -> 'actor' ->> 'role') = 'visitor', false) then
        raise exception using errcode = 'insufficient_privilege',
            message = 'the portal records acts of participants only';
    end if;
    return new;
end $$;
create trigger ledger_leaf_of_the_portal before insert on ledger_leaf
    for each row when (session_user = 'exchange_portal') execute function ledger_not_in_their_name();

-- one function per task that the portal may queue; its arguments are ids, and the task derives its authority anew
create function queue_process_message(message uuid) returns bigint language sql security definer
    set search_path = pg_catalog, public, pg_temp as $$
    select unnest(procrastinate_defer_jobs_v1(array[row('media', 'process_message', 0, null, null,
        jsonb_build_object('message', message), null)::procrastinate_job_to_defer_v1]))
$$;
create function queue_grant_on_acceptance(message uuid, session uuid) returns bigint language sql security definer
    set search_path = pg_catalog, public, pg_temp as $$
    select unnest(procrastinate_defer_jobs_v1(array[row('steps', 'grant_on_acceptance', 0, null, null,
        jsonb_build_object('message', message, 'session', session), null)::procrastinate_job_to_defer_v1]))
$$;
revoke execute on function ledger_not_in_their_name(), queue_process_message(uuid),
    queue_grant_on_acceptance(uuid, uuid) from public;
grant execute on function queue_process_message(uuid), queue_grant_on_acceptance(uuid, uuid) to exchange_portal;
