CREATE TABLE exchanges (
  id String, trace_id Nullable(String), kind LowCardinality(String), outcome LowCardinality(String), error Nullable(String), method Nullable(String), url Nullable(String),
  host Nullable(String), status Nullable(UInt16), grpc Tuple(status Nullable(Int32)),
  connection Tuple(id Nullable(String), client Nullable(String), server Nullable(String), reused Nullable(Bool)),
  start DateTime64(9, 'UTC'), start_us Int64, end_us Int64, events String, findings String,
  phases_us Tuple(blocked Nullable(Float64), dns Nullable(Float64), connect Nullable(Float64), tls Nullable(Float64), send Nullable(Float64), wait Nullable(Float64),
                  receive Nullable(Float64), total Nullable(Float64)),
  route Nullable(String) MATERIALIZED replaceRegexpAll(replaceRegexpOne(replaceRegexpOne(url, '^[a-z]+://[^/]*', ''), '[?#].*$', ''), '/([^/v][^/]*[0-9]|[0-9]|v[^/0-9][^/]*[0-9]|v[0-9]+[^/0-9])[^/]*', '/*'),
  failed Bool MATERIALIZED (outcome NOT IN ('ok', 'incomplete') AND error IS NOT NULL) OR coalesce(status, 0) >= 500 OR coalesce(grpc.status, 0) > 0
) ENGINE = ReplacingMergeTree ORDER BY (start, id);
