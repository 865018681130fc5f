import type { CallDesk } from '../../calls/contract.ts';
import { plainAlert } from '../alert.ts';
import { dateTime } from '../format.ts';
import { type Html, html } from '../html.ts';

/** What every page for people who signed in shows around its own content. */
export interface Frame {
  readonly storeName: string;
  readonly timezone: string;
  readonly csrfToken: string;
  readonly alerts: CallDesk['alerts'];
  readonly nowWallMs: number;
}

/** An alert stays in the banner for so long; the live page lists older ones. */
const BANNER_MS = 3_600_000;

export function page(frame: Frame, title: string, content: Html, scripts: readonly string[] = []): string {
  const nav = html`<nav aria-label="Pages">
<a href="/calls">Calls</a>
<a href="/live">Live</a>
<form method="post" action="/sign-out">${csrfField(frame)}<button class="quiet">Sign out</button></form>
</nav>`;
  return bare(frame.storeName, title, html`${banner(frame)}<main id="main">${content}</main>`, scripts, nav);
}

/** A page for people who did not sign in. */
export function bare(
  storeName: string,
  title: string,
  content: Html,
  scripts: readonly string[] = [],
  nav: Html = html``,
): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${storeName}</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/style.css">
${scripts.map((script) => html`<script type="module" src="/static/${script}"></script>`)}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header><span class="store">${storeName}</span>${nav}</header>
${content}
</body>
</html>
`.text;
}

export function csrfField(frame: Frame): Html {
  return html`<input type="hidden" name="csrf" value="${frame.csrfToken}">`;
}

function banner(frame: Frame): Html {
  const recent = frame.alerts.filter((alert) => frame.nowWallMs - alert.atWallMs < BANNER_MS);
  const [newest] = recent;
  if (newest === undefined) return html``;
  const others = recent.length - 1;
  const { code, message, remedy, callId } = plainAlert(newest);
  return html`<aside class="banner" role="alert">
<p><strong>${message}</strong> <small>${dateTime(newest.atWallMs, frame.timezone)} · ${code}</small></p>
<p>${remedy}${callId === null ? '' : html` <a href="/calls/${encodeURIComponent(callId)}">The call</a>`}${
    others === 0 ? '' : html` <a href="/live#alerts">${others} more within the hour</a>`
  }</p>
</aside>`;
}
