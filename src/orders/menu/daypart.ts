import type { Daypart } from './schema.ts';

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** The first daypart that covers the moment by the store's clock; null where none does. `timezone`: an IANA name. */
export function daypartAt(dayparts: readonly Daypart[], wallMs: number, timezone: string): Daypart | null {
  if (dayparts.length === 0) return null;
  const { day, minutes } = storeTime(wallMs, timezone);
  return dayparts.find((part) => covers(part, day, minutes)) ?? null;
}

function covers({ from, to, days }: Daypart, day: number, minutes: number): boolean {
  const [begins, ends] = [minutesOf(from), minutesOf(to)];
  const isDay = (index: number) => days.includes(dayNames[(index + 7) % 7] ?? 'sun');
  if (begins < ends) return isDay(day) && minutes >= begins && minutes < ends;
  // Past midnight it is still the day on which it began.
  return (isDay(day) && minutes >= begins) || (isDay(day - 1) && minutes < ends);
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return 60 * hours + minutes;
}

/** Day of the week from Sunday and minutes since midnight. */
function storeTime(wallMs: number, timezone: string): { readonly day: number; readonly minutes: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(wallMs);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  const day = (dayNames as readonly string[]).indexOf(part('weekday').toLowerCase());
  return { day, minutes: 60 * Number(part('hour')) + Number(part('minute')) };
}
