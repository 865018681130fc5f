import type { Clock } from '../../../runtime/clock.ts';
import type { PosTarget } from '../../contract.ts';
import type { PosConnector } from '../pos-connector.ts';
import { EscposConnector } from './escpos-connector.ts';
import { FolderConnector } from './folder-connector.ts';
import { SquareConnector } from './square-connector.ts';
import { ToastConnector } from './toast-connector.ts';
import { WebhookConnector } from './webhook-connector.ts';

/** The connector of the store's POS. */
export function openConnector(target: PosTarget, clock: Clock): PosConnector {
  switch (target.kind) {
    case 'webhook':
      return new WebhookConnector(target, clock);
    case 'square':
      return new SquareConnector(target, clock);
    case 'toast':
      return new ToastConnector(target, clock);
    case 'escpos':
      return new EscposConnector(target);
    case 'folder':
      return new FolderConnector(target);
  }
}
