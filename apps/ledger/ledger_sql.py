"""SQL of the ledger: one statement per purpose, parameters bound."""

ADD_ASSET = "INSERT INTO asset (code, exponent) VALUES (?, ?) ON CONFLICT DO NOTHING"
EXPONENT = "SELECT exponent FROM asset WHERE code = ?"
ASSETS = "SELECT code, exponent FROM asset ORDER BY code"

ADD_ACCOUNT = (
    "INSERT INTO account (id, asset, kind, floor, opened_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
ACCOUNT = "SELECT asset, kind, posted, held, floor FROM account WHERE id = ?"
ACCOUNTS = "SELECT id, asset, kind, posted, held, floor, opened_at FROM account ORDER BY id"

REQUEST = "SELECT body, result FROM request WHERE key = ?"
ADD_REQUEST = "INSERT INTO request (key, body, result) VALUES (?, ?, ?)"

HEAD = "SELECT id, digest FROM txn ORDER BY id DESC LIMIT 1"
ADD_ENTRY = "INSERT INTO entry (txn, account, amount) VALUES (?, ?, ?)"
ADD_TXN = "INSERT INTO txn (id, key, at, about, reverses, prev, digest) VALUES (?, ?, ?, ?, ?, ?, ?)"
TXN = "SELECT id, key, at, about, reverses, prev, digest FROM txn WHERE id = ?"
TXN_BY_DIGEST = "SELECT id, key, at, about, reverses, prev, digest FROM txn WHERE digest = ?"
TXNS = "SELECT id, key, at, about, reverses, prev, digest FROM txn WHERE id > ? ORDER BY id LIMIT ?"
TXN_COUNT = "SELECT count(*) FROM txn"
REVERSED_BY = "SELECT id FROM txn WHERE reverses = ?"
ENTRIES = "SELECT account, amount FROM entry WHERE txn = ? ORDER BY account"
ENTRIES_OF_ACCOUNT = (
    "SELECT txn.id, txn.at, txn.about, entry.amount FROM entry JOIN txn ON txn.id = entry.txn"
    " WHERE entry.account = ? ORDER BY txn.id"
)

NEXT_HOLD = "SELECT coalesce(max(id), 0) + 1 FROM hold"
ADD_HOLD = "INSERT INTO hold (id, source, target, amount, at, expires_at) VALUES (?, ?, ?, ?, ?, ?)"
ADD_OUTCOME = "INSERT INTO hold_outcome (hold, outcome, txn, at) VALUES (?, ?, ?, ?)"
HOLD = (
    "SELECT hold.id, source, target, amount, expires_at, outcome FROM hold"
    " LEFT JOIN hold_outcome ON hold_outcome.hold = hold.id WHERE hold.id = ?"
)
HOLDS = (
    "SELECT hold.id, source, target, amount, expires_at, outcome FROM hold"
    " LEFT JOIN hold_outcome ON hold_outcome.hold = hold.id ORDER BY hold.id"
)
EXPIRED_HOLDS = "SELECT hold FROM open_hold WHERE expires_at <= ? ORDER BY expires_at, hold"

WRONG_BALANCES = """
SELECT account.id, account.posted, coalesce(sums.total, 0) FROM account
LEFT JOIN (SELECT account, sum(amount) AS total FROM entry GROUP BY account) AS sums
ON sums.account = account.id WHERE account.posted <> coalesce(sums.total, 0) ORDER BY account.id
"""
WRONG_HOLDS = """
SELECT account.id, account.held, coalesce(sums.total, 0) FROM account
LEFT JOIN (
    SELECT source, sum(amount) AS total FROM hold
    WHERE NOT EXISTS (SELECT 1 FROM hold_outcome WHERE hold_outcome.hold = hold.id) GROUP BY source
) AS sums ON sums.source = account.id WHERE account.held <> coalesce(sums.total, 0) ORDER BY account.id
"""
WRONG_OPEN_HOLDS = """
SELECT hold FROM open_hold WHERE hold IN (SELECT hold FROM hold_outcome)
UNION SELECT id FROM hold WHERE id NOT IN (SELECT hold FROM hold_outcome)
    AND id NOT IN (SELECT hold FROM open_hold)
"""
UNBALANCED = """
SELECT entry.txn, account.asset, sum(entry.amount) FROM entry JOIN account ON account.id = entry.account
GROUP BY entry.txn, account.asset HAVING sum(entry.amount) <> 0 ORDER BY entry.txn
"""
ORPHANS = "SELECT DISTINCT txn FROM entry WHERE txn NOT IN (SELECT id FROM txn)"
BELOW_FLOOR = "SELECT id FROM account WHERE floor IS NOT NULL AND posted - held < floor ORDER BY id"
