import { chromium } from 'playwright-core';
import { test } from 'tap';
import { debianProgram } from '../support/debian.ts';
import { aCall, setStage } from './fixtures.ts';

const launchArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const BOUND_MS = 20_000;

/** What a function that runs within the page sees of it. */
interface InPage {
  readonly document: { querySelector(selector: '#sound'): { readonly currentTime: number; readonly paused: boolean } };
}
const isPast = (seconds: number) =>
  (globalThis as unknown as InPage).document.querySelector('#sound').currentTime > seconds;
const isPaused = () => (globalThis as unknown as InPage).document.querySelector('#sound').paused;
const currentTime = () => (globalThis as unknown as InPage).document.querySelector('#sound').currentTime;

test('in a browser: sign in, hear the seconds a ticket line came from, watch a word arrive', async (t) => {
  const executablePath = debianProgram(t, 'chromium');
  if (executablePath === null) return;
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const browser = await chromium.launch({ executablePath, args: launchArguments });
  t.teardown(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 375, height: 700 } });
  page.setDefaultTimeout(BOUND_MS);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });

  await page.goto(`${stage.web.url}/calls`);
  await page.getByLabel('Name').fill('manager');
  await page.getByLabel('Password').fill(stage.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: /Nov 24/ }).click();
  await page.locator('#sound').waitFor();
  t.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'fits a phone');

  await page
    .getByRole('link', { name: /two classic burgers/ })
    .first()
    .click();
  await page.waitForFunction(isPast, 3.3);
  const heardAt = await page.evaluate(currentTime);
  t.ok(heardAt < 4.5, `within the line's seconds, at ${heardAt} s`);
  await page.waitForFunction(isPaused);
  const stoppedAt = await page.evaluate(currentTime);
  t.ok(stoppedAt >= 4.2 && stoppedAt < 5, `it stops after the line's words, at ${stoppedAt} s`);

  await page.getByRole('link', { name: 'Anything' }).click();
  await page.waitForFunction(isPast, 5.05);
  t.equal(await page.locator('.word.now').textContent(), 'Anything', 'the word that sounds is marked');

  await page.getByRole('link', { name: 'Live' }).click();
  await page.getByText('Connected.').waitFor();
  stage.desk.emit({ kind: 'call', callId: 'c2', lane: 'lane-1', state: 'talking', detail: null, atWallMs: 1 });
  stage.desk.emit({
    kind: 'words',
    callId: 'c2',
    words: [{ turn: 1, text: '<b>Welcome</b>', fromMs: 0, toMs: 400 }],
  });
  await page.getByRole('log').getByText('<b>Welcome</b>').waitFor();
  t.equal(await page.locator('.card b').count(), 0, 'a word is text');
  const ticket = aCall('c2').tickets[0]?.ticket;
  if (ticket === undefined) throw new Error('no ticket');
  const { lines, totals } = ticket;
  stage.desk.emit({
    kind: 'orders',
    callId: 'c2',
    orders: [
      {
        customerSeq: 1,
        revision: 1,
        status: 'draft',
        lines,
        totals,
        notes: [],
        reviewReasons: [],
        unresolved: [],
        history: [],
      },
    ],
  });
  await page.locator('.card').getByText('2 × Classic Burger').waitFor();
  t.match(await page.locator('.card').textContent(), /13\.00/);
  const error = { code: 'RECORD_READER_FAILED', details: { reason: 'disk' } } as const;
  stage.desk.emit({ kind: 'alert', callId: 'c2', error, atWallMs: 2 });
  await page.getByRole('alert').getByText('cannot be read: disk').waitFor();
  t.equal(
    await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
    true,
    'the live page fits a phone',
  );
  t.same(problems, [], 'no script error, nothing refused by the policy');
});

test('in a browser: a one-time link opens its page, and Send again sends', async (t) => {
  const executablePath = debianProgram(t, 'chromium');
  if (executablePath === null) return;
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const browser = await chromium.launch({ executablePath, args: launchArguments });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(BOUND_MS);
  await page.goto(stage.web.signInLink('/calls/c1'));
  await page.waitForURL('**/calls/c1');
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('on its way again').waitFor();
  t.same(stage.resent, ['t-c1/1']);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
});
