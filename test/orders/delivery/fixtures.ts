import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { DeliveryOptions, DeliveryStep } from '../../../src/orders/contract.ts';
import type { Ticket } from '../../../src/orders/ticket.ts';
import type { CallRecordEvent } from '../../../src/records/contract.ts';
import { eventually } from '../../support/eventually.ts';

export const secret = `whsec_${Buffer.from('a secret of thirty-two bytes len').toString('base64')}`;

export function makeTicket(name: string, change: Partial<Ticket> = {}): Ticket {
  const revision = change.revision ?? 1;
  return {
    schema: 'speakerpost.ticket/1',
    ticketId: `tk_${name}`,
    revision,
    supersedes: null,
    idempotencyKey: `tk_${name}.r${revision}`,
    store: { id: 'store-12', externalId: null, timezone: 'America/Chicago' },
    lane: 'lane-1',
    callId: `c_${name}`,
    customerSeq: 1,
    status: 'confirmed',
    fulfilment: { type: 'drive_thru' },
    currency: 'USD',
    menu: { id: 'burger-barn', version: '1', sha256: '00' },
    lines: [
      {
        lineId: 'l1',
        itemId: 'burger',
        name: 'Burger',
        posRef: null,
        quantity: 2,
        size: null,
        unitPriceCents: 500,
        modifiers: [],
        combo: null,
        note: null,
        totalCents: 1_000,
        confidence: 0.9,
        evidence: [{ turn: 1, fromMs: 1_000, toMs: 1_900, text: 'two burgers' }],
      },
    ],
    totals: {
      subtotalCents: 1_000,
      taxCents: 0,
      taxIncluded: true,
      totalCents: 1_000,
      spokenTotalCents: 1_000,
      spokenMatches: true,
    },
    notes: [],
    review: { needed: false, reasons: [] },
    history: [],
    times: { callStarted: '2026-11-25T12:00:00.000Z', greeted: null, confirmed: '2026-11-25T12:00:40.000Z' },
    producer: { name: 'speakerpost', version: '0.1.0' },
    ...change,
  };
}

/** A database file in a folder that is removed with the test. */
export function temporaryDatabase(test: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'speakerpost-'));
  test.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'store.db');
}

export function deliveryOptions(
  databaseFile: string,
  url: string,
  change: Partial<DeliveryOptions> = {},
): DeliveryOptions {
  return {
    databaseFile,
    queue: 'embedded',
    storeId: 'store-12',
    review: 'send',
    crewPrinter: null,
    ordersPerSecond: 20,
    pos: { kind: 'webhook', url, secret, timeoutMs: 2_000 },
    // Far away: on a busy machine the embedded queue alone can take 20 s to start.
    attentionAfterMs: 600_000,
    ...change,
  };
}

export function startedCall(callId: string, startedWallMs = 1_764_000_000_000): CallRecordEvent {
  return {
    kind: 'started',
    callId,
    sipCallId: `sip-${callId}`,
    storeId: 'store-12',
    lane: 'lane-1',
    from: 'sip:intercom@127.0.0.1',
    source: '127.0.0.1:5062',
    codec: 'PCMU',
    menuId: 'burger-barn',
    personaId: 'nano',
    seed: 7,
    consent: null,
    startedWallMs,
  };
}

/** Waits for what threads and servers do; the embedded queue alone can take 20 s to start. */
export function soon<Value>(ask: () => Value | Promise<Value>): Promise<Exclude<Value, null | undefined | false>> {
  return eventually(String(ask), 80_000, ask);
}

/** What a ticket went through, in short: `committed`, `attempt HTTP 503`, `acked HTTP 200`. */
export function trailOf(steps: readonly DeliveryStep[], ticketId: string): string[] {
  return steps
    .filter((step) => step.ticketId === ticketId)
    .map((step) => (step.what === 'attempt' || step.what === 'acked' ? `${step.what} ${step.detail}` : step.what));
}
