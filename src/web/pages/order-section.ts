import type { OrderSnapshot } from '../../orders/contract.ts';
import type {
  ReviewReason,
  TicketHistoryEntry,
  TicketLine,
  TicketModifier,
  TicketTotals,
} from '../../orders/ticket.ts';
import { moment, money, plainName } from '../format.ts';
import { type Html, html } from '../html.ts';

/** Where a call's sound is; null: it was not recorded. */
export type Sound = { readonly url: string } | null;

/**
 * Text that plays the sound from `fromMs` (to `toMs`) when activated. It is a media fragment link, so it plays without scripts
 * too; the script moves the page's own player instead.
 */
export function soundLink(sound: Sound, fromMs: number, toMs: number | null, text: string, kind = 'moment'): Html {
  if (sound === null) return html`<span class="${kind}">${text}</span>`;
  const [from, to] = [fromMs / 1000, toMs === null ? '' : toMs / 1000];
  const fragment = to === '' ? `t=${from}` : `t=${from},${to}`;
  // A tab stop for each word would be hundreds; the turn's time is one.
  const tabStop = kind === 'word' ? html` tabindex="-1"` : '';
  return html`<a class="${kind}" href="${sound.url}#${fragment}" data-from="${from}" data-to="${to}" title="${moment(fromMs)}"${tabStop}>${text}</a>`;
}

/** Lines with the words they came from, totals, notes, review reasons: of a ticket or of a draft. */
export function orderSection(
  order: Pick<OrderSnapshot, 'lines' | 'totals' | 'notes'>,
  reasons: readonly ReviewReason[],
  currency: string | null,
  sound: Sound,
): Html {
  return html`${
    reasons.length === 0
      ? ''
      : html`<p class="review"><strong>To be reviewed:</strong> ${reasons.map((reason) => html`<span class="flag">${plainName(reason)}</span> `)}</p>`
  }
<ul class="lines">${order.lines.map((line) => ticketLine(line, currency, sound))}</ul>
${order.lines.length === 0 ? html`<p>No items.</p>` : ''}
${order.notes.length === 0 ? '' : html`<ul class="notes">${order.notes.map((note) => html`<li><strong>${plainName(note.kind)}:</strong> ${note.text}</li>`)}</ul>`}
${totals(order.totals, currency)}`;
}

function ticketLine(line: TicketLine, currency: string | null, sound: Sound): Html {
  const slots = Object.entries(line.combo?.slots ?? {});
  return html`<li data-line-id="${line.lineId}">
<div class="line"><span class="quantity">${line.quantity} ×</span> <span class="item">${line.size} ${line.name}</span> <span class="price">${money(line.totalCents, currency)}</span></div>
${line.modifiers.length === 0 ? '' : html`<ul class="modifiers">${line.modifiers.map((each) => html`<li>${describeModifier(each, currency)}</li>`)}</ul>`}
${slots.length === 0 ? '' : html`<ul class="modifiers">${slots.map(([slot, { itemId, size }]) => html`<li>${plainName(slot)}: ${size} ${plainName(itemId)}</li>`)}</ul>`}
${line.note === null ? '' : html`<p class="note">${line.note}</p>`}
<p class="evidence">${line.evidence.map((each) => html`${soundLink(sound, each.fromMs, each.toMs, `▶ ${moment(each.fromMs)} “${each.text}”`, 'evidence-link')} `)}
<small>confidence ${Math.round(line.confidence * 100)} %</small></p>
</li>`;
}

function describeModifier(modifier: TicketModifier, currency: string | null): string {
  const action = modifier.action === 'add' ? '' : `${modifier.action === 'side' ? 'on the side:' : modifier.action} `;
  const times = modifier.quantity > 1 ? `${modifier.quantity} × ` : '';
  const half = modifier.half === null ? '' : `, ${modifier.half} half`;
  const price = modifier.priceCents === 0 ? '' : ` (${money(modifier.priceCents, currency)})`;
  return `${action}${times}${modifier.name}${half}${price}`;
}

function totals(own: TicketTotals, currency: string | null): Html {
  const spoken = own.spokenTotalCents === null ? 'not spoken' : money(own.spokenTotalCents, currency);
  const verdict =
    own.spokenMatches === null
      ? ''
      : own.spokenMatches
        ? html` <span class="state ordered">equal</span>`
        : html` <span class="state failed">differs</span>`;
  return html`<dl class="totals">
<div><dt>Subtotal</dt><dd>${money(own.subtotalCents, currency)}</dd></div>
<div><dt>Tax${own.taxIncluded ? ' (included)' : ''}</dt><dd>${money(own.taxCents, currency)}</dd></div>
<div><dt>Total, computed</dt><dd><strong>${money(own.totalCents, currency)}</strong></dd></div>
<div><dt>Total, spoken</dt><dd>${spoken}${verdict}</dd></div>
</dl>`;
}

/** How the order came about. */
export function describeHistory(history: readonly TicketHistoryEntry[], sound: Sound): Html {
  if (history.length === 0) return html``;
  return html`<details><summary><h3>History</h3></summary><ol class="timeline">${history.map(
    (entry) =>
      html`<li>${soundLink(sound, entry.atMs, null, moment(entry.atMs))} <strong>${entry.op}</strong> ${entry.lineId} ${entry.text === '' ? '' : `“${entry.text}”`}</li>`,
  )}</ol></details>`;
}
