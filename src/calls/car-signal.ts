import { dtmfDigitOf } from './info-dtmf.ts';

/** A car came to the speaker, or drove on. */
export type CarSignal = 'arrived' | 'left';

/** How a lane whose call stays up is told of cars. */
export interface CarSignals {
  /** Keys, by RTP event or SIP INFO; null: none. */
  readonly arrivedKey: string | null;
  readonly leftKey: string | null;
  /** Words in the body of an INFO or MESSAGE of another type than a key's. */
  readonly arrivedText: string;
  readonly leftText: string;
}

export function signalOfKey(signals: CarSignals, key: string): CarSignal | null {
  if (key === signals.arrivedKey) return 'arrived';
  return key === signals.leftKey ? 'left' : null;
}

/** The signal in an INFO or MESSAGE; null: it is something else. */
export function signalOfInfo(signals: CarSignals, contentType: string, body: string): CarSignal | null {
  const key = dtmfDigitOf(contentType, body);
  if (key !== null) return signalOfKey(signals, key);
  const text = body.toLowerCase();
  // "left" first: a device that repeats both names in one body says what is over.
  if (text.includes(signals.leftText.toLowerCase())) return 'left';
  return text.includes(signals.arrivedText.toLowerCase()) ? 'arrived' : null;
}
