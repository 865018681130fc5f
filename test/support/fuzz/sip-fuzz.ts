import { readOffer } from '../../../src/media/sdp/answer.ts';
import { SendKeys } from '../../../src/media/sdp/policy.ts';
import { SpeakerpostError } from '../../../src/runtime/errors.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { Authenticator } from '../../../src/sip/auth/authenticator.ts';
import { Core } from '../../../src/sip/core/core.ts';
import type { Answer } from '../../../src/sip/core/incoming-request.ts';
import { nobodyListens } from '../../../src/sip/core/outgoing-request.ts';
import { Counters } from '../../../src/sip/counters.ts';
import { noBody } from '../../../src/sip/message/message.ts';
import { parseMessage } from '../../../src/sip/message/reader.ts';
import { sdpOf } from '../../../src/sip/message/sdp-body.ts';
import { SipSyntaxError } from '../../../src/sip/message/syntax-error.ts';
import { AllowList } from '../../../src/sip/transport/allow-list.ts';
import { SourceGate } from '../../../src/sip/transport/source-gate.ts';
import { StreamFramer } from '../../../src/sip/transport/stream-framer.ts';
import { createUdpTransport } from '../../../src/sip/transport/udp.ts';
import { type FuzzFindings, FuzzWatch } from './fuzz-watch.ts';
import { Mutator, SeededRandom } from './mutator.ts';
import { sipRequests, sipResponses, sipWords } from './sip-corpus.ts';

const PEER = '192.0.2.9';
const MOST_BYTES = 20_000;
/** Messages between two long pauses in which every timer runs out. */
const PAUSE_EVERY = 200;
const REMEMBERED = 16;

const answers: readonly (Answer | null)[] = [
  { status: 200, reason: 'OK', body: Buffer.from('v=0\r\n') },
  { status: 200, reason: 'OK' },
  { status: 180, reason: 'Ringing' },
  { status: 183, reason: 'Progress', headers: [{ name: 'require', value: '100rel' }], body: Buffer.from('v=0\r\n') },
  { status: 486, reason: 'Busy Here' },
  null,
];

type DatagramListener = (bytes: Uint8Array, address: string, port: number) => void;

export interface SipFuzzFindings extends FuzzFindings {
  /** Messages that the parser took. */
  readonly accepted: number;
  /** Dialogs, transactions, open requests and timers at the end, when all time has passed. */
  readonly left: readonly number[];
}

/**
 * Mutated SIP messages, one after the other, through everything that a stranger's bytes reach: the datagram parser and the stream framer,
 * transactions and dialogs with an application that answers at random and calls back, Digest, SDP.
 */
export function fuzzSip(count: number, seed: number, onProgress: (done: number) => void = () => {}): SipFuzzFindings {
  const mutator = new Mutator(new SeededRandom(seed), sipWords);
  const target = new SipTarget(mutator.random);
  const watch = new FuzzWatch();
  for (let done = 0; done < count; done++) {
    const { random } = mutator;
    const isResponse = random.below(4) === 0;
    const seedText = target.fill(random.of(isResponse ? sipResponses : sipRequests, ''));
    const other = Buffer.from(random.of(sipRequests, ''));
    const bytes = mutator.mutate(Buffer.from(seedText), other, MOST_BYTES);
    watch.run(
      bytes,
      () => target.take(bytes),
      () => void target.parse(bytes),
    );
    if (done % PAUSE_EVERY === PAUSE_EVERY - 1)
      watch.run(
        bytes,
        () => target.pause(),
        () => {},
      );
    if (done % 10_000 === 9_999) onProgress(done + 1);
  }
  watch.run(
    noBody,
    () => target.pause(),
    () => {},
  );
  return { ...watch.findings(), accepted: target.accepted, left: target.left() };
}

class SipTarget {
  accepted = 0;
  readonly #random: SeededRandom;
  readonly #clock = new FakeClock();
  readonly #counters = new Counters();
  readonly #core: Core;
  readonly #owner = {};
  /** To tags of our answers and texts of our requests, newest last: what the next messages refer to. */
  readonly #tags: string[] = [];
  readonly #requests: string[] = [];
  #receive: DatagramListener = () => {};
  #framer = new StreamFramer();

