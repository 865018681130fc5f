import type { CallDetail } from '../../records/contract.ts';
import { dateTime, plainName } from '../format.ts';
import { type Html, html } from '../html.ts';
import { csrfField, type Frame } from './layout.ts';

type Delivery = CallDetail['tickets'][number];

/** The states in which a person can help by sending again. */
export function canResend(delivery: Pick<Delivery, 'state'>): boolean {
  return delivery.state === 'needs_attention' || delivery.state === 'dead';
}

/** A ticket's way to the POS, and the button that sends it again. */
export function deliverySection(frame: Frame, callUrl: string, delivery: Delivery): Html {
  const { ticket, state, trail } = delivery;
  const posOrderId = trail.findLast((step) => step.posOrderId !== null)?.posOrderId ?? null;
  const action = `${callUrl}/tickets/${encodeURIComponent(ticket.ticketId)}/${ticket.revision}/resend`;
  return html`<h3>Delivery <span class="state ${state}">${plainName(state)}</span></h3>
<p>Ticket <code>${ticket.idempotencyKey}</code>${posOrderId === null ? '' : html`, at the POS <code>${posOrderId}</code>`}</p>
<ol class="timeline">${trail.map(
    (step) =>
      html`<li><time datetime="${new Date(step.atWallMs).toISOString()}">${dateTime(step.atWallMs, frame.timezone)}</time> <strong>${plainName(step.what)}</strong>${step.attempt === null ? '' : ` ${step.attempt}`} ${step.detail}</li>`,
  )}</ol>
${
  canResend(delivery)
    ? html`<form method="post" action="${action}">${csrfField(frame)}<button>Send again</button> <span class="hint">The POS takes a ticket once, however often it is sent.</span></form>`
    : ''
}`;
}
