import { parseMessage } from '../src/sip/message/reader.ts';
import { SipSyntaxError } from '../src/sip/message/syntax-error.ts';
import { startSipSide } from '../test/support/sip-side.ts';
import { distribution, machine } from './figures.ts';

/** Call set-up over loopback through both halves of the drachtio wire, and what hostile input costs the parser. */
const CALLS = 300;
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

console.log(machine());
benchParser();
await benchCalls();
