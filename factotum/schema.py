"""The tables of the ledger, version by version. A step that was released is never changed."""

from __future__ import annotations

#: Version 1: tasks, their runs, what was asked, decided and attempted, and the events.
FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE task (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
  trust TEXT NOT NULL, source TEXT NOT NULL, source_id TEXT NOT NULL, origin TEXT NOT NULL,
  original BLOB NOT NULL, facts TEXT NOT NULL, created REAL NOT NULL, missing REAL
) STRICT;
CREATE INDEX task_origin ON task (origin);
CREATE INDEX task_name ON task (name);
CREATE TABLE seen (
  source TEXT NOT NULL, source_id TEXT NOT NULL, task TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (source, source_id)
) STRICT;
CREATE TABLE run (
  task TEXT NOT NULL REFERENCES task (id), n INTEGER NOT NULL, started REAL NOT NULL,
  plan TEXT, ended REAL, result TEXT, reason TEXT, final TEXT,
  projected INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (task, n)
) STRICT;
CREATE INDEX run_open ON run (projected) WHERE projected = 0;
CREATE TABLE step (
  task TEXT NOT NULL, run INTEGER NOT NULL, idx INTEGER NOT NULL,
  status TEXT NOT NULL, data TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (task, run, idx)
) STRICT;
CREATE TABLE card (
  id TEXT PRIMARY KEY, task TEXT NOT NULL REFERENCES task (id), run INTEGER NOT NULL,
  idx INTEGER NOT NULL, again INTEGER NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
  name TEXT NOT NULL, version INTEGER NOT NULL, remark TEXT NOT NULL DEFAULT '',
  settled INTEGER NOT NULL DEFAULT 0, lies TEXT NOT NULL DEFAULT '',
  wrote TEXT NOT NULL DEFAULT '',
  created REAL NOT NULL, UNIQUE (task, run, idx, again)
) STRICT;
CREATE INDEX card_open ON card (settled) WHERE settled = 0;
CREATE TABLE seal (
  card TEXT NOT NULL REFERENCES card (id), version INTEGER NOT NULL, tool TEXT NOT NULL,
  pin TEXT NOT NULL, args TEXT NOT NULL, attachments TEXT NOT NULL, account TEXT NOT NULL,
  trust TEXT NOT NULL, policy TEXT NOT NULL, ttl_s REAL NOT NULL, nonce TEXT NOT NULL,
  epoch TEXT NOT NULL, digest TEXT NOT NULL, effect TEXT NOT NULL, risk TEXT NOT NULL,
  rule TEXT NOT NULL, about TEXT NOT NULL, created REAL NOT NULL,
  shown REAL, deadline REAL, closed TEXT,
  PRIMARY KEY (card, version)
) STRICT;
CREATE TABLE decision (
  card TEXT NOT NULL, version INTEGER NOT NULL, verdict TEXT NOT NULL, channel TEXT NOT NULL,
  who TEXT NOT NULL, digest TEXT NOT NULL, why TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (card, version), FOREIGN KEY (card, version) REFERENCES seal (card, version)
) STRICT;
CREATE TABLE attempt (
  card TEXT NOT NULL, version INTEGER NOT NULL, n INTEGER NOT NULL, key TEXT NOT NULL,
  at REAL NOT NULL, clean TEXT,
  PRIMARY KEY (card, version, n), FOREIGN KEY (card, version) REFERENCES decision (card, version)
) STRICT;
CREATE TABLE outcome (
  card TEXT NOT NULL, version INTEGER NOT NULL, status TEXT NOT NULL, evidence TEXT NOT NULL,
  at REAL NOT NULL,
  PRIMARY KEY (card, version), FOREIGN KEY (card, version) REFERENCES seal (card, version)
) STRICT;
CREATE TABLE wish (
  seq INTEGER PRIMARY KEY, card TEXT NOT NULL, what TEXT NOT NULL, channel TEXT NOT NULL,
  who TEXT NOT NULL, at REAL NOT NULL, granted REAL
) STRICT;
CREATE TABLE event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL,
  task TEXT NOT NULL, card TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
