import { html } from '../html.ts';
import { type Frame, page } from './layout.ts';

/** A frame that live.js fills from `/events`. */
export function livePage(frame: Frame): string {
  return page(
    frame,
    'Live',
    html`<h1>Live</h1>
<p id="connection" class="hint" role="status">Connecting …</p>
<noscript><p>This page needs JavaScript. <a href="/calls">The list of calls</a> does not.</p></noscript>
<div id="newest-alert" role="alert"></div>
<div id="lanes" class="lanes" data-timezone="${frame.timezone}"></div>
<section aria-labelledby="deliveries-title"><h2 id="deliveries-title">Delivery</h2><ol id="deliveries" class="timeline"></ol></section>
<section aria-labelledby="alerts"><h2 id="alerts">Alerts</h2><ol id="alert-list" class="timeline"></ol></section>`,
    ['live.js'],
  );
}
