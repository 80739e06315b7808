-- Many members with five lots each that are due by the end of the year.
INSERT INTO member
SELECT copy.* FROM member old, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'mem_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.id || n), 1, 18)
)) copy WHERE old.id = :id;
INSERT INTO wallet
SELECT copy.* FROM wallet old, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'wal_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.id || n), 1, 18),
    'member_id', 'mem_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.member_id || n), 1, 18),
    'available', 50
)) copy WHERE old.member_id = :id;
INSERT INTO lot
SELECT copy.* FROM wallet w JOIN lot old ON old.wallet_id = w.id,
generate_series(1, :count) n, generate_series(1, 5) k,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'lot_' || lpad(CAST(n AS text), 8, '0') || k || substr(md5(old.id || n), 1, 17),
    'wallet_id', 'wal_' || lpad(CAST(n AS text), 8, '0') || substr(md5(w.id || n), 1, 18),
    'amount', 10, 'remaining', 10, 'expires_at', '2026-12-31T22:00:00Z'
)) copy WHERE w.member_id = :id;