"""

#: Version 2: what a model said and cost, whose words a note of ours carries, what was said
#: in one conversation. Money is in millionths of a dollar, so that sums stay exact.
THOUGHT = """
CREATE TABLE turn (
  task TEXT NOT NULL, run INTEGER NOT NULL, n INTEGER NOT NULL, reply TEXT NOT NULL,
  model TEXT NOT NULL, words INTEGER NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (task, run, n), FOREIGN KEY (task, run) REFERENCES run (task, n)
) STRICT;
CREATE TABLE spend (
  seq INTEGER PRIMARY KEY, root TEXT NOT NULL, task TEXT NOT NULL, run INTEGER NOT NULL,
  outside INTEGER NOT NULL, model TEXT NOT NULL, reserved INTEGER NOT NULL, cost INTEGER,
  sent INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0, at REAL NOT NULL
) STRICT;
CREATE INDEX spend_at ON spend (at);
CREATE INDEX spend_root ON spend (root);
CREATE INDEX spend_task ON spend (task, run);
CREATE TABLE made (
  name TEXT PRIMARY KEY, card TEXT NOT NULL, trust TEXT NOT NULL, at REAL NOT NULL
) STRICT;
CREATE TABLE talk (
  conversation TEXT NOT NULL, task TEXT NOT NULL REFERENCES task (id), at REAL NOT NULL,
  PRIMARY KEY (conversation, at, task)
) STRICT;
"""

#: Version 3: permissions with an end, what a person is to be told, how often a rule was used.
HOUSE = """
CREATE TABLE permission (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, tool TEXT NOT NULL, scope TEXT NOT NULL,
  task TEXT NOT NULL, trust TEXT NOT NULL, card TEXT NOT NULL, until REAL NOT NULL,
  most INTEGER NOT NULL, channel TEXT NOT NULL, who TEXT NOT NULL, at REAL NOT NULL,
  epoch TEXT NOT NULL, ended REAL
) STRICT;
CREATE INDEX permission_open ON permission (ended) WHERE ended IS NULL;
CREATE TABLE notice (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, text TEXT NOT NULL,
  urgent INTEGER NOT NULL, at REAL NOT NULL, told REAL,
  card TEXT NOT NULL DEFAULT '', how TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX notice_open ON notice (told) WHERE told IS NULL;
CREATE INDEX decision_by_rule ON decision (who, at) WHERE channel = 'rule';
"""

#: Version 4: the place of each event in the audit chain, as `views/links.py` gives it. What
#: happened before that has none.
CHAIN = """
CREATE TABLE chain (
  n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, mac BLOB NOT NULL, digest BLOB NOT NULL
) STRICT;
CREATE INDEX chain_seq ON chain (seq);
INSERT INTO meta SELECT 'chain_after', CAST(coalesce(max(seq), 0) AS TEXT) FROM event;
"""

#: Version 5: what watchers heard that waits to be told together, the mails that joined a task
#: that was open, and the ended runs of which the note that they came from is not told yet.
HEARD = """
CREATE TABLE bundled (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL, source_id TEXT NOT NULL, bundle TEXT NOT NULL,
  heading TEXT NOT NULL, due REAL NOT NULL, title TEXT NOT NULL, sender TEXT NOT NULL,
  text TEXT NOT NULL, trust TEXT NOT NULL, received REAL NOT NULL, n INTEGER NOT NULL DEFAULT 1,
  task TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX bundled_of ON bundled (source, bundle);
CREATE TABLE echo (
  task TEXT NOT NULL, run INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (task, run)
) STRICT;
CREATE TABLE joined (
  seq INTEGER PRIMARY KEY, source TEXT NOT NULL, source_id TEXT NOT NULL, task TEXT NOT NULL,
  message_id TEXT NOT NULL, what TEXT NOT NULL, files TEXT NOT NULL, at REAL NOT NULL,
  applied REAL, told REAL, anew TEXT, UNIQUE (source, source_id)
) STRICT;
CREATE INDEX joined_of ON joined (task);
CREATE INDEX joined_id ON joined (message_id);
CREATE INDEX joined_open ON joined (seq) WHERE told IS NULL AND anew IS NULL;
CREATE INDEX task_letter ON task (json_extract(facts, '$.properties.message_id'))
  WHERE kind = 'email';
CREATE INDEX attempt_key ON attempt (key);
"""

#: Version 6: what is said on a channel, one row for each message that stands there, with the
#: buttons below it, each good for one tap; and what a person wants changed in a draft.
CHANNELS = """
CREATE TABLE said (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, chat TEXT NOT NULL,
  key TEXT NOT NULL, kind TEXT NOT NULL, rank INTEGER NOT NULL, wanted TEXT NOT NULL,
  made_of TEXT NOT NULL, stage TEXT NOT NULL DEFAULT '', shows TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL, due INTEGER NOT NULL, message TEXT NOT NULL DEFAULT '',
  tries INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0,
  why TEXT NOT NULL DEFAULT '', at REAL NOT NULL, told REAL, UNIQUE (channel, chat, key)
) STRICT;
CREATE INDEX said_due ON said (channel, rank, seq) WHERE due = 1;
CREATE INDEX said_there ON said (channel, chat, message);
CREATE INDEX said_key ON said (channel, key);
CREATE INDEX said_prompt ON said (at) WHERE kind = 'prompt' AND stage <> '';
CREATE INDEX said_later ON said (channel, kind, seq) WHERE stage <> '';
CREATE INDEX said_unsaid ON said (channel, kind) WHERE state = 'waiting';
CREATE INDEX said_failed ON said (channel, kind) WHERE state = 'failed';
CREATE INDEX said_doubt ON said (channel, state) WHERE state IN ('lost', 'failed');
CREATE INDEX said_sending ON said (channel) WHERE state = 'sending';
CREATE INDEX said_told ON said (channel, chat, told) WHERE state = 'sent';
CREATE INDEX notice_told ON notice (told, seq) WHERE how = 'told';
CREATE TABLE button (
  token TEXT PRIMARY KEY, said INTEGER NOT NULL REFERENCES said (seq), card TEXT NOT NULL,
  digest TEXT NOT NULL, wish TEXT NOT NULL, at REAL NOT NULL, used REAL,
  who TEXT NOT NULL DEFAULT '', tap TEXT NOT NULL DEFAULT '', label TEXT NOT NULL DEFAULT '',
  stamp TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX button_of ON button (said);
CREATE TABLE redraft (
  seq INTEGER PRIMARY KEY, card TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL,
  kind TEXT NOT NULL, text TEXT NOT NULL, channel TEXT NOT NULL, who TEXT NOT NULL,
  at REAL NOT NULL, begun REAL, done REAL, why TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX redraft_open ON redraft (seq) WHERE done IS NULL;
CREATE INDEX redraft_of ON redraft (card, seq);
"""

#: What brings a ledger from each version to the next one.
STEPS = (FIRST, THOUGHT, HOUSE, CHAIN, HEARD, CHANNELS)

#: A ledger with a higher version was written by a newer Factotum and is refused; a lower one
#: is brought up to date step by step.
SCHEMA_VERSION = len(STEPS)
