import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenBaoSimulator, startOpenBao } from '#local/simulators/openbao/server.ts';
import { startWorld, type World } from '#local/world.ts';
import { syncSteps } from '#shared/workflows/sync.ts';

/** Whole syncs into OpenBao: the functions sign in with tokens of their roles, within the deployed permissions. */

const AUDIENCE = 'https://openbao.example.com';
let server: OpenBaoSimulator;
let world: World;

beforeAll(async () => {
  server = await startOpenBao({ now: () => world?.clock.now() ?? Date.now() });
  world = await startWorld({
    accounts: 5,
    seed: 3,
    waitScale: 0,
    configure: (config) => {
      config.setIn(['stores', 'openbao'], {
        type: 'kv-v2',
        url: server.url,
        ca: server.caPem,
        folder: 'relay',
        auth: { role: 'relay', audience: AUDIENCE },
      });
      config.setIn(['syncs', 'to-openbao'], {
        connection: 'vault',
        stores: config.createNode(['openbao']),
        name: 'databases/{systemName}/{accountName}',
        schedule: { expression: 'rate(1 hour)' },
      });
    },
  });
  const issuer = world.aws.federation.issuer.url;
  await server.write('sys/auth/jwt', { type: 'jwt' });
  await server.write('auth/jwt/config', { oidc_discovery_url: issuer, bound_issuer: issuer });
  await server.write('sys/policies/acl/relay', {
    policy: 'path "secret/*" { capabilities = ["create", "update", "patch", "read", "list", "scan"] }',
  });
  await server.write('auth/jwt/role/relay', {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: [AUDIENCE],
    bound_claims_type: 'glob',
    bound_claims: { sub: 'arn:aws:iam::000000000000:role/*' },
    token_policies: ['relay'],
    token_ttl: '15m',
  });
});
afterAll(async () => {
  await world?.close();
  await server?.close();
});

const run = async () => {
  const { ending } = await world.runSync('to-openbao');
  if (ending?.status !== 'SUCCEEDED') throw new Error(`The run ended as ${JSON.stringify(ending)}.`);
  return syncSteps.report.output.parse(JSON.parse(ending.output));
};

it('delivers to OpenBao once, then only changes, and leaves nothing elsewhere', async () => {
  const first = await run();
  expect(first.delivered).toBeGreaterThan(0);
  const values = Object.entries(server.currentValues());
  expect(values).toHaveLength(first.delivered);
  for (const [name, value] of values) {
    expect(name).toMatch(/^relay\/databases\/[^/]+\/[^/]+$/);
    expect(value).toEqual({ username: expect.any(String), password: expect.any(String) });
  }

  const before = server.audit.length;
  expect(await run()).toMatchObject({ delivered: 0, unchanged: first.delivered });
  const calls = server.audit.slice(before).map(({ path }) => path);
  expect(calls.filter((path) => path.startsWith('secret/'))).toEqual(['secret/detailed-metadata/relay/']);
  expect(await world.findLeaks()).toEqual([]);
  expect(world.aws.permissions.denials).toEqual([]);
  expect(world.vault.openRequests()).toEqual([]);
});
