import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { readStoreConfig } from '../../src/config/store.ts';
import { storeSchema } from '../../src/config/store-schema.ts';
import { SpeakerpostError } from '../../src/runtime/errors.ts';

const demoFile = resolve(import.meta.dirname, '../../config/demo.yaml');
const environment = {
  DEMO_POS_URL: 'http://127.0.0.1:8090/orders',
  DEMO_POS_SECRET: 'whsec_c3BlYWtlcnBvc3QtdGVzdC1zZWNyZXQ=',
};

/** The demo's file with one piece of text replaced, in a folder of its own. */
function changed(test: Test, from: string | RegExp, to: string): string {
  const directory = test.testdir({ personas: { 'nano.yaml': 'id: nano\ntext: null\nvoice: null\n' } });
  const text = readFileSync(demoFile, 'utf8');
  if (text.replace(from, to) === text) throw new Error(`nothing to replace: ${from}`);
  const file = join(directory, 'store.yaml');
  writeFileSync(file, text.replace(from, to));
  return file;
}

function failure(action: () => unknown): SpeakerpostError {
  try {
    action();
  } catch (error) {
    if (error instanceof SpeakerpostError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

t.test('the shipped files are read, and their paths are absolute', async (t) => {
  const config = readStoreConfig(demoFile, environment);
  t.equal(config.lanes[0]?.menuFile, resolve(demoFile, '../menus/nano-barn.json'));
  t.equal(config.dataDirectory, resolve(demoFile, '../../var/demo'));
  t.equal(config.lanes[0]?.personaId, config.personas[0]?.id);
  t.match(config.orders.pos, { kind: 'webhook', url: environment.DEMO_POS_URL, previousSecret: null });
  t.equal(config.sip.bind, '127.0.0.1');
  const store = readStoreConfig(resolve(demoFile, '../store.yaml'), { POS_SECRET: environment.DEMO_POS_SECRET });
  t.equal(store.recording.enabled, false, 'recording is off unless a store turns it on');
});

t.test('a wrong value is named with its file, path and value', async (t) => {
  const file = changed(t, 'port: 5080', 'port: 99999');
  const error = failure(() => readStoreConfig(file, environment));
  t.equal(error.code, 'CONFIG_INVALID');
  t.match(error.message, new RegExp(`^${file}: sip\\.port is 99999: `));
  t.match(error.remedy, /sip\.port/);
});

t.test('settings that no call could be served with are named', async (t) => {
  const lane = '{ id: lane-1, trunk: loopback, menu: menus/nano-barn.json, persona: personas/nano.yaml }';
  for (const [from, to, message] of [
    ['first: 17000, last: 17199', 'first: 17001, last: 17003', /media\.rtpPorts .*1 pairs .*engine\.lanes needs 2/],
    ['bind: 127.0.0.1', 'bind: localhost', /sip\.bind is "localhost": expected an IPv4 address/],
    [lane, `${lane}\n  - ${lane.replace('lane-1', 'lane-2')}`, /lanes\.1\.user .*lane-1 already answers this user/],
    [
      'port: 5080',
      'port: 5080, trunks: [{ id: loopback, allow: [127.0.0.1] }, { id: loopback, allow: [127.0.0.2] }]',
      /sip\.trunks\.1\.id .*another trunk has this id/,
    ],
  ] as const) {
    const error = failure(() => readStoreConfig(changed(t, from, to), environment));
    t.equal(error.code, 'CONFIG_INVALID');
    t.match(error.message, message);
  }
});

t.test('an unknown setting is named', async (t) => {
  const file = changed(t, 'lanes: 2', 'lane: 2');
  t.match(failure(() => readStoreConfig(file, environment)).message, /engine\.lane is .*[Uu]nrecognized/);
});

t.test('a syntax error is named with its line', async (t) => {
  const file = changed(t, 'web: { port: 8080 }', 'web: { port: 8080');
  const error = failure(() => readStoreConfig(file, environment));
  t.equal(error.code, 'CONFIG_SYNTAX');
  t.match(error.message, /store\.yaml:\d+: /);
});

t.test('a wrong secret is named and not shown', async (t) => {
  const error = failure(() => readStoreConfig(demoFile, { ...environment, DEMO_POS_SECRET: 'hunter2' }));
  t.match(error.message, /orders\.pos\.secret is \(a secret, not shown\): expected whsec_/);
  t.notMatch(error.message, /hunter2/);
});

t.test('a missing file and a missing environment variable are told apart', async (t) => {
  t.equal(failure(() => readStoreConfig('no/such.yaml', environment)).code, 'CONFIG_UNREADABLE');
  const error = failure(() => readStoreConfig(demoFile, {}));
  t.match(error.message, /orders\.pos\.(url|secret) is "env:DEMO_POS_(URL|SECRET)": the environment has no variable/);
});

t.test('an address that is not loopback needs a trunk that allows it', async (t) => {
  const open = changed(t, 'bind: 127.0.0.1', 'bind: 192.168.1.10');
  t.match(failure(() => readStoreConfig(open, environment)).message, /sip\.trunks is .*not loopback/);
  const allowed = changed(
    t,
    'bind: 127.0.0.1',
    'trunks: [{ id: loopback, allow: [192.168.1.0/24] }], bind: 192.168.1.10',
  );
  t.equal(readStoreConfig(allowed, environment).sip.bind, '192.168.1.10');
  const anywhere = changed(t, 'bind: 127.0.0.1', 'bind: 0.0.0.0, trunks: [{ id: loopback, allow: [10.0.0.0/8] }]');
  t.match(failure(() => readStoreConfig(anywhere, environment)).message, /sip\.externalAddress/);
});

t.test('faults across settings are found', async (t) => {
  t.match(
    failure(() => readStoreConfig(changed(t, 'trunk: loopback', 'trunk: lan'), environment)).message,
    /lanes\.0\.trunk is "lan": no such trunk/,
  );
  t.match(
    failure(() => readStoreConfig(changed(t, /consent: .*/, 'consent: null'), environment)).message,
    /recording\.consent/,
  );
  t.match(
    failure(() => readStoreConfig(changed(t, 'America/Chicago', 'America/Nowhere'), environment)).message,
    /store\.timezone/,
  );
  t.match(
    failure(() =>
      readStoreConfig(
        changed(t, 'bind: 127.0.0.1', 'trunks: [{ id: loopback, allow: [10.0.0.0/64] }], bind: 127.0.0.1'),
        environment,
      ),
    ).message,
    /sip\.trunks\.0\.allow\.0/,
  );
});

t.test('a POS is configured by its kind', async (t) => {
  const withPos = (pos: string, store = '  externalId: R1\n  id:') => {
    const file = changed(t, / pos: \{.*\}\n/, ` pos: ${pos}\n`);
    writeFileSync(file, readFileSync(file, 'utf8').replace('  id:', store));
    return file;
  };
  const square = "{ kind: square, accessToken: 'env:TOKEN' }";
  t.match(readStoreConfig(withPos(square), { TOKEN: 'abc' }).orders.pos, {
    kind: 'square',
    url: 'https://connect.squareup.com',
    accessToken: 'abc',
    timeoutSeconds: 10,
  });
  t.match(
    failure(() => readStoreConfig(withPos(square, '  id:'), { TOKEN: 'abc' })).message,
    /store\.externalId is .*location/,
  );
  const toast =
    '{ kind: toast, url: https://toast.example, clientId: c, clientSecret: s, diningOption: d, timeoutSeconds: 10, guest: { email: a@b.example, phone: "5550100000" } }';
  t.match(failure(() => readStoreConfig(withPos(toast), {})).message, /orders\.pos\.timeoutSeconds is 10/);
  const metadata = '{ kind: escpos, url: "tcp://169.254.169.254:80" }';
  t.match(failure(() => readStoreConfig(withPos(metadata), {})).message, /orders\.pos\.url .*link-local/);
  const folder = withPos('{ kind: folder, folder: ../orders }');
  t.match(readStoreConfig(folder, {}).orders.pos, { folder: resolve(folder, '../../orders') });
});

/** The part of a JSON schema that says where settings are. */
interface Shape {
  readonly items?: Shape;
  /** A part that may be null. */
  readonly anyOf?: readonly Shape[];
  /** One of several kinds. */
  readonly oneOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
}

/** The paths of all settings that hold a value, such as `sip.trunks[].id`. */
function settingsOf({ items, oneOf, anyOf = [], properties }: Shape, path: string): string[] {
  const part = anyOf.find((each) => each.properties !== undefined);
  if (part !== undefined) return settingsOf(part, path);
  if (oneOf !== undefined) return [...new Set(oneOf.flatMap((each) => settingsOf(each, path)))];
  if (items !== undefined) return settingsOf(items, `${path}[]`);
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([name, each]) => settingsOf(each, path === '' ? name : `${path}.${name}`));
}

t.test('config/README.md lists every setting, and no other', async (t) => {
  const readme = readFileSync(resolve(demoFile, '../README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| (`[^|]+`)\s*\|/gm)].flatMap(([, cell = '']) => {
    const [first = '', ...others] = [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
    return [first, ...others.map((name) => `${first.slice(0, first.lastIndexOf('.'))}${name}`)];
  });
  t.same(listed.sort(), settingsOf(z.toJSONSchema(storeSchema, { io: 'input' }) as Shape, '').sort());
});

t.test('codecs are known, each once; SRTP is taken, its keys in the clear are not', (t) => {
  const { media } = readStoreConfig(demoFile, environment);
  t.match(media, { codecs: null, srtp: 'allow', srtpKeysInClear: false });
  const shape = storeSchema.shape.media;
  t.same(shape.parse({ codecs: ['opus', 'PCMA'] }).codecs, ['opus', 'PCMA']);
  for (const wrong of [{ codecs: [] }, { codecs: ['PCMU', 'PCMU'] }, { codecs: ['G729'] }, { srtp: 'maybe' }])
    t.throws(() => shape.parse(wrong), JSON.stringify(wrong));
  t.end();
});

t.test(
  "a trunk's calls are taken as it says, else as media says; the dialling list is closed unless it is opened",
  async (t) => {
    const file = changed(
      t,
      'port: 5080 }\nmedia: {',
      `port: 5080, trunks: [
      { id: loopback, allow: [127.0.0.1], match: { fromUser: post }, srtp: require, codecs: [G722] },
      { id: pbx, allow: [127.0.0.1], transfer: true, numbers: ['+13125550100', '1312*', 'sip:crew@pbx.example'] } ] }
media: { srtp: off, srtpKeysInClear: true, `,
    );
    t.match(readStoreConfig(file, environment).sip.trunks, [
      {
        srtp: 'require',
        codecs: ['G722'],
        srtpKeysInClear: true,
        transfer: false,
        numbers: [],
        dtmf: ['rfc4733', 'info'],
      },
      { srtp: 'off', codecs: null, srtpKeysInClear: true, earlyMedia: false, aec: 'off', numbers: { length: 3 } },
    ]);
    for (const [trunks, message] of [
      ["{ id: loopback, allow: [127.0.0.1], numbers: ['*'] }", /numbers\.0 .*expected a number/],
      ["{ id: loopback, allow: [127.0.0.1], numbers: ['12*'] }", /numbers\.0 .*expected a number/],
      [
        '{ id: loopback, allow: [127.0.0.1] }, { id: pbx, allow: [127.0.0.1] }',
        /trunks\.1\.allow .*loopback above takes every call/,
      ],
    ] as const) {
      const wrong = changed(t, 'port: 5080', `port: 5080, trunks: [${trunks}]`);
      t.match(failure(() => readStoreConfig(wrong, environment)).message, message);
    }
  },
);

t.test('a device is cpu, auto, or a CUDA card by its number', async (t) => {
  for (const device of ['cpu', 'auto', 'cuda', 'cuda:1', 'cuda:0,3', 'webgpu'] as const) {
    const file = changed(t, 'engine: {', `engine: { device: '${device}',`);
    t.equal(readStoreConfig(file, environment).engine.device, device);
  }
  for (const device of ['gpu', 'cuda:', 'cuda:x', 'cuda:-1', 'cuda:0,']) {
    const file = changed(t, 'engine: {', `engine: { device: '${device}',`);
    t.match(
      failure(() => readStoreConfig(file, environment)).message,
      /engine\.device is .*expected cpu, cuda, cuda:N, cuda:N,M, webgpu or auto/,
    );
  }
});
