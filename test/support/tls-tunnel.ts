import { createServer } from 'node:net';
import { connect } from 'node:tls';
import type { Test } from 'tap';

/** A plain port of loopback whose connections go on by TLS to `port`: for programs without TLS, such as Debian's SIPp. */
export async function openTlsTunnel(t: Test, port: number): Promise<number> {
  const server = createServer((plain) => {
    const secure = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    for (const [one, other] of [
      [plain, secure],
      [secure, plain],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
