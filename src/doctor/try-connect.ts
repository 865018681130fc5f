import { connect } from 'node:net';

export const CONNECT_WITHIN_MS = 3_000;

/** Null when something takes connections there; else why not. */
export function tryConnect(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_WITHIN_MS });
    const finish = (fault: string | null) => {
      socket.destroy();
      resolve(fault);
    };
    socket.once('connect', () => finish(null));
    socket.once('timeout', () => finish(`no answer within ${CONNECT_WITHIN_MS / 1_000} s`));
    socket.once('error', (error) => finish(error.message));
  });
}
