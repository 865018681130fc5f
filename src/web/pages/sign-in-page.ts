import { html } from '../html.ts';
import { bare } from './layout.ts';

export function signInPage(storeName: string, next: string, problem: string | null): string {
  return bare(
    storeName,
    'Sign in',
    html`<main id="main" class="narrow">
<h1>Sign in</h1>
${problem === null ? '' : html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="/sign-in">
<input type="hidden" name="next" value="${next}">
<label>Name <input name="name" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required autofocus></label>
<button>Sign in</button>
</form>
<p class="hint">The first start showed the password of <code>admin</code> at the terminal, or wrote it to the file <code>first-password</code> in the data directory.</p>
</main>`,
  );
}

/**
 * Sent with a Refresh header instead of a redirect after a one-time link: a link followed from another site's page would otherwise arrive without
 * the cookie, which is SameSite=Strict.
 */
export function continuePage(storeName: string, path: string): string {
  return bare(
    storeName,
    'Signed in',
    html`<main id="main" class="narrow"><p>Signed in. <a href="${path}">Go on</a></p></main>`,
  );
}

export function messagePage(storeName: string, title: string, text: string): string {
  return bare(
    storeName,
    title,
    html`<main id="main" class="narrow"><h1>${title}</h1><p>${text}</p><p><a href="/calls">Calls</a></p></main>`,
  );
}
