import { test } from 'tap';
import { reasonHeader, reasonText, safeHeaders } from '../../../src/sip/user-agent/safe-headers.ts';
import { parseServerUrl } from '../../../src/sip/user-agent/server-url.ts';

test('the address of a drachtio-server is read; its own defaults stand for what is missing', async (t) => {
  t.same(parseServerUrl('drachtio://:s3cr%40t@10.0.0.5:9023'), { host: '10.0.0.5', port: 9023, secret: 's3cr@t' });
  t.same(parseServerUrl('drachtio://pbx.example'), { host: 'pbx.example', port: 9022, secret: 'cymru' });
  t.same(parseServerUrl('drachtio://:x@[::1]:80/'), { host: '::1', port: 80, secret: 'x' });
});

test('what is no such address is refused, and the error does not show the secret', async (t) => {
  for (const value of ['embedded', 'http://10.0.0.5', 'drachtio://', 'drachtio://:a|b@10.0.0.5', 'drachtio://:hidden@'])
    t.throws(() => parseServerUrl(value), { code: 'SIP_SERVER_URL_INVALID' }, value);
  try {
    parseServerUrl('drachtio://:hid|den@10.0.0.5');
  } catch (error) {
    t.notMatch(String(error), 'hid');
  }
});

test('values from outside start no header of their own', async (t) => {
  t.same(safeHeaders({ 'X-Lane': 'a\r\nX-Evil: 1\0' }), { 'X-Lane': 'a  X-Evil: 1 ' });
  t.same(reasonHeader({ cause: 503, text: 'a "b"\r\nX: \\' }), { Reason: `SIP;cause=503;text="a 'b'  X: "` });
  t.equal(reasonText('SIP ;cause=200 ;text="ACK timeout"'), 'ACK timeout');
  t.equal(reasonText('Q.850;cause=16'), 'Q.850;cause=16');
  t.equal(reasonText(undefined), null);
});
