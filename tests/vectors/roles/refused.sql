-- What the portal's role is refused, one statement a line (tests/integration/test_portal_role.py).
-- keys, accounts, sessions of staff
select * from key_pair
select private_wrapped from key_pair
select field_key_sealed from key_pair
select count(private_wrapped) from key_pair
select to_jsonb(k) from key_pair k
select 1 from key_pair where length(private_wrapped) > 0
select id from account
select password_hash from account
select totp_wrapped from account
select * from account_session
select * from api_token
select * from sign_on
select hash from sign_on_attempt
select hash from recovery_code
insert into sign_on (account_id, issuer, subject) select id, 'x', 'y' from account
update recovery_code set used_at = null
delete from sign_on_attempt
select * from assignment
select rolpassword from pg_authid
-- what is sealed, and what only staff write down
select name_sealed from participant
select key_sealed from upload
select key_sealed from revision
select secret_sealed from link
select code_sealed from code
select note_sealed from consent
select text_sealed from draft
select detail_sealed from referral
select * from safe_contact
select id from closing_decision
select decided_by from closing_decision
select state from closing_decision
select written_by from wording
select approved_by from wording
select * from loosened
update wording set retired_at = now()
insert into wording (name, kind, number, words) values ('x', 'share', 1, '{}')
select * from offer
select * from review_note
select * from printed_pack
select * from dictation
select note_sealed from concern
select * from mail_sent
copy message to stdout
copy (select private_wrapped from key_pair) to stdout
-- the record
select * from ledger_leaf
select * from ledger_checkpoint
select * from ledger_pending
insert into ledger_pending (leaf, at) values ('{"at":"@"}', now())
delete from ledger_pending
insert into ledger_leaf values (0, '{}', ''::bytea, now())
update ledger_head set size = 0
select ledger_append('{"{\"act\":\"review.approved\",\"actor\":{\"id\":\"1\",\"kind\":\"staff\"},\"at\":\"@\"}"}')
alter table ledger_leaf disable trigger all
-- the queue but for its own two tasks
select * from procrastinate_jobs
insert into procrastinate_jobs (queue_name, task_name, args) values ('steps', 'restore', '{}')
select procrastinate_defer_jobs_v1(array[]::procrastinate_job_to_defer_v1[])
select procrastinate_finish_job_v1(1, 'failed', true)
update procrastinate_jobs set args = '{}'
-- decisions and releases are made by staff
insert into access_grant (purpose, message_id, digest, link_id, key_wrapped) values ('preview', '00000000-0000-0000-0000-000000000001', 'd', '00000000-0000-0000-0000-000000000001', ''::bytea)
update access_grant set digest = 'd'
insert into approval_current values ('00000000-0000-0000-0000-000000000001', 'd', '00000000-0000-0000-0000-000000000001')
delete from approval_current
insert into review (decision) values ('approve')
update review set void_at = null
insert into release (way) values ('link')
insert into fact (kind, value) values ('assessment', 'current')
update consent set given = true
delete from consent
insert into consent (participant_id, kind, given, method, wording, recorded_by) values ('00000000-0000-0000-0000-000000000001', 'take_part', true, 'in_person', 'w', '00000000-0000-0000-0000-000000000001')
insert into revision (digest) values ('d')
update revision set clean = true
update part set object_key = 'x'
delete from part
update message set case_id = gen_random_uuid()
update message set author_id = recipient_id
update message set put_in_by = '00000000-0000-0000-0000-000000000001'
update upload set account_id = '00000000-0000-0000-0000-000000000001'
update link set participant_id = gen_random_uuid()
update link set lookup_hash = ''::bytea
update portal_session set cookie_hash = ''::bytea
update code set hash = ''::bytea
update cases set policy = '{}'
update cases set state = 'open'
update key_pair set public = ''::bytea
update service_setting set value = 'true'
insert into service_setting (name, value) values ('demo', 'true')
-- nothing that a participant does deletes these
delete from message
delete from upload
delete from link
delete from portal_session
delete from task
update task set done_at = now()
truncate piece
do $$ begin lock table message in access exclusive mode; end $$
-- the server and the schema
set role exchange_console
set role exchange
set session authorization exchange
set session_replication_role = replica
create table mine (id int)
create temporary table mine (id int)
create schema mine
create function mine() returns int language sql as 'select 1'
create role mine
create database mine
alter table message disable row level security
alter table service_setting disable row level security
drop table draft
alter function queue_process_message(uuid) reset all
drop policy portal_reads on service_setting
alter role exchange_portal superuser
grant exchange_console to exchange_portal
grant select on key_pair to exchange_portal
select pg_read_file('/etc/passwd')
select pg_ls_dir('.')
select lo_import('/etc/passwd')
copy draft from program 'true'
copy draft to '/tmp/stolen'
alter system set log_statement = 'all'
select pg_reload_conf()
