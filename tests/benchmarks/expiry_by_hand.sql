WITH picked AS MATERIALIZED (
  SELECT DISTINCT wallet_id FROM (
    SELECT wallet_id FROM lot
    WHERE remaining > 0 AND NOT is_pending AND expires_at <= %(now)s
    ORDER BY expires_at LIMIT %(limit)s * 5) AS first_due
), locked AS MATERIALIZED (
  SELECT w.* FROM wallet w JOIN picked ON picked.wallet_id = w.id ORDER BY w.id FOR UPDATE OF w
), due AS MATERIALIZED (
  SELECT l.id, l.wallet_id, l.remaining, l.expires_at FROM lot l JOIN locked ON locked.id = l.wallet_id
  WHERE l.remaining > 0 AND NOT l.is_pending AND l.expires_at <= %(now)s
), summed AS (
  SELECT wallet_id, expires_at, min(id) AS first_id, sum(remaining)::bigint AS amount
  FROM due GROUP BY wallet_id, expires_at
), written AS MATERIALIZED (
  SELECT s.*, w.member_id, w.unit, w.version + 1 AS version, w.available - s.amount AS after,
    w.head_hash, 'trf_' || left(md5(random()::text || s.wallet_id), 26) AS transfer_id
  FROM summed s JOIN locked w ON w.id = s.wallet_id
), hashed AS MATERIALIZED (
  SELECT *, encode(sha256(decode(head_hash, 'hex') || convert_to(
    '["fairstar/transfer/v1","' || transfer_id || '","' || wallet_id || '",' || version || ',"' || unit
    || '","expiry","available","breakage",' || amount || ',"lot","' || first_id
    || '",null,"system:expiry","' || to_char(expires_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","'
    || to_char(%(now)s::timestamptz, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '",' || after || ',null]',
    'UTF8')), 'hex') AS hash
  FROM written
), transfers AS (
  INSERT INTO transfer (id, wallet_id, wallet_version, unit, kind, debit_account, credit_account,
    amount, ref_kind, ref_id, reverses_id, actor, occurred_at, recorded_at, balance_after, note_hash,
    prev_hash, hash)
  SELECT transfer_id, wallet_id, version, unit, 'expiry', 'available', 'breakage', amount, 'lot',
    first_id, NULL, 'system:expiry', expires_at, %(now)s, after, NULL, head_hash, hash FROM hashed
), draws AS (
  INSERT INTO lot_draw (transfer_id, lot_id, amount)
  SELECT h.transfer_id, d.id, d.remaining FROM due d JOIN hashed h ON h.wallet_id = d.wallet_id
), lots AS (
  UPDATE lot SET remaining = 0, is_pending = false FROM due WHERE lot.id = due.id
), wallets AS (
  UPDATE wallet SET available = h.after, version = h.version, head_hash = h.hash
  FROM hashed h WHERE wallet.id = h.wallet_id
), events AS (
  INSERT INTO outbox (id, topic, member_id, payload, created_at, available_at, state, attempts)
  SELECT 'evt_' || left(md5(random()::text || wallet_id), 26), 'points.expired', member_id,
    jsonb_build_object('transfer_id', transfer_id, 'unit', unit, 'amount', amount,
      'at', expires_at, 'reason', 'date'), %(now)s, %(now)s, 'ready', 0 FROM hashed
)
SELECT count(*) FROM hashed
