import { test } from 'tap';
import type { SrtpProfileName } from '../../../src/media/contract.ts';
import { deriveKey, KEY_LABELS } from '../../../src/media/srtp/key-derivation.ts';
import { MASTER_BYTES, SRTP_PROFILES } from '../../../src/media/srtp/profile.ts';
import { ReplayWindow } from '../../../src/media/srtp/replay-window.ts';
import { SrtpReceiver, SrtpSender } from '../../../src/media/srtp/srtp-stream.ts';
import { seededRandom } from '../jitter/network.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const PROFILES = Object.keys(SRTP_PROFILES) as SrtpProfileName[];

/** RFC 3711 appendix B.3; libsrtp's own test packets use the same key. */
const MASTER_KEY = hex('E1F97A0D3E018BE0D64FA32C06DE4139');
const MASTER_SALT = hex('0EC675AD498AFEEBB6960B3AABE6');

test('session keys are those of RFC 3711 appendix B.3', (t) => {
  const derived = (label: number, bytes: number) => deriveKey(MASTER_KEY, MASTER_SALT, label, bytes).toString('hex');
  t.equal(derived(KEY_LABELS.encryption, 16), 'c61e7a93744f39ee10734afe3ff7a087');
  t.equal(derived(KEY_LABELS.salt, 14), '30cbbc08863d8c85d49db34a9ae1');
  t.equal(
    derived(KEY_LABELS.authentication, 94),
    'cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2',
  );
  t.end();
});

test('packets of libsrtp: the same plain text gives the same bytes, and theirs are opened', (t) => {
  const plain = hex('800f1234decafbadcafebabe abababababababababababababababab');
  const cases: [profile: SrtpProfileName, key: Buffer, expected: string][] = [
    [
      'AES_CM_128_HMAC_SHA1_80',
      Buffer.concat([MASTER_KEY, MASTER_SALT]),
      '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb',
    ],
    [
      'AES_CM_128_HMAC_SHA1_32',
      Buffer.concat([MASTER_KEY, MASTER_SALT]),
      '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc',
    ],
    [
      'AEAD_AES_128_GCM',
      hex('000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab'),
      '800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392',
    ],
  ];
  for (const [profile, key, expected] of cases) {
    const bytes = Buffer.alloc(plain.length + 16);
    bytes.set(plain);
    const length = new SrtpSender({ profile, sendKey: key }).protect(bytes, plain.length);
    t.equal(bytes.toString('hex', 0, length), expected, profile);
    const received = hex(expected);
    t.equal(new SrtpReceiver({ profile, receiveKey: key }).unprotect(received), plain.length);
    t.same(received.subarray(0, plain.length), plain);
  }
  const report = hex(
    '81c8000bcafebabe71280 35be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798'.replace(' ', ''),
  );
  const receiver = new SrtpReceiver({
    profile: 'AES_CM_128_HMAC_SHA1_80',
    receiveKey: Buffer.concat([MASTER_KEY, MASTER_SALT]),
  });
  t.equal(receiver.unprotectRtcp(report), 24);
  t.equal(report.toString('hex', 0, 24), `81c8000bcafebabe${'ab'.repeat(16)}`);
  t.end();
});

function pair(profile: SrtpProfileName) {
  const key = Buffer.alloc(MASTER_BYTES[profile], 7);
  return {
    sender: new SrtpSender({ profile, sendKey: key }),
    receiver: new SrtpReceiver({ profile, receiveKey: key }),
  };
}

/** Packet `index` of a stream that starts at sequence number `first`. */
function packet(index: number, first = 0, ssrc = 0x1234): Buffer {
  const bytes = Buffer.alloc(12 + 160, index & 0xff);
  bytes[0] = 0x80;
  bytes[1] = 0;
  bytes.writeUInt16BE((first + index) & 0xffff, 2);
  bytes.writeUInt32BE((index * 160) >>> 0, 4);
  bytes.writeUInt32BE(ssrc, 8);
  return bytes;
}

function sealed(sender: SrtpSender, plain: Buffer): Buffer {
  const bytes = Buffer.alloc(plain.length + 16);
  bytes.set(plain);
  return bytes.subarray(0, sender.protect(bytes, plain.length));
}

