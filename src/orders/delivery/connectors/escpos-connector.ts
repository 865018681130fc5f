import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AddressRefusedError } from '../../../runtime/address-guard.ts';
import type { EscposTarget } from '../../contract.ts';
import type { Ticket } from '../../ticket.ts';
import type { PosAnswer, PosAttempt, PosConnector } from '../pos-connector.ts';
import { PrinterLink } from './printer-link.ts';
import { slipOf } from './slip.ts';

/**
 * A kitchen printer that speaks ESC/POS, over TCP (`tcp://host:9100`) or a file (`file:///dev/usb/lp0`). A printer knows no keys: what an
 * earlier attempt may have printed comes out marked as a copy. Over TCP the order counts as delivered when the printer says that
 * it has printed it (`acknowledges`), with paper in it; else when all bytes have been handed over.
 */
export class EscposConnector implements PosConnector {
  readonly isSequential = true;
  readonly #target: EscposTarget;

  constructor(target: EscposTarget) {
    this.#target = target;
  }

  send(ticket: Ticket, { isRepeat }: PosAttempt): Promise<PosAnswer> {
    return this.print(ticket, isRepeat, null);
  }

  /** Never rejects. `heading` stands above the order. */
  async print(ticket: Ticket, isCopy: boolean, heading: string | null): Promise<PosAnswer> {
    const { columns, timeoutMs, acknowledges } = this.#target;
    const slip = slipOf(ticket, { columns, isCopy, heading });
    const url = new URL(this.#target.url);
    try {
      if (url.protocol === 'file:') {
        await append(fileURLToPath(url), slip);
        return accepted('written');
      }
      const link = await PrinterLink.open(url, timeoutMs);
      try {
        if (!acknowledges) {
          await link.write(slip);
          await link.end();
          return accepted('handed over');
        }
        const fault = await link.fault();
        if (fault !== null) return { kind: 'retry', detail: fault, waitMs: null };
        await link.print(slip, ticket.idempotencyKey);
        return accepted('printed');
      } finally {
        link.close();
      }
    } catch (error) {
      if (error instanceof AddressRefusedError) return { kind: 'refused', detail: error.message };
      return { kind: 'retry', detail: reasonOf(error), waitMs: null };
    }
  }
}

function accepted(detail: string): PosAnswer {
  return { kind: 'accepted', detail, posOrderId: null };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

async function append(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'a', 0o640);
  try {
    await handle.writeFile(bytes);
    // A device file cannot be synced.
    await handle.sync().catch(() => undefined);
  } finally {
    await handle.close();
  }
}
