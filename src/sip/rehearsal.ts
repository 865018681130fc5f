import { systemClock } from '../runtime/clock.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import { startEmbeddedSipServer } from './embedded-server.ts';
import { createUserAgent } from './user-agent.ts';

const CALLS = 3;
const WITHIN_MS = 3_000;

/** What both sides say in SDP. */
export interface RehearsedCall {
  offer(): string;
  answer(offer: string): string;
}

/**
 * Calls itself over loopback, on servers and sockets of its own that are closed again, so that the code of a call has run before the
 * first car needs it: in a fresh process the first call is answered 20 to 60 ms later than the second. Failures are only logged.
 */
export async function rehearseCalls(script: RehearsedCall, log: Log): Promise<void> {
  const on = { bind: '127.0.0.1', port: 0, externalAddress: null, allow: ['127.0.0.1'], log: silentLog };
  const closers: (() => Promise<void>)[] = [];
  const side = async () => {
    const server = await startEmbeddedSipServer(on);
    closers.unshift(() => server.close());
    const agent = await createUserAgent({ server: () => server.url, log: silentLog });
    closers.unshift(() => agent.close());
    return { agent, uri: `sip:rehearsal@${server.listening[0]?.slice('udp/'.length) ?? ''}` };
  };
  const deadline = new AbortController();
  const timer = systemClock.after(WITHIN_MS, () => deadline.abort());
  try {
    const offer = script.offer();
    const [caller, callee] = [await side(), await side()];
    callee.agent.onInvite((invite) => {
      try {
        void invite.answer(script.answer(invite.sdpOffer ?? offer)).catch(() => {});
      } catch {
        invite.reject(488, 'Not Acceptable Here');
      }
    });
    for (let call = 0; call < CALLS; call++) {
      const dialog = await caller.agent.placeCall(callee.uri, { sdpOffer: offer, signal: deadline.signal });
      await dialog.bye();
    }
  } catch (error) {
    log.info({ err: error }, 'rehearsal of a call failed: the first one may be answered late');
  } finally {
    timer.cancel();
    for (const close of closers) await close();
  }
}
