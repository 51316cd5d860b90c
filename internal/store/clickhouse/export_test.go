package clickhouse

// Bucket is the SQL of store.DurationBucket over a column `duration`.
const Bucket = bucket

// Text writes a literal.
var Text = text
