import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { silentLog } from '../src/runtime/log.ts';
import type { SipCounters } from '../src/sip/contract.ts';
import { parseMessage } from '../src/sip/message/reader.ts';
import { SipSyntaxError } from '../src/sip/message/syntax-error.ts';
import { startSipServerProcess } from '../src/sip/server-supervisor.ts';
import { createUserAgent } from '../src/sip/user-agent.ts';
import { onLoopback, startSipSide } from '../test/support/sip-side.ts';
import { callAtRate } from './bare-caller.ts';
import { distribution, machine } from './figures.ts';
import { callWithLoss } from './lossy-caller.ts';

/**
 * What the embedded SIP server costs and holds: call set-up over loopback through both halves of the drachtio wire, 400 calls a second,
 * 6,000 calls while one datagram in ten is lost, and what hostile input costs the parser. The server is a process of its own, as in
 * the gateway, and only its CPU time is counted; the application and the callers are in this one, on the other core if there is one.
 */
const CALLS = 300;
const PER_SECOND = 400;
const RATE_CALLS = 6_000;
const LOSSY_CALLS = 6_000;
const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';

async function benchCalls(): Promise<void> {
  const [caller, callee] = [await startSipSide(), await startSipSide()];
  const answerMs: number[] = [];
  const setUpMs: number[] = [];
  callee.agent.onInvite((invite) => {
    const startMs = performance.now();
    void invite.answer(sdp).then(() => answerMs.push(performance.now() - startMs));
  });
  for (let i = 0; i < CALLS; i++) {
    const startMs = performance.now();
    const dialog = await caller.agent.placeCall(callee.uri, { sdpOffer: sdp });
    setUpMs.push(performance.now() - startMs);
    await dialog.bye();
  }
  console.log(`INVITE to 200 at the caller, ${CALLS} calls one after the other: ${distribution(setUpMs)}`);
  console.log(`answer() to the echo of the 200: ${distribution(answerMs)}`);
  for (const side of [caller, callee]) await side.close();
}

function benchParser(): void {
  const head = (from: string) =>
    Buffer.from(
      `INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: ${from}\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`,
    );
  const inputs: Readonly<Record<string, Buffer>> = {
    'a plain INVITE': head('<sip:post@b>;tag=1'),
    '4,000 spaces in From': head(`a${' '.repeat(4_000)}<sip:post@b>;tag=1`),
    '8,000 spaces in From': head(`a${' '.repeat(8_000)}<sip:post@b>;tag=1`),
    '60,000 spaces in From': head(`a${' '.repeat(60_000)}<sip:post@b>;tag=1`),
    '4,000 semicolons in From': head(`<sip:post@b>${';'.repeat(4_000)}`),
  };
  for (const [name, bytes] of Object.entries(inputs)) {
    let outcome = 'accepted';
    const timesMs = Array.from({ length: 2_000 }, () => {
      const startMs = performance.now();
      try {
        parseMessage(bytes);
      } catch (error) {
        outcome = error instanceof SipSyntaxError ? error.code : 'failed';
      }
      return performance.now() - startMs;
    });
    const meanUs = (1_000 * timesMs.reduce((sum, ms) => sum + ms, 0)) / timesMs.length;
    console.log(`parse ${name}: ${meanUs.toFixed(1)} us (${outcome})`);
  }
}

interface ServerUnderLoad {
  readonly port: number;
  cpuMs(): number;
  openFiles(): number;
  counters(): SipCounters;
  stop(): Promise<void>;
}

/** The server as the gateway runs it, with an application that answers every call at once. */
async function startServer(): Promise<ServerUnderLoad> {
  const server = await startSipServerProcess(onLoopback);
  const agent = await createUserAgent({ server: () => server.url, log: silentLog });
  agent.onInvite((invite) => void invite.answer(sdp).catch(() => {}));
  const pid = server.pid ?? 0;
  // Core 0 for the server where the system lets us say so; the load then finds the other one free.
  spawnSync('taskset', ['-a', '-c', '-p', '0', String(pid)]);
  return {
    port: Number(server.listening[0]?.split(':')[1]),
    cpuMs: () => cpuMsOf(pid),
    openFiles: () => readdirSync(`/proc/${pid}/fd`).length,
    counters: () => server.counters(),
    stop: async () => {
      await agent.close();
      await server.stop();
    },
  };
}

/** User and system time of a process; Linux only (10 ms ticks). */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

async function benchRate(): Promise<void> {
  const server = await startServer();
  await callAtRate(server.port, { perSecond: PER_SECOND, calls: PER_SECOND, holdMs: 200 });
  const beforeMs = server.cpuMs();
  const { calls, completed, setUpMs, tearDownMs } = await callAtRate(server.port, {
    perSecond: PER_SECOND,
    calls: RATE_CALLS,
    holdMs: 200,
  });
  const cpuMs = (server.cpuMs() - beforeMs) / calls;
  console.log(
    `${calls} calls at ${PER_SECOND} a second: ${calls - completed} failed, ${cpuMs.toFixed(2)} ms of CPU a call`,
  );
  console.log(`  INVITE to 200: ${distribution(setUpMs)}`);
  console.log(`  BYE to 200: ${distribution(tearDownMs)}`);
  await server.stop();
}

async function benchLoss(): Promise<void> {
  const server = await startServer();
  const filesBefore = server.openFiles();
  const options = { calls: LOSSY_CALLS, perSecond: PER_SECOND / 2, share: 0.1, holdMs: 200 };
  const { up, ended, datagramsLost } = await callWithLoss(server.port, options);
  console.log(`${LOSSY_CALLS} calls, ${datagramsLost} datagrams lost: ${up} came up, ${ended} ended`);
  // The longest timers (H, J, L, M, and the 200 without an ACK) take 32 s.
  const held = () => {
    const { dialogs, client_transactions, server_transactions, requests_unanswered } = server.counters();
    return { dialogs, client_transactions, server_transactions, requests_unanswered };
  };
  const endMs = performance.now() + 80_000;
  while (Object.values(held()).some((count) => count !== 0) && performance.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, 500));
  console.log(`  left: ${JSON.stringify(held())}, ${server.openFiles() - filesBefore} files or sockets`);
  await server.stop();
}

console.log(machine());
benchParser();
await benchCalls();
await benchRate();
await benchLoss();
