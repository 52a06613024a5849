-- What the root key wraps names the key that wrapped it (exchange/core/rootwrap.py). Once the service says which key
-- is in use, a wrap of any other key cannot be stored: a process that has not heard of a rotation is refused, and
-- after the switch the number of old wraps only falls.
create or replace function root_wrap_name(wrapped bytea) returns text language sql immutable strict parallel safe as $$
    select case when length(wrapped) > 1 and get_byte(wrapped, 0) = 2
        then convert_from(substring(wrapped from 3 for get_byte(wrapped, 1)), 'SQL_ASCII') end
$$;

create or replace function root_wrap_in_use() returns trigger language plpgsql as $$
declare
    in_use text;
    place text;
    wrapped bytea;
begin
    select value #>> '{}' into in_use from public.service_setting where name = 'root_key' for share;
    if in_use is null then
        return new;
    end if;
    foreach place in array tg_argv loop
        wrapped := (to_jsonb(new) ->> place)::bytea;
        if tg_op = 'UPDATE' then
            continue when wrapped is not distinct from (to_jsonb(old) ->> place)::bytea;
        end if;
        if public.root_wrap_name(wrapped) is distinct from in_use and wrapped is not null then
            raise exception 'the root key of this wrap is not in use' using errcode = 'check_violation';
        end if;
    end loop;
    return new;
end $$;

create or replace trigger key_pair_root_wrap before insert or update of private_wrapped on key_pair
    for each row execute function root_wrap_in_use('private_wrapped');
create or replace trigger account_root_wrap before insert or update of totp_wrapped, totp_pending on account
    for each row execute function root_wrap_in_use('totp_wrapped', 'totp_pending');
