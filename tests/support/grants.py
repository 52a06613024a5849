"""What a database role may do, from PostgreSQL's own catalogue, one line per right: for a committed list."""

import psycopg

# the right itself: object, column or nothing, privilege; PUBLIC's rights are everybody's
_RIGHTS = """
with held as (
  select 'database' as what, '' as name, (aclexplode(coalesce(datacl, acldefault('d', datdba)))).*
  from pg_database where datname = current_database()
  union all select 'schema', nspname, (aclexplode(nspacl)).* from pg_namespace where nspname = 'public'
  union all select case relkind when 'S' then 'sequence' else 'table' end, relname,
    (aclexplode(coalesce(relacl, acldefault((case relkind when 'S' then 's' else 'r' end)::"char", relowner)))).*
  from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'S', 'p', 'f')
  union all select 'column', relname || '.' || attname, (aclexplode(attacl)).*
  from pg_attribute join pg_class on pg_class.oid = attrelid
  where relnamespace = 'public'::regnamespace and attacl is not null
  union all select 'function', p.oid::regprocedure::text,
    (aclexplode(coalesce(proacl, acldefault('f', proowner)))).*
  from pg_proc p where pronamespace = 'public'::regnamespace
)
select what, name, privilege_type, is_grantable from held
where grantee = 0 or grantee = (select oid from pg_roles where rolname = %(role)s)
"""
_OWNED = "select 'owns ' || relname from pg_class where relowner = (select oid from pg_roles where rolname = %(role)s)"
_MEMBER = """
select 'member of ' || b.rolname from pg_auth_members m join pg_roles b on b.oid = m.roleid
join pg_roles r on r.oid = m.member where r.rolname = %(role)s
"""
_POWERS = """
select unnest(array_remove(array[
  case when rolsuper then 'superuser' end, case when rolcreaterole then 'createrole' end,
  case when rolcreatedb then 'createdb' end, case when rolreplication then 'replication' end,
  case when rolbypassrls then 'bypassrls' end], null))
from pg_roles where rolname = %(role)s
"""
_POLICIES = """
select 'policy ' || tablename || ': ' || cmd || ' ' || coalesce(qual, '') from pg_policies where %(role)s = any(roles)
"""


def rights_of(connection: psycopg.Connection[tuple[str, ...]], role: str) -> str:
    """Everything `role` may do in this database, sorted; columns of one table and privilege stand on one line."""
    columns: dict[tuple[str, str], list[str]] = {}
    lines = []
    for what, name, privilege, grantable in connection.execute(_RIGHTS, {"role": role}).fetchall():
        right = privilege.lower() + (" with grant option" if grantable else "")
        if what == "column":
            table, column = name.split(".")
            columns.setdefault((table, right), []).append(column)
        else:
            lines.append(f"{what} {name}: {right}".replace("database :", "database:"))
    lines += [f"table {table}: {right} ({', '.join(sorted(names))})" for (table, right), names in columns.items()]
    for query in (_OWNED, _MEMBER, _POWERS, _POLICIES):
        lines += [row[0] for row in connection.execute(query, {"role": role}).fetchall()]
    return "\n".join(sorted(set(lines))) + "\n"