for (const profile of PROFILES) {
  test(`${profile}: packets go through a wrap, in disorder, and each once`, (t) => {
    const { sender, receiver } = pair(profile);
    const plain = Array.from({ length: 400 }, (_, index) => packet(index, 65_400));
    const wire = plain.map((one) => sealed(sender, one));
    for (let at = 0; at < wire.length; at += 4) {
      for (const index of [at + 2, at, at + 3, at + 1]) {
        const bytes = Buffer.from(wire[index] ?? Buffer.alloc(0));
        if (receiver.unprotect(bytes) !== 172) t.fail(`packet ${index} was refused`);
        if (!bytes.subarray(0, 172).equals(plain[index] ?? Buffer.alloc(0))) t.fail(`packet ${index} differs`);
        if (receiver.unprotect(Buffer.from(wire[index] ?? Buffer.alloc(0))) !== 0) t.fail(`packet ${index} came twice`);
      }
    }
    t.end();
  });

  test(`${profile}: 30,000 packets lost over a wrap, and the next one is read`, (t) => {
    const { sender, receiver } = pair(profile);
    const last = 33_000;
    for (let index = 0; index <= last; index++) {
      const bytes = sealed(sender, packet(index, 50_000));
      if (index <= 3_000 || index === last) {
        if (receiver.unprotect(bytes) !== 172) t.fail(`packet ${index} was refused`);
      }
    }
    t.end();
  });

  test(`${profile}: a changed bit anywhere is noticed, and does not move the stream`, (t) => {
    const { sender, receiver } = pair(profile);
    const wire = sealed(sender, packet(0, 100));
    for (let bit = 0; bit < 8 * wire.length; bit++) {
      const bytes = Buffer.from(wire);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (receiver.unprotect(bytes) !== 0) t.fail(`bit ${bit} was not noticed`);
    }
    t.equal(receiver.unprotect(Buffer.from(wire)), 172);
    t.end();
  });

  test(`${profile}: RTCP goes over protected, each report once`, (t) => {
    const { sender, receiver } = pair(profile);
    const report = hex('80c90001cafebabe81ca0002cafebabe0101610000000000');
    for (let round = 0; round < 5; round++) {
      const wire = sender.protectRtcp(report);
      if (wire === null) return t.fail('no packet');
      t.not(wire.toString('hex', 8, report.length), report.toString('hex', 8));
      const bytes = Buffer.from(wire);
      t.equal(receiver.unprotectRtcp(bytes), report.length);
      t.same(bytes.subarray(0, report.length), report);
      t.equal(receiver.unprotectRtcp(Buffer.from(wire)), 0, 'a second time it is refused');
      wire[9] = (wire[9] ?? 0) ^ 1;
      t.equal(receiver.unprotectRtcp(wire), 0);
    }
    return t.end();
  });

  test(`${profile}: 50,000 mutilated packets: none is taken, nothing is thrown`, (t) => {
    const { sender, receiver } = pair(profile);
    const random = seededRandom(3);
    const wire = sealed(sender, packet(0));
    for (let round = 0; round < 50_000; round++) {
      const bytes = Buffer.from(wire.subarray(0, Math.floor(random() * wire.length)));
      for (let cut = 0; cut < 3 && bytes.length > 0; cut++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
      if (receiver.unprotect(bytes) !== 0 || receiver.unprotectRtcp(bytes) !== 0) t.fail(bytes.toString('hex'));
    }
    t.end();
  });
}

test('a header with contributing sources and an extension is left readable', (t) => {
  const { sender, receiver } = pair('AES_CM_128_HMAC_SHA1_80');
  const plain = Buffer.concat([packet(0).subarray(0, 12), Buffer.alloc(20, 5)]);
  const wire = sealed(sender, plain);
  t.equal(receiver.unprotect(wire), 32);
  const short = hex('9f000000000000000000000100');
  t.equal(receiver.unprotect(short), 0);
  t.end();
});

test('the replay window remembers 128 packets, whatever their order', (t) => {
  const window = new ReplayWindow();
  const random = seededRandom(9);
  const seen = new Set<number>();
  let newest = -1;
  for (let round = 0; round < 20_000; round++) {
    const index = Math.max(0, newest + Math.floor(random() * 160) - 140);
    const isOld = newest - index >= 128;
    if (window.isReplay(index) !== (isOld || seen.has(index))) t.fail(`index ${index} with newest ${newest}`);
    if (window.isReplay(index)) continue;
    window.accept(index);
    seen.add(index);
    newest = Math.max(newest, index);
  }
  t.ok(newest > 1_000);
  window.accept(newest + 1_000);
  t.equal(window.isReplay(newest + 999), false);
  t.equal(window.isReplay(newest), true);
  t.end();
});
