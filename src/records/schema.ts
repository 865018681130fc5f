import { callIndex } from './call-index.ts';

/**
 * The database's tables, one entry a version: `PRAGMA user_version` counts the entries that a file has had. Entries are never
 * edited once released; a change is a new one.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE calls (
    call_id         TEXT PRIMARY KEY,
    sip_call_id     TEXT NOT NULL,
    store_id        TEXT NOT NULL,
    lane            TEXT NOT NULL,
    caller          TEXT NOT NULL,
    source          TEXT NOT NULL,
    codec           TEXT NOT NULL,
    menu_id         TEXT NOT NULL,
    persona_id      TEXT NOT NULL,
    seed            INTEGER NOT NULL,
    consent         TEXT,
    started_wall_ms INTEGER NOT NULL,
    greeted_ms      REAL,
    duration_ms     REAL,
    outcome         TEXT NOT NULL DEFAULT 'live',
    reason          TEXT,
    stats           TEXT,
    recording       TEXT,
    -- JSON array: reasons that concern the call, beside those of its tickets.
    review_reasons  TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX calls_by_start ON calls (started_wall_ms);
  CREATE INDEX calls_live ON calls (call_id) WHERE outcome = 'live';

  CREATE TABLE words (
    call_id  TEXT NOT NULL,
    position INTEGER NOT NULL,
    turn     INTEGER NOT NULL,
    text     TEXT NOT NULL,
    from_ms  REAL NOT NULL,
    to_ms    REAL NOT NULL,
    PRIMARY KEY (call_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE call_log (
    id      INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL,
    at_ms   REAL NOT NULL,
    what    TEXT NOT NULL,
    detail  TEXT NOT NULL
  ) STRICT;
  CREATE INDEX call_log_by_call ON call_log (call_id, id);

  -- The growing orders of a call, as JSON; the last one stays.
  CREATE TABLE drafts (
    call_id TEXT PRIMARY KEY,
    orders  TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tickets (
    ticket_id    TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    call_id      TEXT NOT NULL,
    customer_seq INTEGER NOT NULL,
    body         TEXT NOT NULL,
    PRIMARY KEY (ticket_id, revision),
    UNIQUE (call_id, customer_seq, revision)
  ) STRICT, WITHOUT ROWID;

  -- One row a ticket, written in the same transaction: what is still to be sent.
  CREATE TABLE outbox (
    ticket_id         TEXT NOT NULL,
    revision          INTEGER NOT NULL,
    call_id           TEXT NOT NULL,
    state             TEXT NOT NULL,
    generation        INTEGER NOT NULL,
    attempts          INTEGER NOT NULL,
    -- The POS has said no for good: nothing is sent until somebody sends it again.
    refused           INTEGER NOT NULL,
    -- When attention is raised unless the POS has answered.
    attention_wall_ms INTEGER NOT NULL,
    -- Until when the job in the queue is trusted; null: there is no job.
    lease_wall_ms     INTEGER,
    -- Not put in the queue before this.
    next_wall_ms      INTEGER NOT NULL,
    pos_order_id      TEXT,
    PRIMARY KEY (ticket_id, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outbox_open ON outbox (state) WHERE state IN ('pending', 'queued', 'needs_attention');

  CREATE TABLE delivery_steps (
    id           INTEGER PRIMARY KEY,
    ticket_id    TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    call_id      TEXT NOT NULL,
    state        TEXT NOT NULL,
    what         TEXT NOT NULL,
    attempt      INTEGER,
    detail       TEXT,
    pos_order_id TEXT,
    at_wall_ms   INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX delivery_steps_by_ticket ON delivery_steps (ticket_id, revision, id);

  -- The last record of the running gateway that is written: a record handed over twice is written once.
  CREATE TABLE journal (
    run_id        TEXT PRIMARY KEY,
    last_sequence INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  callIndex,
];
