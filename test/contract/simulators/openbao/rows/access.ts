import { expect } from 'vitest';
import { ABSENT, answered, DENIED, NO_CONTENT, read, refused, UNAUTHENTICATED, written } from '../answers.ts';
import type { Rows } from '../openbao.ts';

const preflight = (path: string) =>
  refused(
    403,
    `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`,
  );

/** Rights, tokens, namespaces, and what a client sees of a mount. */
export const access: Rows = {
  'a missing or unknown token has one text, whatever the path': async ({ call, name }) => {
    for (const token of ['none', 'unknown']) {
      for (const path of [`secret/data/${name}`, `${name}/data/x`, 'sys/internal/ui/mounts/secret']) {
        expect(await call('GET', path, { token })).toEqual(UNAUTHENTICATED);
      }
    }
  },

  'a token without the right has another text, also at a mount that does not exist': async ({
    call,
    tokenWith,
    name,
  }) => {
    const token = await tokenWith(`path "secret/data/${name}/*" { capabilities = ["read"] }`);
    expect(await call('GET', `secret/data/${name}/x`, { token })).toEqual(ABSENT);
    expect(await call('POST', `secret/data/${name}/x`, { token, body: { data: {} } })).toEqual(DENIED);
    expect(await call('GET', `secret/data/${name}`, { token })).toEqual(DENIED);
    expect(await call('GET', `${name}/data/x`, { token })).toEqual(DENIED);
  },

  'creating and replacing are two rights': async ({ call, admin, tokenWith, name }) => {
    const rights = (right: string) => tokenWith(`path "secret/+/${name}/*" { capabilities = ["${right}"] }`);
    const [creator, updater] = [await rights('create'), await rights('update')];
    const write = (token: string, kind: string) =>
      call('POST', `secret/${kind}/${name}/x`, { token, body: kind === 'data' ? { data: {} } : { max_versions: 3 } });
    expect(await write(updater, 'data')).toEqual(DENIED);
    expect(await write(updater, 'metadata')).toEqual(DENIED);
    expect(await write(creator, 'metadata')).toEqual(NO_CONTENT);
    expect(await write(creator, 'metadata')).toEqual(DENIED);
    expect(await write(creator, 'data')).toEqual(DENIED);
    expect(await write(updater, 'data')).toEqual(written(1));
    await admin(`secret/delete/${name}/x`, { versions: [1] });
    expect(await write(creator, 'data')).toEqual(DENIED);
    expect(await write(updater, 'data')).toEqual(written(2));
  },

  'a patch, a list and a scan are rights of their own': async ({ call, patch, admin, tokenWith, name }) => {
    await admin(`secret/metadata/${name}/x`, { max_versions: 3 });
    const rights = (...capabilities: readonly string[]) =>
      tokenWith(
        `path "secret/metadata/${name}/*" { capabilities = ${JSON.stringify(capabilities)} }
         path "secret/detailed-metadata/${name}/*" { capabilities = ${JSON.stringify(capabilities)} }`,
      );
    const all = ['create', 'read', 'update', 'patch', 'delete', 'list', 'scan'];
    const without = (one: string) => rights(...all.filter((other) => other !== one));
    const path = `secret/metadata/${name}/x`;
    expect(await patch(path, { custom_metadata: { a: 'b' } }, await without('patch'))).toEqual(DENIED);
    expect(await patch(path, { custom_metadata: { a: 'b' } }, await rights('patch'))).toEqual(NO_CONTENT);
    const ask = async (kind: string, how: string, token: string) =>
      (await call('GET', `secret/${kind}/${name}?${how}=true`, { token })).status;
    const [list, scan, noList, noScan] = [
      await rights('list'),
      await rights('scan'),
      await without('list'),
      await without('scan'),
    ];
    for (const kind of ['metadata', 'detailed-metadata']) {
      expect(await ask(kind, 'list', list)).toBe(200);
      expect(await ask(kind, 'scan', scan)).toBe(200);
      expect(await ask(kind, 'list', noList)).toBe(403);
      expect(await ask(kind, 'scan', noScan)).toBe(403);
    }
  },

  'the most specific rule decides, and deny wins among equals': async ({ call, tokenWith, name }) => {
    const status = async (token: string, path: string) =>
      (await call('GET', `secret/data/${name}/${path}`, { token })).status;
    const one = await tokenWith(`
      path "secret/data/${name}/*" { capabilities = ["deny"] }
      path "secret/data/${name}/k*" { capabilities = ["read"] }
      path "secret/data/${name}/kx" { capabilities = ["deny"] }
      path "secret/data/+/kz" { capabilities = ["deny"] }
    `);
    expect(await Promise.all(['x', 'k', 'kx', 'kz'].map((path) => status(one, path)))).toEqual([403, 404, 403, 404]);
  },

  'a mount shows its version to a token with any rule below it, even a denial': async ({
    call,
    admin,
    tokenWith,
    name,
  }) => {
    const ask = (path: string, token?: string) =>
      call('GET', `sys/internal/ui/mounts/${path}`, { ...(token !== undefined && { token }) });
    const shown = (path: string, version: string) => ({
      status: 200,
      body: { data: { path, type: 'kv', options: { version } } },
    });
    await admin(`sys/mounts/${name}`, { type: 'kv', options: { version: '1' } });
    const reader = await tokenWith(`path "secret/metadata/${name}/*" { capabilities = ["list"] }`);
    expect(await ask('secret', reader)).toMatchObject(shown('secret/', '2'));
    expect(await ask('secret/data/x', reader)).toMatchObject(shown('secret/', '2'));
    expect(await ask(name)).toMatchObject(shown(`${name}/`, '1'));
    expect(await ask(name, reader)).toEqual(preflight(name));
    const barred = await tokenWith(`path "${name}/*" { capabilities = ["deny"] }`);
    expect(await ask(name, barred)).toMatchObject(shown(`${name}/`, '1'));
    expect(await ask('nothing-here')).toEqual(preflight('nothing-here'));
  },

  'a token describes, renews and revokes itself, if its policy says so': async ({ call, tokenWith }) => {
    const token = await tokenWith('path "auth/token/*" { capabilities = ["read", "update"] }');
    const lookUp = () => call('GET', 'auth/token/lookup-self', { token });
    expect(await lookUp()).toMatchObject({
      status: 200,
      body: { data: { id: token, renewable: true, type: 'service' } },
    });
    const renewed = { status: 200, body: { auth: { client_token: token, lease_duration: 10, renewable: true } } };
    expect(await call('POST', 'auth/token/renew-self', { token, body: { increment: '10s' } })).toMatchObject(renewed);
    expect(await call('POST', 'auth/token/revoke-self', { token })).toEqual(NO_CONTENT);
    expect(await lookUp()).toEqual(UNAUTHENTICATED);
    const poor = await tokenWith('path "x" { capabilities = ["read"] }');
    for (const [method, verb] of [
      ['GET', 'lookup'],
      ['POST', 'renew'],
      ['POST', 'revoke'],
    ] as const) {
      expect(await call(method, `auth/token/${verb}-self`, { token: poor })).toEqual(DENIED);
    }
  },

  'a namespace has mounts and policies of its own, by header or by path': async ({ call, admin, name }) => {
    await admin(`sys/namespaces/${name}`, {});
    await admin('sys/mounts/kv', { type: 'kv', options: { version: '2' } }, name);
    expect(await call('POST', 'kv/data/x', { namespace: name, body: { data: { a: 'b' } } })).toEqual(written(1));
    for (const namespace of [name, `${name}/`]) {
      expect(await call('GET', 'kv/data/x', { namespace })).toEqual(read({ a: 'b' }, 1));
    }
    expect(await call('GET', `${name}/kv/data/x`)).toEqual(read({ a: 'b' }, 1));
    expect(await call('GET', 'secret/data/x', { namespace: name })).toEqual(
      refused(404, 'no handler for route "secret/data/x". route entry not found.'),
    );
    expect(await call('GET', 'kv/data/x', { namespace: 'none' })).toEqual(refused(404, 'namespace not found'));
    expect(await call('GET', 'sys/health', { namespace: name })).toEqual(
      refused(400, 'operation unavailable in namespaces'),
    );
  },

  'KV version 1 takes a request of version 2 as a value': async ({ call, admin, patch, name }) => {
    await admin(`sys/mounts/${name}`, { type: 'kv', options: { version: '1' } });
    const body = { data: { x: '1' }, options: { cas: 0 } };
    for (const _ of [1, 2]) expect(await call('POST', `${name}/data/x`, { body })).toEqual(NO_CONTENT);
    expect(await call('GET', `${name}/data/x`)).toEqual(answered({ data: body, leaseSeconds: 2_764_800 }));
    expect(await call('GET', `${name}/metadata/x`)).toEqual(ABSENT);
    expect(await call('GET', `${name}/data?list=true`)).toEqual(answered({ data: { keys: ['x'] } }));
    expect(await call('GET', `${name}/detailed-metadata?list=true`)).toEqual(ABSENT);
    expect(await call('POST', `${name}/y`, { body: {} })).toEqual(refused(400, 'missing data fields'));
    expect(await patch(`${name}/metadata/x`, { custom_metadata: {} })).toEqual(
      refused(405, '1 error occurred:\n\t* unsupported operation\n\n'),
    );
    expect(await call('DELETE', `${name}/data/x`)).toEqual(NO_CONTENT);
    expect(await call('GET', `${name}/data/x`)).toEqual(ABSENT);
  },

  'an active server is healthy, without a token': async ({ call }) => {
    expect(await call('GET', 'sys/health', { token: 'none' })).toMatchObject({
      status: 200,
      body: { initialized: true, sealed: false, standby: false, version: '2.7.2' },
    });
  },
};

/** Answers of a sealed server. Nothing else works afterwards. */
export const sealed: Rows = {
  'a sealed server answers only about its health': async ({ call, admin, name }) => {
    await admin('sys/seal', undefined);
    for (const path of [`secret/data/${name}`, 'sys/internal/ui/mounts/secret', 'auth/token/lookup-self']) {
      expect(await call('GET', path)).toEqual(refused(503, 'Vault is sealed'));
      expect(await call('GET', path, { token: 'none' })).toEqual(refused(503, 'Vault is sealed'));
    }
    expect(await call('GET', 'sys/health')).toMatchObject({ status: 503, body: { initialized: true, sealed: true } });
  },
};
