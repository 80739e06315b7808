-- Many more members: copies of one member and of everything that one purchase left behind.
INSERT INTO member
SELECT copy.* FROM member old, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'mem_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.id || n), 1, 18)
)) copy WHERE old.id = :id;
INSERT INTO wallet
SELECT copy.* FROM wallet old, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'wal_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.id || n), 1, 18),
    'member_id', 'mem_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.member_id || n), 1, 18)
)) copy WHERE old.member_id = :id;
INSERT INTO member_facts
SELECT copy.* FROM member_facts old, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'member_id', 'mem_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.member_id || n), 1, 18)
)) copy WHERE old.member_id = :id;
INSERT INTO activity
SELECT copy.* FROM activity old, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'act_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.id || n), 1, 18),
    'member_id', 'mem_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.member_id || n), 1, 18),
    'external_id', old.external_id || '-' || n
)) copy WHERE old.member_id = :id;
INSERT INTO transfer
SELECT copy.* FROM wallet w JOIN transfer old ON old.wallet_id = w.id, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'trf_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.id || n), 1, 18),
    'wallet_id', 'wal_' || lpad(CAST(n AS text), 8, '0') || substr(md5(w.id || n), 1, 18)
)) copy WHERE w.member_id = :id;
INSERT INTO lot
SELECT copy.* FROM wallet w JOIN lot old ON old.wallet_id = w.id, generate_series(1, :count) n,
LATERAL jsonb_populate_record(old, jsonb_build_object(
    'id', 'lot_' || lpad(CAST(n AS text), 8, '0') || substr(md5(old.id || n), 1, 18),
    'wallet_id', 'wal_' || lpad(CAST(n AS text), 8, '0') || substr(md5(w.id || n), 1, 18)
)) copy WHERE w.member_id = :id;
