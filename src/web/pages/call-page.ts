import type { CallDetail } from '../../records/contract.ts';
import { dateTime, duration, moment, plainName } from '../format.ts';
import { type Html, html } from '../html.ts';
import { deliverySection } from './delivery-section.ts';
import { type Frame, page } from './layout.ts';
import { describeHistory, orderSection, type Sound, soundLink } from './order-section.ts';

/** What a POST on this page led to. */
export const notices: Readonly<Record<string, string>> = {
  resent: 'The ticket is on its way again.',
  'not-needed': 'The ticket was not sent again: it is on its way or has arrived.',
};

/** Everything kept of one call. */
export function callPage(frame: Frame, call: CallDetail, notice: string | null): string {
  const { summary } = call;
  const url = `/calls/${encodeURIComponent(summary.callId)}`;
  const sound: Sound = call.recording === null ? null : { url: `${url}/recording` };
  const isSettled =
    summary.outcome !== 'live' && call.tickets.every(({ state }) => state === 'acked' || state === 'dead');
  return page(
    frame,
    `Call ${dateTime(summary.startedWallMs, frame.timezone)}`,
    html`<article id="call" data-call-id="${summary.callId}" data-settled="${isSettled ? 'yes' : 'no'}">
<h1>${summary.lane}, ${dateTime(summary.startedWallMs, frame.timezone)}</h1>
${notice === null ? '' : html`<p class="notice" role="status">${notice}</p>`}
${facts(call)}
${player(call, sound)}
${call.tickets.map(
  ({ ticket, state, trail }) => html`<section class="ticket" aria-label="Ticket of car ${ticket.customerSeq}">
<h2>Ticket of car ${ticket.customerSeq}${ticket.revision > 1 ? `, revision ${ticket.revision}` : ''} <span class="state ${ticket.status}">${ticket.status}</span></h2>
${orderSection(ticket, ticket.review.reasons, ticket.currency, sound)}
${deliverySection(frame, url, { ticket, state, trail })}
${describeHistory(ticket.history, sound)}
</section>`,
)}
${
  call.tickets.length > 0
    ? ''
    : call.drafts.map(
        (draft) => html`<section class="ticket" aria-label="Draft of car ${draft.customerSeq}">
<h2>Order of car ${draft.customerSeq}, not closed <span class="state draft">${draft.status}</span></h2>
${orderSection(draft, draft.reviewReasons, summary.currency, sound)}
${draft.unresolved.length === 0 ? '' : html`<p>Not on the menu: ${draft.unresolved.join(', ')}</p>`}
${describeHistory(draft.history, sound)}
</section>`,
      )
}
${words(call, sound)}
${quality(call)}
${callLog(call, sound)}
</article>`,
    ['call.js'],
  );
}

function facts(call: CallDetail): Html {
  const { summary } = call;
  const live = summary.outcome === 'live' ? html` <a href="/live">Watch it live</a>` : '';
  return html`<dl class="facts">
<div><dt>Outcome</dt><dd><span class="state ${summary.outcome}">${plainName(summary.outcome)}</span> ${summary.reason}${live}</dd></div>
<div><dt>Duration</dt><dd>${summary.durationMs === null ? 'not ended' : duration(summary.durationMs)}</dd></div>
<div><dt>Time to greet</dt><dd>${summary.greetedMs === null ? 'no greeting' : `${(summary.greetedMs / 1000).toFixed(1)} s`}</dd></div>
<div><dt>Menu</dt><dd>${call.menuId}</dd></div>
<div><dt>Persona</dt><dd>${call.personaId}, seed ${call.seed}</dd></div>
<div><dt>From</dt><dd>${call.from} at ${call.source}, ${call.codec}</dd></div>
<div><dt>Call-ID</dt><dd><code>${call.sipCallId}</code></dd></div>
</dl>`;
}

function player(call: CallDetail, sound: Sound): Html {
  if (sound === null) return html`<h2>Sound</h2><p>This call was not recorded.</p>`;
  return html`<h2>Sound</h2>
<div class="player"><audio id="sound" controls preload="metadata" src="${sound.url}"></audio></div>
<p class="hint">Left: the guest, right: the agent. ${call.consent === null ? 'No consent line was set.' : `Guests were told: “${call.consent}”`}</p>`;
}

function words(call: CallDetail, sound: Sound): Html {
  const turns = Map.groupBy(call.words, (word) => word.turn);
  return html`<section aria-label="Words"><h2>What the agent said</h2>
${turns.size === 0 ? html`<p>Nothing.</p>` : ''}
<ol class="turns">${[...turns.values()].map((turn) => {
    const [first, last] = [turn[0], turn.at(-1)];
    if (first === undefined || last === undefined) return html``;
    return html`<li>${soundLink(sound, first.fromMs, last.toMs, moment(first.fromMs), 'turn-time')} <p>${turn.map((word) => html`${soundLink(sound, word.fromMs, null, word.text, 'word')} `)}</p></li>`;
  })}</ol>
<p class="hint">Guests are heard, not transcribed: their words are on the left side of the sound only.</p>
</section>`;
}

function quality(call: CallDetail): Html {
  const { stats } = call;
  if (stats === null) return html``;
  const figures: readonly (readonly [string, string])[] = [
    ['First sound after the answer', stats.firstFrameMs === null ? 'none' : `${Math.round(stats.firstFrameMs)} ms`],
    [
      'Frame through the model',
      `${ms(stats.frameMsP50)} median, ${ms(stats.frameMsP99)} p99, ${ms(stats.frameMsMax)} at most`,
    ],
    ['Frames', `${stats.framesIn}, ${stats.framesLate} late, ${stats.framesConcealed} concealed`],
    ['Filler packets for late frames', String(stats.underruns)],
    ['Packets', `${stats.packetsReceived} received, ${stats.packetsSent} sent`],
    [
      'Packets in trouble',
      `${stats.packetsLost} lost, ${stats.packetsLate} late, ${stats.packetsDuplicate} double, ${stats.packetsRefused} refused`,
    ],
    ['Jitter', ms(stats.jitterMs)],
  ];
  return html`<section aria-label="Quality"><h2>Quality</h2><dl class="facts">${figures.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl></section>`;
}

function callLog(call: CallDetail, sound: Sound): Html {
  if (call.log.length === 0) return html``;
  return html`<section aria-label="Log"><details><summary><h2>Log</h2></summary>
<ol class="timeline">${call.log.map(
    (entry) =>
      html`<li>${soundLink(sound, entry.atMs, null, moment(entry.atMs))} <strong>${plainName(entry.what)}</strong> ${entry.detail}</li>`,
  )}</ol></details></section>`;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
