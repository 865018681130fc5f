const KEYS = '0123456789*#ABCD';

/**
 * The key that a SIP INFO tells: `application/dtmf-relay` has lines `Signal=5`, `Duration=160`; `application/dtmf` is the key alone (or
 * its event number 10 for *, 11 for #). Neither has an RFC; this is how intercoms and ATAs write them. null: no key.
 */
export function dtmfDigitOf(contentType: string, body: string): string | null {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/dtmf') return keyOf(body);
  if (type !== 'application/dtmf-relay') return null;
  const signal = body.split('\n').find((line) => line.trim().toLowerCase().startsWith('signal'));
  const equals = signal?.indexOf('=') ?? -1;
  return signal === undefined || equals < 0 ? null : keyOf(signal.slice(equals + 1));
}

function keyOf(text: string): string | null {
  const key = text.trim().toUpperCase();
  if (key.length === 1 && KEYS.includes(key)) return key;
  if (key === '10') return '*';
  return key === '11' ? '#' : null;
}
