import type { CallSummary } from '../../records/contract.ts';
import { dateTime, duration, money, plainName } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type Frame, page } from './layout.ts';

/** One row per call, newest first; `next` leads to the next page, null on the last. */
export function callsPage(frame: Frame, calls: readonly CallSummary[], next: string | null): string {
  const table = html`<div class="scroll"><table class="calls">
<thead><tr><th scope="col">Time</th><th scope="col">Lane</th><th scope="col">Outcome</th><th scope="col" class="number">Items</th>
<th scope="col" class="number">Total</th><th scope="col" class="number">Duration</th><th scope="col" class="number">Time to greet</th>
<th scope="col">Flags</th></tr></thead>
<tbody>${calls.map((call) => row(frame, call))}</tbody>
</table></div>`;
  return page(
    frame,
    'Calls',
    html`<h1>Calls</h1>
${calls.length === 0 ? html`<p>No calls here yet. Cars that are talking now are on the <a href="/live">live page</a>.</p>` : table}
${next === null ? '' : html`<p><a rel="next" href="/calls?after=${encodeURIComponent(next)}">Older calls</a></p>`}`,
  );
}

function row(frame: Frame, call: CallSummary): Html {
  const needsHelp = call.deliveryState === 'needs_attention' || call.deliveryState === 'dead';
  const greeted = call.greetedMs === null ? '–' : `${(call.greetedMs / 1000).toFixed(1)} s`;
  return html`<tr${needsHelp ? html` class="attention"` : ''}>
<th scope="row"><a href="/calls/${encodeURIComponent(call.callId)}"><time datetime="${new Date(call.startedWallMs).toISOString()}">${dateTime(call.startedWallMs, frame.timezone)}</time></a></th>
<td data-label="Lane">${call.lane}</td>
<td data-label="Outcome"><span class="state ${call.outcome}">${plainName(call.outcome)}</span></td>
<td data-label="Items" class="number">${call.items}</td>
<td data-label="Total" class="number">${call.totalCents === null ? '–' : money(call.totalCents, call.currency)}</td>
<td data-label="Duration" class="number">${call.durationMs === null ? '–' : duration(call.durationMs)}</td>
<td data-label="Time to greet" class="number">${greeted}</td>
<td data-label="Flags">${flags(call)}</td>
</tr>`;
}

function flags(call: CallSummary): Html {
  const delivery = call.deliveryState;
  return html`${
    delivery === null || delivery === 'acked' ? '' : html`<span class="flag ${delivery}">${plainName(delivery)}</span> `
  }${call.reviewReasons.map((reason) => html`<span class="flag">${plainName(reason)}</span> `)}`;
}
