"""The statements of the floor, written by hand for psycopg; the same rows as Fairstar writes."""

KEY = b"""SELECT k.id, k.partner_id, k.revoked_at, k.expires_at, p.revision
FROM api_key k CROSS JOIN programme p WHERE k.secret_hash = %s"""
SESSION = b"""SELECT s.revoked_at, m.status, m.locale, p.revision
FROM member_session s JOIN member m ON m.id = s.member_id CROSS JOIN programme p
WHERE s.id = %s AND s.member_id = %s"""
RECORD = b"""SELECT fingerprint, status, body FROM idempotency_record
WHERE principal = %s AND operation = %s AND key = %s"""
WALLET = b"""SELECT id, available, pending, held, debt, lifetime_earned, version, head_hash
FROM wallet WHERE member_id = %s AND unit = 'points' FOR UPDATE"""
FACTS = b"""SELECT f.purchases, f.visits, f.items, f.spend_minor, f.qualifying_points,
f.first_purchase_at, f.last_visit_on, t.tier_id, m.status
FROM member m LEFT JOIN member_facts f ON f.member_id = m.id
LEFT JOIN member_tier t ON t.member_id = m.id WHERE m.id = %s"""
RECEIPT = b"SELECT id FROM activity WHERE source = %s AND external_id = %s AND kind = 'purchase'"
CAP = b"SELECT points FROM earn_counter WHERE member_id = %s AND cap_key = %s"
ADD_ACTIVITY = b"""INSERT INTO activity (id, member_id, kind, source, external_id, state,
occurred_at, recorded_at, location_id, actor, amount_minor, currency_code, points, trace,
returned, clawed_back, restored)
VALUES (%s, %s, 'purchase', %s, %s, 'settled', %s, %s, NULL, %s, %s, 'EUR', %s, %s, NULL, 0, 0)"""
ADD_TRANSFER = b"""INSERT INTO transfer (id, wallet_id, wallet_version, unit, kind, debit_account,
credit_account, amount, ref_kind, ref_id, reverses_id, actor, occurred_at, recorded_at,
balance_after, note_hash, prev_hash, hash)
VALUES (%s, %s, %s, 'points', 'accrual', 'issuance', 'available', %s, 'activity', %s, NULL, %s,
%s, %s, %s, NULL, %s, %s)"""
ADD_LOT = b"""INSERT INTO lot (id, wallet_id, source_transfer_id, amount, remaining, is_pending,
earned_at, available_at, expires_at) VALUES (%s, %s, %s, %s, %s, false, %s, %s, %s)"""
SET_WALLET = b"""UPDATE wallet SET available = %s, pending = %s, held = %s, debt = %s,
lifetime_earned = %s, version = %s, head_hash = %s WHERE id = %s"""
ADD_TO_CAP = b"""INSERT INTO earn_counter (member_id, cap_key, points) VALUES (%s, %s, %s)
ON CONFLICT (member_id, cap_key) DO UPDATE SET points = earn_counter.points + excluded.points"""
SET_FACTS = b"""INSERT INTO member_facts (member_id, purchases, visits, items, spend_minor,
qualifying_points, first_purchase_at, last_purchase_at, last_visit_on)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (member_id) DO UPDATE SET
purchases = excluded.purchases, visits = excluded.visits, items = excluded.items,
spend_minor = excluded.spend_minor, qualifying_points = excluded.qualifying_points,
first_purchase_at = excluded.first_purchase_at, last_purchase_at = excluded.last_purchase_at,
last_visit_on = excluded.last_visit_on"""
ADD_EVENT = b"""INSERT INTO outbox (id, topic, member_id, payload, created_at, available_at, state,
attempts) VALUES (%s, 'points.awarded', %s, %s, %s, %s, 'ready', 0)"""
ADD_RECORD = b"""INSERT INTO idempotency_record (principal, operation, key, fingerprint, status,
body, created_at, expires_at) VALUES (%s, %s, %s, %s, 201, %s, %s, %s)"""
MEMBER = b"SELECT first_name, status FROM member WHERE id = %s"
CARD = b"SELECT number FROM card WHERE member_id = %s AND state = 'active'"
BALANCES = b"SELECT unit, available, pending, held, debt FROM wallet WHERE member_id = %s"
EXPIRING = b"""SELECT l.expires_at, sum(l.remaining) FROM lot l JOIN wallet w ON w.id = l.wallet_id
WHERE w.member_id = %s AND w.unit = 'points' AND l.remaining > 0 AND NOT l.is_pending
AND l.expires_at IS NOT NULL GROUP BY l.expires_at ORDER BY l.expires_at"""
