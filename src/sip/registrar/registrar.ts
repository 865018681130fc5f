import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Answer } from '../core/incoming-request.ts';
import type { Counters } from '../counters.ts';
import { parseAddress } from '../message/address.ts';
import { callIdOf, cseqOf, headerOf, isDigit, listOf, type SipRequest } from '../message/message.ts';
import { parseUri } from '../message/uri.ts';
import type { Hop } from '../transport/transport.ts';
import { type Binding, contactOf, type RegisteredContact, readContact } from './binding.ts';
import { readBindings, writeBindings } from './binding-file.ts';

/** What a device gets that names no time, and the most it gets: it is away for so long at most before we know. */
const DEFAULT_SECONDS = 3_600;
/** A device that wants less gets 423 (RFC 3261 10.3 step 7): thirty phones that register every second are a flood. */
const MIN_SECONDS = 60;
/** A name's devices; the oldest makes room. */
const CONTACTS_OF_ONE_NAME = 8;
/** Changes are written together. */
const WRITE_AFTER_MS = 500;

export interface RegistrarOptions {
  /** Where bindings outlive a restart; null: nowhere. */
  readonly file: string | null;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Log;
  /** Called with every change. */
  readonly onChange: (contacts: readonly RegisteredContact[]) => void;
}

/** A small registrar (RFC 3261 section 10.3): who showed a user's password is reached under that user's name. */
export class Registrar {
  readonly #options: RegistrarOptions;
  #bindings: Binding[];
  #writing: Timer | null = null;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    const { file, log, counters } = options;
    this.#bindings = file === null ? [] : readBindings(file, log);
    counters.gauge('registrations', () => this.contacts.length);
  }

  /** Who is registered now, the newest first. */
  get contacts(): readonly RegisteredContact[] {
    this.#forgetExpired();
    return this.#bindings.map(contactOf);
  }

  /** Answers a REGISTER that the authenticator let pass; `user`: whose password it showed, null: none was asked. */
  answer(request: SipRequest, from: Hop, user: string | null): Answer {
    const { log, counters } = this.#options;
    const name = parseUri(parseAddress(headerOf(request, 'to') ?? '')?.uri ?? '')?.user ?? '';
    if (user === null || name !== user) {
      counters.increment('registrations_refused');
      const why = user === null ? 'its trunk has no users' : 'the address of record is not its user';
      log.warn({ source: from.address, name, user, why }, 'REGISTER refused');
      return { status: 403, reason: 'Forbidden' };
    }
    this.#forgetExpired();
    const contacts = listOf(request, 'contact');
    const refusal = contacts.includes('*') ? this.#removeAll(request, name) : this.#bind(request, name, contacts, from);
    return refusal ?? this.#tell(name);
  }

  /** Writes what is not written yet. */
  close(): void {
    if (this.#writing === null) return;
    this.#writing.cancel();
    this.#write();
  }

  #bind(request: SipRequest, name: string, contacts: readonly string[], from: Hop): Answer | null {
    const { clock, log } = this.#options;
    const sequence = cseqOf(request)?.number ?? 0;
    const callId = callIdOf(request);
    const nowMs = clock.wallMs();
    const wanted: { binding: Binding; seconds: number }[] = [];
    for (const value of contacts) {
      const contact = readContact(value, name, from);
      if (contact === null) return { status: 400, reason: 'Bad Contact' };
      const { expires, ...place } = contact;
      const seconds = secondsOf(expires ?? headerOf(request, 'expires'));
      if (seconds > 0 && seconds < MIN_SECONDS) return tooBrief();
      if (this.#isOlder(contact.uri, name, callId, sequence)) return { status: 500, reason: 'CSeq Out of Order' };
      const granted = Math.min(seconds, DEFAULT_SECONDS);
      wanted.push({
        binding: { ...place, callId, sequence, expiresWallMs: nowMs + granted * 1_000 },
        seconds: granted,
      });
    }
    for (const { binding, seconds } of wanted) {
      const isKnown = this.#bindings.some((each) => isSame(each, binding));
      this.#bindings = this.#bindings.filter((each) => !isSame(each, binding));
      if (seconds > 0) this.#add(binding);
      if (isKnown !== seconds > 0) {
        const { protocol, address } = binding;
        const what = { name, contact: binding.uri, source: `${protocol}/${address}` };
        if (isKnown) log.info(what, 'SIP device gone');
        else log.info(what, 'SIP device registered');
      }
    }
    if (wanted.length > 0) this.#changed();
    return null;
  }

  #add(binding: Binding): void {
    const others = this.#bindings.filter((each) => each.name === binding.name);
    const oldest = others.length < CONTACTS_OF_ONE_NAME ? undefined : others.at(-1);
    this.#bindings = [binding, ...this.#bindings.filter((each) => each !== oldest)];
  }

  /** `Contact: *` is for leaving only (10.2.2). */
  #removeAll(request: SipRequest, name: string): Answer | null {
    const isLeaving = secondsOf(headerOf(request, 'expires')) === 0 && listOf(request, 'contact').length === 1;
    if (!isLeaving) return { status: 400, reason: 'Bad Contact' };
    const callId = callIdOf(request);
    const sequence = cseqOf(request)?.number ?? 0;
    const own = this.#bindings.filter((each) => each.name === name);
    if (own.some((each) => each.callId === callId && sequence <= each.sequence))
      return { status: 500, reason: 'CSeq Out of Order' };
    this.#bindings = this.#bindings.filter((each) => each.name !== name);
    if (own.length > 0) {
      this.#options.log.info({ name, contacts: own.length }, 'SIP devices gone');
      this.#changed();
    }
    return null;
  }

  #isOlder(uri: string, name: string, callId: string, sequence: number): boolean {
    return this.#bindings.some(
      (each) => each.name === name && each.uri === uri && each.callId === callId && sequence <= each.sequence,
    );
  }

  #tell(name: string): Answer {
    const nowMs = this.#options.clock.wallMs();
    const headers = this.#bindings
      .filter((each) => each.name === name)
      .map(({ uri, expiresWallMs }) => {
        return { name: 'contact', value: `<${uri}>;expires=${Math.ceil((expiresWallMs - nowMs) / 1_000)}` };
      });
    // Devices without a clock of their own take it from here (10.3 step 8).
    return { status: 200, reason: 'OK', headers: [...headers, { name: 'date', value: new Date(nowMs).toUTCString() }] };
  }

  #forgetExpired(): void {
    const nowMs = this.#options.clock.wallMs();
    if (this.#bindings.some((each) => each.expiresWallMs <= nowMs))
      this.#bindings = this.#bindings.filter((each) => each.expiresWallMs > nowMs);
  }

  #changed(): void {
    const { clock, file, onChange } = this.#options;
    onChange(this.contacts);
    if (file !== null) this.#writing ??= clock.after(WRITE_AFTER_MS, () => this.#write());
  }

  #write(): void {
    const { file, log } = this.#options;
    this.#writing = null;
    if (file === null) return;
    try {
      writeBindings(file, this.#bindings);
    } catch (error) {
      log.error({ err: error, file }, 'registrations not stored: devices must register again after a restart');
    }
  }
}

function isSame(one: Binding, other: Binding): boolean {
  return one.name === other.name && one.uri === other.uri;
}

/** What is no number counts as absent (20.19). */
function secondsOf(text: string | null | undefined): number {
  const isNumber = text !== null && text !== undefined && text !== '' && text.length <= 10 && [...text].every(isDigit);
  return isNumber ? Number(text) : DEFAULT_SECONDS;
}

function tooBrief(): Answer {
  return {
    status: 423,
    reason: 'Interval Too Brief',
    headers: [{ name: 'min-expires', value: String(MIN_SECONDS) }],
  };
}
