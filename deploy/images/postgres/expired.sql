-- The databases that a restore replaced more than :days days ago; `exchange` notes the moment (UTC) in their comments.
SELECT datname FROM pg_database
 WHERE datname ~ '^[a-z]+_before$'
   AND to_timestamp(left(shobj_description(oid, 'pg_database'), 15), 'YYYYMMDD"T"HH24MISS') < now() - make_interval(days => :days);
