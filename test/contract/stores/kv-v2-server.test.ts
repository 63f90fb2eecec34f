import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type OpenBaoSimulator, startOpenBao } from '#local/simulators/openbao/server.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { Secret } from '#shared/secret.ts';
import type { Delivery } from '#shared/stores/store.ts';
import { createIssuer } from '#test/support/web-identity.ts';
import { type Admin, connectKv, createAdmin, enableSignIn, type KvConnection, POLICY } from './kv-v2-bench.ts';
import { collect, refusalOf, stamp } from './store-scene.ts';

/** The store against a server that differs from a fresh OpenBao, or fails. */

const OWNER = 'relay.000000000000.eu-central-1/web';
const issuer = createIssuer();
let server: OpenBaoSimulator;
let admin: Admin;
/** Time that the clock of the server is ahead. */
let aheadMs = 0;

beforeAll(async () => {
  server = await startOpenBao({ now: () => Date.now() + aheadMs });
  admin = createAdmin(server);
  await enableSignIn(admin, issuer);
});
afterEach(async () => {
  server.faults.clear();
  Object.assign(server.switches, { vault: false, sealed: false, node: 'active', activeUrl: undefined });
  await admin('PUT', 'sys/policies/acl/pam-relay', { policy: POLICY });
});
afterAll(() => server.close());

const connect = (connection: Omit<KvConnection, 'server' | 'issuer'> = {}) =>
  connectKv({ server, issuer, ...connection }).storeOf(OWNER);

const delivery = (name: string, value = 'canary-3f1c'): Delivery => ({
  name,
  value: new Secret(value),
  stamp: stamp(1),
  expected: 'absent',
  description: 'svc on web01',
});

/** Calls of the store since a look at the audit, as `operation path`. */
const callsDuring = async (work: () => Promise<unknown>): Promise<string[]> => {
  const before = server.audit.length;
  await work();
  return server.audit.slice(before).map(({ operation, path }) => `${operation} ${path}`);
};

describe('a checkout that is retired while its value is written', () => {
  it('leaves a secret that the next retirement finds', async () => {
    const store = connect();
    let writes = 0;
    const beforeWrite = async (): Promise<void> => {
      writes += 1;
      // The claim exists, and the value is about to be written.
      if (writes === 2) expect(await store.retire('ended/a', 'none')).toBe(true);
      if (writes > 2) throw new Error('The checkout has ended.');
    };
    await store.deliver({ ...delivery('ended/a'), beforeWrite });
    expect(await store.inspect('ended/a')).toMatchObject({ kind: 'owned', stamp: stamp(1) });
    expect(await store.retire('ended/a', 'none')).toBe(true);
    expect(await store.inspect('ended/a')).toEqual({ kind: 'absent' });
  });
});

describe('a value', () => {
  it('that is a JSON object becomes the keys of the secret, and any other text stands under one key', async () => {
    const store = connect();
    await store.deliver(delivery('form/map', '{"username":"sa","password":"p","port":1433}'));
    await store.deliver(delivery('form/text', '["no object"]'));
    expect(server.currentValues()).toMatchObject({
      'pam-relay/form/map': { username: 'sa', password: 'p', port: 1433 },
      'pam-relay/form/text': { value: '["no object"]' },
    });
    expect(await store.holds('form/map', new Secret(' {"port": 1433.0, "password":"p", "username":"sa"}'))).toBe(true);
  });

  it('costs five calls, after the sign-in and a look at the mount', async () => {
    const store = connect();
    await store.deliver(delivery('calls/first'));
    expect(await callsDuring(() => store.deliver(delivery('calls/new')))).toEqual([
      'read secret/metadata/pam-relay/calls/new',
      'update secret/metadata/pam-relay/calls/new',
      'update secret/data/pam-relay/calls/new',
      'read secret/data/pam-relay/calls/new',
      'patch secret/metadata/pam-relay/calls/new',
    ]);
    const changed = { ...delivery('calls/new', 'other'), stamp: stamp(2), expected: { stamp: stamp(1) } };
    expect(await callsDuring(() => store.deliver(changed))).toHaveLength(5);
  });
});