  constructor(random: SeededRandom) {
    this.#random = random;
    const clock = this.#clock;
    const counters = this.#counters;
    const gate = new SourceGate(new AllowList(null), counters, silentLog, clock);
    const socket = {
      address: '192.0.2.2',
      port: 5_060,
      onError: () => {},
      onMessage: (listener: DatagramListener) => {
        this.#receive = listener;
      },
      send: (bytes: Uint8Array) => this.#remember(Buffer.from(bytes).toString('latin1')),
      close: async () => {},
    };
    let ids = 0;
    this.#core = new Core({
      transports: [createUdpTransport({ socket, gate, externalAddress: null, counters })],
      clock,
      counters,
      log: silentLog,
      newId: () => `n${ids++}`,
      random: () => random.below(1_000) / 1_000,
      authenticator: new Authenticator([{ allow: ['192.0.2.77'], users: [{ user: 'a', password: 'b' }] }], {
        clock,
        counters,
        log: silentLog,
      }),
      user: {
        request: (request) => {
          request.owner = this.#owner;
          const answer = random.of(answers, null);
          if (answer !== null) this.#core.server.respond(request, answer);
          if (answer?.status === 183)
            clock.after(50, () => this.#core.server.respond(request, { status: 200, reason: 'OK' }));
        },
        ack: () => {},
        cancelled: () => {},
        ended: () => {},
      },
    });
  }

  /** Fills in what a message refers to. */
  fill(text: string): string {
    const request = this.#random.of(this.#requests, '');
    const headerIn = (name: string) => {
      const start = request.indexOf(`\r\n${name}: `);
      return start < 0 ? '' : request.slice(start + name.length + 4, request.indexOf('\r\n', start + 2));
    };
    return text
      .replaceAll('@CALL@', String(this.#random.below(40)))
      .replaceAll('@BRANCH@', String(this.#random.below(400)))
      .replaceAll('@TAG@', this.#random.of(this.#tags, 'none'))
      .replaceAll('@VIA@', headerIn('Via'))
      .replaceAll('@FROM@', headerIn('From'))
      .replaceAll('@CALLID@', headerIn('Call-ID'))
      .replaceAll('@CSEQ@', headerIn('CSeq'));
  }

  take(bytes: Buffer): void {
    this.parse(bytes);
    this.#receive(bytes, PEER, 5_060);
    if (this.#random.below(20) === 0) this.#call();
    if (this.#random.below(8) === 0) this.#clock.advance(this.#random.below(2_000));
  }

  /** The parsers alone. */
  parse(bytes: Buffer): void {
    try {
      const message = parseMessage(bytes);
      this.accepted++;
      readSdp(sdpOf('application/sdp', Buffer.from(message.body).toString()));
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
    }
    try {
      const cut = this.#random.below(bytes.length + 1);
      this.#framer.push(bytes.subarray(0, cut), { message: (whole) => void tryParse(whole), ping: () => {} });
      this.#framer.push(bytes.subarray(cut), { message: (whole) => void tryParse(whole), ping: () => {} });
    } catch (error) {
      // The connection would be closed; the next one begins anew.
      this.#framer = new StreamFramer();
      if (!(error instanceof SipSyntaxError)) throw error;
    }
  }

  /** Longer than any timer of SIP. */
  pause(): void {
    this.#core.releaseOwner(this.#owner, 'over');
    this.#clock.advance(200_000);
  }

  left(): readonly number[] {
    const counters = this.#counters.snapshot();
    const names = ['dialogs', 'client_transactions', 'server_transactions', 'requests_unanswered'];
    return [...names.map((name) => counters[name] ?? -1), this.#clock.pendingCount];
  }

  #call(): void {
    const draft = {
      method: this.#random.of(['INVITE', 'OPTIONS'], 'INVITE'),
      uri: `sip:post@${PEER}`,
      headers: [],
      body: Buffer.from('v=0\r\n'),
    };
    this.#core.client.request(
      draft,
      { owner: this.#owner },
      {
        ...nobodyListens,
        response: ({ status }, dialog) => {
          if (draft.method === 'INVITE' && status >= 200 && status < 300 && dialog !== null)
            this.#core.client.ack(dialog, { method: 'ACK', uri: 'sip:x', headers: [], body: noBody }, () => {});
        },
      },
    );
  }

  #remember(text: string): void {
    if (!text.startsWith('SIP/')) keep(this.#requests, text);
    const to = text.indexOf('\r\nTo: ');
    const tag = to < 0 ? -1 : text.indexOf(';tag=', to);
    if (tag > 0) keep(this.#tags, text.slice(tag + 5, text.indexOf('\r\n', tag)));
  }
}

function keep(list: string[], value: string): void {
  list.push(value);
  if (list.length > REMEMBERED) list.shift();
}

function tryParse(bytes: Uint8Array): void {
  try {
    parseMessage(bytes);
  } catch (error) {
    if (!(error instanceof SipSyntaxError)) throw error;
  }
}

function readSdp(text: string | null): void {
  if (text === null) return;
  try {
    readOffer(text, { codecs: null, srtp: 'allow', keysMayBeRead: true, keys: new SendKeys() });
  } catch (error) {
    if (!(error instanceof SpeakerpostError)) throw error;
  }
}
