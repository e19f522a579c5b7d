-- Describe what a service's database holds, one line per table: the number of rows, and a digest that does not depend
-- on their order. Two databases with the same lines hold the same data.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET bytea_output = 'hex';
SET extra_float_digits = 1;
SELECT format(
  $$SELECT concat_ws(' ', %L, count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint::numeric), 0)) FROM %I.%I t$$,
  'table ' || relname, nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE relkind = 'r' AND nspname = 'public' ORDER BY relname \gexec
SELECT format($$SELECT concat_ws(' ', 'head', position, chain) FROM outbox_head$$)
 WHERE to_regclass('public.outbox_head') IS NOT NULL \gexec
SELECT format($$SELECT concat_ws(' ', 'cursor', source, position, chain) FROM cursor ORDER BY source$$)
 WHERE to_regclass('public.cursor') IS NOT NULL \gexec
