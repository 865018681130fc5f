/**
 * What the list, the search and the figures ask of a call, kept beside it by triggers: whoever writes a ticket, a draft or a
 * delivery step need not know of it, and no page reads a thousand tickets to show a hundred calls.
 */

/** Brings one call's row up to date. `call` is an SQL expression for its id. */
function refresh(call: string): string {
  return `
    UPDATE calls SET
      items = CASE WHEN EXISTS (SELECT 1 FROM tickets WHERE call_id = ${call})
        THEN (SELECT coalesce(sum(line.value ->> 'quantity'), 0) FROM ticket_heads, json_each(body, '$.lines') AS line
              WHERE call_id = ${call} AND body ->> '$.status' = 'confirmed')
        ELSE (SELECT coalesce(sum(line.value ->> 'quantity'), 0)
              FROM drafts, json_each(orders) AS draft, json_each(draft.value, '$.lines') AS line
              WHERE call_id = ${call} AND draft.value ->> 'status' <> 'abandoned') END,
      total_cents = CASE WHEN EXISTS (SELECT 1 FROM tickets WHERE call_id = ${call})
        THEN (SELECT sum(body ->> '$.totals.totalCents') FROM ticket_heads
              WHERE call_id = ${call} AND body ->> '$.status' = 'confirmed')
        ELSE (SELECT sum(draft.value ->> '$.totals.totalCents') FROM drafts, json_each(orders) AS draft
              WHERE call_id = ${call} AND draft.value ->> 'status' <> 'abandoned') END,
      currency = (SELECT body ->> '$.currency' FROM tickets WHERE call_id = ${call} LIMIT 1),
      order_ms = (SELECT max(unixepoch(body ->> '$.times.confirmed', 'subsec') * 1000) FROM tickets
                  WHERE call_id = ${call} AND revision = 1) - started_wall_ms - greeted_ms,
      delivery_state = (SELECT state FROM outbox WHERE call_id = ${call} ORDER BY CASE state
        WHEN 'needs_attention' THEN 0 WHEN 'dead' THEN 1 WHEN 'pending' THEN 2 WHEN 'queued' THEN 3 ELSE 4 END LIMIT 1),
      flags = (SELECT json_group_array(flag) FROM (
        SELECT value AS flag FROM json_each(calls.review_reasons)
        UNION SELECT reason.value FROM ticket_heads, json_each(body, '$.review.reasons') AS reason
        WHERE call_id = ${call}))
    WHERE call_id = ${call};
    DELETE FROM call_flags WHERE call_id = ${call};
    INSERT INTO call_flags SELECT value, started_wall_ms, call_id FROM calls, json_each(flags) WHERE call_id = ${call};`;
}

/** Brings the words and items that a call is found by up to date. */
function index(call: string): string {
  return `
    DELETE FROM call_text WHERE rowid = (SELECT search_id FROM calls WHERE call_id = ${call});
    INSERT INTO call_text (rowid, said, sold) SELECT search_id,
      (SELECT group_concat(text, ' ') FROM (SELECT text FROM words WHERE call_id = ${call} ORDER BY position)),
      (SELECT group_concat(line.value ->> 'name', ' ') FROM ticket_heads, json_each(body, '$.lines') AS line
       WHERE call_id = ${call})
    FROM calls WHERE call_id = ${call} AND outcome <> 'live';`;
}

export const callIndex = `
  -- Counts calls in the order of their start: what the text index knows them by.
  ALTER TABLE calls ADD COLUMN search_id INTEGER;
  ALTER TABLE calls ADD COLUMN items INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE calls ADD COLUMN total_cents INTEGER;
  ALTER TABLE calls ADD COLUMN currency TEXT;
  ALTER TABLE calls ADD COLUMN delivery_state TEXT;
  -- JSON array: the call's own reasons for review and those of its tickets' last revisions.
  ALTER TABLE calls ADD COLUMN flags TEXT NOT NULL DEFAULT '[]';
  -- From the greeting to the order's close.
  ALTER TABLE calls ADD COLUMN order_ms REAL;
  -- From the order's close to the POS's answer.
  ALTER TABLE calls ADD COLUMN pos_ms REAL;
  CREATE UNIQUE INDEX calls_by_search_id ON calls (search_id);
  CREATE INDEX calls_by_lane ON calls (lane, started_wall_ms, call_id);
  CREATE INDEX calls_by_outcome ON calls (outcome, started_wall_ms, call_id);
  CREATE INDEX outbox_by_call ON outbox (call_id);

  CREATE TABLE call_flags (
    flag            TEXT NOT NULL,
    started_wall_ms INTEGER NOT NULL,
    call_id         TEXT NOT NULL,
    PRIMARY KEY (flag, started_wall_ms, call_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX call_flags_by_call ON call_flags (call_id);

  -- Contentless: the words themselves are in \`words\` and \`tickets\`.
  CREATE VIRTUAL TABLE call_text USING fts5 (said, sold, content = '', contentless_delete = 1,
    tokenize = "porter unicode61 remove_diacritics 2");

  CREATE VIEW ticket_heads AS SELECT * FROM tickets AS own WHERE revision =
    (SELECT max(revision) FROM tickets WHERE call_id = own.call_id AND customer_seq = own.customer_seq);

  CREATE TRIGGER call_started AFTER INSERT ON calls BEGIN
    UPDATE calls SET search_id = (SELECT coalesce(max(search_id), 0) + 1 FROM calls) WHERE call_id = new.call_id;
    -- Its ticket may have been stored first: the delivery thread was away when it began.
    ${refresh('new.call_id')}
  END;
  CREATE TRIGGER call_ended AFTER UPDATE OF outcome, review_reasons ON calls BEGIN
    ${refresh('new.call_id')}
    ${index('new.call_id')}
  END;
  CREATE TRIGGER call_deleted AFTER DELETE ON calls BEGIN
    DELETE FROM call_flags WHERE call_id = old.call_id;
    DELETE FROM call_text WHERE rowid = old.search_id;
  END;
  CREATE TRIGGER draft_written AFTER INSERT ON drafts BEGIN
    ${refresh('new.call_id')}
  END;
  CREATE TRIGGER ticket_written AFTER INSERT ON tickets BEGIN
    ${refresh('new.call_id')}
    ${index('new.call_id')}
  END;
  CREATE TRIGGER delivery_begun AFTER INSERT ON outbox BEGIN
    ${refresh('new.call_id')}
  END;
  CREATE TRIGGER delivery_changed AFTER UPDATE OF state ON outbox WHEN new.state <> old.state BEGIN
    ${refresh('new.call_id')}
  END;
  CREATE TRIGGER delivery_acked AFTER INSERT ON delivery_steps WHEN new.state = 'acked' AND new.revision = 1 BEGIN
    UPDATE calls SET pos_ms = new.at_wall_ms - (SELECT min(at_wall_ms) FROM delivery_steps
      WHERE ticket_id = new.ticket_id AND revision = 1) WHERE call_id = new.call_id AND pos_ms IS NULL;
  END;

  -- Calls of before.
  UPDATE calls SET search_id = numbered.number FROM (
    SELECT call_id AS id, row_number() OVER (ORDER BY started_wall_ms) AS number FROM calls) AS numbered WHERE id = call_id;
  UPDATE calls SET outcome = outcome;
`;
