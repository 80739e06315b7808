-- A long past for some members: copies of their first purchase, an hour apart, as open lots.
INSERT INTO activity
SELECT copy.* FROM activity old, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'act_' || lpad(CAST(n AS text), 6, '0') || substr(md5(old.id || n), 1, 20),
    'external_id', old.external_id || '-' || n,
    'occurred_at', old.occurred_at - n * interval '1 hour'
)) copy WHERE old.member_id = ANY(:ids) AND old.source = 'seed';
INSERT INTO transfer
SELECT copy.* FROM wallet w JOIN transfer old ON old.wallet_id = w.id, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'trf_' || lpad(CAST(n AS text), 6, '0') || substr(md5(old.id || n), 1, 20),
    'wallet_version', w.version + n
)) copy WHERE w.member_id = ANY(:ids) AND old.wallet_version = 1;
INSERT INTO lot
SELECT copy.* FROM wallet w JOIN transfer t ON t.wallet_id = w.id AND t.wallet_version = 1
JOIN lot old ON old.source_transfer_id = t.id, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'lot_' || lpad(CAST(n AS text), 6, '0') || substr(md5(old.id || n), 1, 20),
    'source_transfer_id',
    'trf_' || lpad(CAST(n AS text), 6, '0') || substr(md5(old.source_transfer_id || n), 1, 20)
)) copy WHERE w.member_id = ANY(:ids);
UPDATE wallet SET version = version + :count, available = available + :count * 16
WHERE member_id = ANY(:ids);
