CREATE VIEW exchanges AS
SELECT *,
  regexp_replace(regexp_replace(regexp_replace(url, '^[a-z]+://[^/]*', ''), '[?#].*$', ''), '/([^/v][^/]*[0-9]|[0-9]|v[^/0-9][^/]*[0-9]|v[0-9]+[^/0-9])[^/]*', '/*', 'g') AS route,
  (outcome NOT IN ('ok', 'incomplete') AND error IS NOT NULL) OR coalesce(status, 0) >= 500 OR coalesce(grpc.status, 0) > 0 AS failed
FROM read_json('/traces/*.ndjson', format = 'newline_delimited', maximum_object_size = 67108864, columns = {
  id: 'VARCHAR', trace_id: 'VARCHAR', kind: 'VARCHAR', outcome: 'VARCHAR', error: 'VARCHAR', method: 'VARCHAR', url: 'VARCHAR', host: 'VARCHAR', status: 'INTEGER',
  grpc: 'STRUCT(status INTEGER)', connection: 'STRUCT(id VARCHAR, client VARCHAR, server VARCHAR, reused BOOLEAN)',
  "start": 'TIMESTAMP', start_us: 'BIGINT', end_us: 'BIGINT', events: 'JSON[]', findings: 'JSON[]',
  phases_us: 'STRUCT(blocked DOUBLE, dns DOUBLE, connect DOUBLE, tls DOUBLE, send DOUBLE, wait DOUBLE, receive DOUBLE, total DOUBLE)'})
WHERE id IS NOT NULL;