describe('a version without a confirmed stamp', () => {
  it('of a delivery in progress is not replaced by one that was planned for it, until a minute has passed', async () => {
    const store = connect();
    const path = 'pam-relay/progress/a';
    await admin('POST', `secret/data/${path}`, { data: { value: 'of another delivery' } });
    const marks = { [OWNER_TAG]: OWNER, [`pam-relay:next:${stamp(8)}`]: '1', [`pam-relay:next:${stamp(9)}`]: '1' };
    await admin('PATCH', `secret/metadata/${path}`, { custom_metadata: marks });
    const late = { ...delivery('progress/a'), expected: 'unstamped' } as const;
    expect(await store.inspect('progress/a')).toEqual({ kind: 'owned', stamp: undefined, retired: false });
    expect(await refusalOf(store.deliver(late))).toMatchObject({ name: 'DeliverySuperseded' });
    expect(server.currentValues()[path]).toEqual({ value: 'of another delivery' });
    aheadMs = 61_000;
    expect(await store.deliver(late)).toMatchObject({ changed: true });
    aheadMs = 0;
    expect(await collect(store)).toContainEqual({ name: 'progress/a', stamp: stamp(1) });
  });
});

describe('a list', () => {
  it('is one call on OpenBao, and one for each folder and secret on Vault', async () => {
    const store = connect();
    const names = ['list/a', 'list/a/b', 'list/c d/=2E'.replace(' ', '=20'), 'list/e'];
    for (const name of names) await store.deliver(delivery(name));
    const listed = (await collect(store)).filter(({ name }) => name.startsWith('list/'));
    expect(listed.map(({ name }) => name)).toEqual(names.toSorted());
    expect(await callsDuring(() => collect(store))).toEqual(['scan secret/detailed-metadata/pam-relay/']);

    server.switches.vault = true;
    const onVault = connect();
    expect((await collect(onVault)).filter(({ name }) => name.startsWith('list/'))).toEqual(listed);
    const calls = await callsDuring(() => collect(onVault));
    expect(calls).toContain('list secret/metadata/pam-relay/list/');
    expect(calls).toContain('read secret/metadata/pam-relay/list/a/b');
    expect(calls.filter((call) => call.includes('detailed')).length).toBeLessThan(2);
  });

  it('works without the right to scan', async () => {
    await admin('PUT', 'sys/policies/acl/pam-relay', { policy: POLICY.replace(/path "secret\/detailed.*\n/, '') });
    const store = connect();
    await store.deliver(delivery('unscanned/a'));
    expect(await collect(store)).toContainEqual({ name: 'unscanned/a', stamp: stamp(1) });
  });

  it('fails if one of its calls fails', async () => {
    server.switches.vault = true;
    const store = connect();
    server.faults.add({ path: 'secret/metadata/pam-relay/list/e', times: 3, effect: { type: 'status', status: 500 } });
    expect(await refusalOf(collect(store))).toMatchObject({ name: 'StoreUnavailable', retryable: true });
  });
});

describe('the sign-in', () => {
  const signIns = (calls: readonly string[]) => calls.filter((call) => call.endsWith('/login')).length;

  it('is shared by all callers and all owners', async () => {
    const connected = connectKv({ server, issuer });
    const stores = ['a', 'b'].map(connected.storeOf);
    const names = ['x', 'y', 'z'];
    const calls = await callsDuring(() =>
      Promise.all(stores.flatMap((store) => names.map((name) => store.inspect(name)))),
    );
    expect(signIns(calls)).toBe(1);
  });

  it('is repeated once for a token that the server no longer knows', async () => {
    const store = connect();
    await store.inspect('x');
    const unknown = { type: 'status', status: 403, body: { errors: ['permission denied'] } } as const;
    server.faults.add(
      { path: 'secret/metadata', effect: unknown },
      { path: 'auth/token/lookup-self', effect: unknown },
    );
    const calls = await callsDuring(async () => expect(await store.inspect('x')).toEqual({ kind: 'absent' }));
    expect(signIns(calls)).toBe(1);
    server.faults.add({ path: 'secret/metadata', times: 9, effect: unknown });
    const later = await callsDuring(async () =>
      expect(await refusalOf(store.inspect('x'))).toMatchObject({ name: 'StoreDenied' }),
    );
    expect(later).toEqual(['read secret/metadata/pam-relay/x']);
  });

  it.each([
    ['metadata', '"patch", ', 'path "secret/metadata/pam-relay/*" { capabilities = ["patch"] }'],
    ['data', '"create", "update", "read"', 'path "secret/data/pam-relay/*" { capabilities = ["create", "update"] }'],
  ])('is not repeated if a right on %s is missing, whose line the error shows', async (kind, right, line) => {
    const policy = POLICY.replace(right, right.startsWith('"create"') ? '"read"' : '');
    await admin('PUT', 'sys/policies/acl/pam-relay', { policy });
    const store = connect();
    const calls = await callsDuring(async () => {
      const refusal = await refusalOf(store.deliver(delivery(`denied/${kind}`)));
      expect(refusal).toMatchObject({ name: 'StoreDenied', retryable: false });
      expect(refusal.message).toContain(line);
    });
    expect(signIns(calls)).toBe(1);
  });

  it.each([
    ['of another role', { subject: 'arn:aws:iam::111122223333:role/other' }, /the ARN of the IAM role/],
    ['for another audience', { settings: { auth: { role: 'pam-relay', audience: 'other' } } }, /bound_audiences/],
    ['with a role that does not exist', { settings: { auth: { role: 'unknown', audience: 'x' } } }, /auth\.role/],
    [
      'at a mount that does not exist',
      { settings: { auth: { mount: 'none', role: 'pam-relay', audience: 'x' } } },
      /bao auth enable jwt/,
    ],
  ])('%s is refused once, with the fix and without the token', async (_what, connection, advice) => {
    const store = connect(connection);
    const calls = await callsDuring(async () => {
      for (const name of ['x', 'y']) {
        const refusal = await refusalOf(store.inspect(name));
        expect(refusal).toMatchObject({ name: 'SignInRefused', retryable: false });
        expect(refusal.message).toMatch(advice);
        expect(refusal.message).not.toMatch(/eyJ/);
      }
    });
    expect(signIns(calls)).toBe(1);
  });

  it('by a key that the server does not trust is refused', async () => {
    const store = connectKv({ server, issuer: createIssuer() }).storeOf(OWNER);
    expect(await refusalOf(store.inspect('x'))).toMatchObject({ name: 'SignInRefused' });
  });
});

describe('a mount', () => {
  it('of version 1, which ignores the fence, is refused', async () => {
    await admin('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } });
    await admin('PUT', 'sys/policies/acl/pam-relay', { policy: POLICY.replaceAll('secret/', 'old/') });
    const refusal = await refusalOf(connect({ settings: { mount: 'old' } }).deliver(delivery('x')));
    expect(refusal).toMatchObject({ name: 'ConfigurationInvalid' });
    expect(refusal.message).toContain('bao kv enable-versioning old');
  });

  it('that does not exist is never an absent secret', async () => {
    expect(await refusalOf(connect({ settings: { mount: 'none' } }).inspect('x'))).toMatchObject({
      name: 'StoreDenied',
    });
  });
});

describe('a server that fails for the moment', () => {
  it.each([
    ['sealed', { sealed: true }, /sealed/],
    ['a standby without an active node', { node: 'standby' }, /standby/],
    ['a standby', { node: 'standby', activeUrl: 'https://active.example.com:8200' }, /standby/],
  ])('because it is %s is waited for, and then reported as such', async (_what, switches, advice) => {
    const store = connect();
    await store.inspect('x');
    Object.assign(server.switches, switches);
    const calls = await callsDuring(async () => {
      const refusal = await refusalOf(store.inspect('x'));
      expect(refusal).toMatchObject({ name: 'StoreUnavailable', retryable: true });
      expect(refusal.message).toMatch(advice);
    });
    expect(calls).toHaveLength(3);
  });

  it.each([
    ['a status 500', { type: 'status', status: 500 }],
    ['a status 473', { type: 'status', status: 473 }],
    ['a rate limit', { type: 'rate-limited', retryAfter: '1' }],
    ['a lost answer', { type: 'reset', when: 'after' }],
    ['half an answer', { type: 'cut-off' }],
  ] as const)('with %s is asked again, and each write has its effect once', async (what, effect) => {
    const store = connect();
    await store.inspect('x');
    for (const [nth, operation] of (['read', 'update', 'patch'] as const).entries()) {
      const name = `passing/${what.replaceAll(' ', '-')}/${nth}`;
      server.faults.add({ operation, path: 'secret/', effect });
      await store.deliver(delivery(name));
      expect(await store.inspect(name)).toEqual({ kind: 'owned', stamp: stamp(1), retired: false });
      server.faults.clear();
    }
  });

  it('with a login page of a proxy is never taken for an empty one', async () => {
    const store = connect();
    await store.inspect('x');
    server.faults.add({ path: 'secret/', times: 9, effect: { type: 'login-page' } });
    expect(await refusalOf(store.inspect('x'))).toMatchObject({ name: 'AnswerMalformed' });
    expect(await refusalOf(store.deliver(delivery('page')))).toMatchObject({ name: 'AnswerMalformed' });
  });
});
