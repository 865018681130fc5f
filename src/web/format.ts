/** How figures are written on pages. */

export function money(cents: number, currency: string | null): string {
  const amount = cents / 100;
  if (currency === null || !/^[A-Za-z]{3}$/.test(currency)) return amount.toFixed(2);
  return new Intl.NumberFormat('en-US', { style: 'currency', currency }).format(amount);
}

/** `1:07`, for how long. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `1:07.4`, for a moment within a call. */
export function moment(ms: number): string {
  const tenths = Math.max(0, Math.floor(ms / 100));
  const seconds = Math.floor(tenths / 10);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}.${tenths % 10}`;
}

export function dateTime(wallMs: number, timezone: string): string {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(wallMs);
}

/** `needs_attention` as `needs attention`. */
export function plainName(code: string): string {
  return code.replaceAll('_', ' ');
}
