/**
 * Live calls against the gateway in a process of its own, measured at the phone: INVITE to 200, ACK to the first packet, gaps between
 * RTP packets, frames that came late. What the guest would notice.
 *
 *   node bench/live-call.ts [CALLS] [SECONDS]      (default: 3 calls of 45 s)
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type PhoneReport, placeScriptedCall } from '../src/phone/phone.ts';
import { startRecordReader } from '../src/records/reader.ts';
import { writeTestStore } from '../test/support/gateway.ts';
import { machine, quantile } from './figures.ts';

const ROOT = resolve(import.meta.dirname, '..');
const [calls = 3, seconds = 45] = process.argv.slice(2).map(Number);

const directory = mkdtempSync(join(tmpdir(), 'speakerpost-bench-'));
// Nobody listens there: tickets wait in the outbox, which is not what is measured.
const store = await writeTestStore(directory, 'http://127.0.0.1:9/orders', { calls: { maxSeconds: seconds + 15 } });
const gateway = spawn(process.execPath, [resolve(ROOT, 'bin/speakerpost.mjs'), 'serve', '--config', store.configFile], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  await new Promise<void>((done, fail) => {
    gateway.stdout.on('data', (chunk: Buffer) => chunk.toString().includes('take orders') && done());
    gateway.once('exit', (code) => fail(new Error(`serve ended with ${code}`)));
  });
  const scriptFile = longScript(directory);
  const reports: PhoneReport[] = [];
  for (let call = 0; call < calls; call++) {
    const stop = AbortSignal.timeout(seconds * 1_000);
    reports.push(await placeScriptedCall({ target: store.target, scriptFile, signal: stop }));
  }
  const reader = startRecordReader(join(directory, 'data/speakerpost.sqlite'));
  const summaries = await reader.listCalls({ limit: calls });
  const details = await Promise.all(summaries.map((summary) => reader.getCall(summary.callId)));
  await reader.stop();

  console.log(`${machine()}, load average ${loadavg()[0]?.toFixed(1)}; ${calls} calls of ${seconds} s`);
  print(
    'INVITE to 200, ms',
    reports.map((report) => report.answeredMs),
  );
  print(
    'ACK to first packet, ms',
    reports.map((report) => report.firstPacketMs ?? Number.NaN),
  );
  print(
    'largest gap between packets, ms',
    reports.map((report) => report.largestGapMs),
  );
  print(
    'gaps over 40 ms',
    reports.map((report) => report.gapsOver40Ms),
  );
  print(
    'packets lost on the way to the phone',
    reports.map((report) => report.packetsLost),
  );
  print(
    'frames that came late',
    details.map((detail) => detail?.stats?.framesLate ?? Number.NaN),
  );
  print(
    'filler packets',
    details.map((detail) => detail?.stats?.underruns ?? Number.NaN),
  );
  print(
    'frame through the engine, p50 ms',
    details.map((detail) => detail?.stats?.frameMsP50 ?? Number.NaN),
  );
  print(
    'frame through the engine, p99 ms',
    details.map((detail) => detail?.stats?.frameMsP99 ?? Number.NaN),
  );
} finally {
  gateway.kill('SIGTERM');
  if (gateway.exitCode === null) await new Promise((done) => gateway.once('exit', done));
  rmSync(directory, { recursive: true });
}

/** The customer of two turns, who then stays on the line. */
function longScript(folder: string): string {
  const file = resolve(ROOT, 'assets/customers/two-turns.json');
  const script: { utterances: { wav: string }[]; hangUpAfterSilenceMs?: number; maxSeconds?: number } = JSON.parse(
    readFileSync(file, 'utf8'),
  );
  for (const utterance of script.utterances) utterance.wav = resolve(dirname(file), utterance.wav);
  script.hangUpAfterSilenceMs = 600_000;
  script.maxSeconds = seconds + 30;
  const copy = join(folder, 'long.json');
  writeFileSync(copy, JSON.stringify(script));
  return copy;
}

function print(name: string, values: readonly number[]): void {
  const at = (share: number) => quantile(values, share);
  console.log(`${name.padEnd(40)} min ${at(0).toFixed(1)}  median ${at(0.5).toFixed(1)}  max ${at(1).toFixed(1)}`);
}
