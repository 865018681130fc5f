import type { CallDescriptions } from '../../src/calls/call-descriptions.ts';
import type { LiveEvent } from '../../src/calls/contract.ts';
import { Desk, type DeskOptions, type StoreLane } from '../../src/calls/desk.ts';
import type { TicketPrinter } from '../../src/calls/ticket-keeper.ts';
import type { TrunkConfig } from '../../src/config/store.ts';
import { PLAIN_SOUND } from '../../src/media/sound-policy.ts';
import type { DeliveryPlane } from '../../src/orders/contract.ts';
import type { Ticket } from '../../src/orders/ticket.ts';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { media, TestDelivery, TestInvite, TestMedia, TestUserAgent, testExtractor } from './test-rooms.ts';

const testTicket: StoreLane['toTicket'] = (order, call) =>
  ({
    ticketId: `tk_${call.callId}`,
    idempotencyKey: `tk_${call.callId}.r${order.revision}`,
    callId: call.callId,
    review: { needed: order.reviewReasons.length > 0, reasons: [...order.reviewReasons] },
  }) as Ticket;

/** As config/README.md has a trunk's defaults. */
export const loopbackTrunk: TrunkConfig = {
  id: 'loopback',
  allow: ['127.0.0.0/8'],
  match: { fromUser: null, header: null },
  users: [],
  requestsPerSecond: 2_000,
  codecs: null,
  srtp: 'allow',
  srtpKeysInClear: false,
  dtmf: ['rfc4733', 'info'],
  earlyMedia: false,
  aec: 'off',
  transfer: false,
  numbers: [],
};

/** A desk among test rooms; `realDelivery` takes the place of the one that only remembers, `toTicket` that of the lane's. */
export function deskFixture(
  changes: Partial<DeskOptions> = {},
  realDelivery?: DeliveryPlane,
  toTicket: StoreLane['toTicket'] = testTicket,
  greeting: string | null = null,
  createExtractor: StoreLane['createExtractor'] = testExtractor,
  cars: StoreLane['cars'] = null,
) {
  const clock = new FakeClock(Date.now());
  const plane = new TestMedia();
  const delivery = new TestDelivery();
  const userAgent = new TestUserAgent();
  const lane: StoreLane = {
    id: 'lane-1',
    trunk: 'loopback',
    user: null,
    personaId: 'nano',
    menuId: 'test',
    greeting,
    cars,
    apologyFiles: ['own-voice.wav', 'apology.wav'],
    createExtractor,
    readBack: null,
    toTicket,
    now: () => lane,
  };
  const printed: string[] = [];
  const printer: TicketPrinter = {
    async print(ticket, reason) {
      printed.push(`${ticket.idempotencyKey} ${reason}`);
      return { isPrinted: true, detail: 'printed' };
    },
  };
  const descriptions = (): CallDescriptions => ({
    readOffer(offer) {
      if (offer === 'no codec') throw new SpeakerpostError('INTERNAL', { reason: 'no common codec' });
      return offer === 'hold' ? { ...media, direction: 'recvonly' } : media;
    },
    readAnswer(answer) {
      if (answer !== 'late answer') throw new SpeakerpostError('INTERNAL', { reason: 'no common codec' });
      return media;
    },
    offer: (port) => `offer on ${port}`,
    answer: (offer, chosen, port) => `answer to ${offer} ${chosen.direction} on ${port}`,
    last: 'the last description',
    sound: PLAIN_SOUND,
  });
  const desk = new Desk(
    {
      storeId: 'store-1',
      trunks: [loopbackTrunk],
      lanes: [lane],
      bindAddress: '127.0.0.1',
      maxMs: 45_000,
      retryAfterSeconds: 10,
      recordingsDirectory: null,
      consent: null,
      callLogDirectory: null,
      crew: null,
      seed: 7,
      ...changes,
    },
    {
      userAgent,
      media: plane,
      describe: descriptions,
      describeCrew: descriptions,
      delivery: realDelivery ?? delivery,
      crewPrinter: printer,
      clock,
      log: silentLog,
      metrics: createMetrics(),
    },
  );
  const events: LiveEvent[] = [];
  desk.subscribe((event) => events.push(event));
  return {
    clock,
    plane,
    userAgent,
    delivery,
    printed,
    desk,
    events,
    states: () => events.flatMap((event) => (event.kind === 'call' ? [event.state] : [])),
    alerts: () => events.flatMap((event) => (event.kind === 'alert' ? [event.error.code] : [])),
    /** Rings, and waits until the call stands where its first awaits leave it. */
    async ring(invite = new TestInvite()) {
      userAgent.invite(invite);
      await settle();
      return invite;
    },
    speak(...words: readonly string[]) {
      const callId = desk.live[0]?.callId ?? '';
      words.forEach((word, index) => {
        plane.emit('spoken', { callId, frame: index, piece: ` ${word}`, atMs: 400 + index * 80 });
      });
      // Their sound goes out.
      clock.advance(400 + words.length * 80);
    },
    ended: () => delivery.records.flatMap((record) => (record.kind === 'ended' ? [record] : [])),
  };
}

/** Lets promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
