-- Rule 13: a letter never to be sent stays one, and nothing that leads towards anybody else can be written about it.
create or replace function never_sent_stays() returns trigger language plpgsql as $$
begin
    if new.never_sent is distinct from old.never_sent then
        raise exception 'whether a message may ever be sent is decided once' using errcode = 'check_violation';
    end if;
    if new.never_sent and new.state in ('approved', 'offered', 'accepted', 'declined', 'later', 'released', 'opened',
        'lapsed') then
        raise exception 'a letter never to be sent goes nowhere' using errcode = 'check_violation';
    end if;
    return new;
end $$;

create or replace function never_sent_refused() returns trigger language plpgsql as $$
begin
    if exists (select from message where id = new.message_id and never_sent) then
        raise exception 'a letter never to be sent goes nowhere' using errcode = 'check_violation';
    end if;
    return new;
end $$;

create or replace trigger never_sent_stays before update of never_sent, state on message
    for each row execute function never_sent_stays();
create or replace trigger never_sent_refused before insert or update of message_id on offer
    for each row execute function never_sent_refused();
create or replace trigger never_sent_refused before insert or update of message_id on release
    for each row execute function never_sent_refused();
create or replace trigger never_sent_refused before insert or update of message_id on access_grant
    for each row execute function never_sent_refused();
create or replace trigger never_sent_refused before insert or update of message_id on share_current
    for each row execute function never_sent_refused();
create or replace trigger never_sent_refused before insert or update of message_id on receive_current
    for each row execute function never_sent_refused();
