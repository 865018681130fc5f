import type { CallDesk } from '../calls/contract.ts';
import { reviveError } from '../runtime/errors.ts';

/** An alert as people read it. */
export interface PlainAlert {
  readonly callId: string | null;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly atWallMs: number;
}

export function plainAlert(alert: CallDesk['alerts'][number]): PlainAlert {
  const { code, message, remedy } = reviveError(alert.error);
  return { callId: alert.callId, code, message, remedy, atWallMs: alert.atWallMs };
}
