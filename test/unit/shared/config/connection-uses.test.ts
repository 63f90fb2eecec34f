import { expect, it } from 'vitest';
import { connectionsFor, connectionsToVaultOf } from '#shared/config/connection-uses.ts';
import { passwordSafe } from '#shared/connections/password-safe/type.ts';
import { anOldCheckoutsConfig, aRotationConfig, parseShapeOf } from '#test/support/configs.ts';

const DAILY = { expression: 'rate(1 day)' };
const limits = { inFlight: 16, perSecond: 200, timeoutSeconds: 30 };
const at = (url: string, type: 'oauth' | 'api-key' = 'oauth') => ({
  ...{ type: 'password-safe', limits, url: `https://${url}/BeyondTrust/api/public/v3` },
  authentication: { type, bootstrapSecret: 'bootstrap/vault' },
});

it('the order of a rotation knows who signs in to its vaults and what takes turns there, and the changes read their own secret alone', () => {
  const connections = {
    vault: at('pam.example.com'),
    changer: at('pam-2.example.com'),
    provisioner: at('PAM.example.com:443'),
    paired: at('pam.example.com'),
    keyed: at('pam.example.com', 'api-key'),
    port: at('pam.example.com:8443', 'api-key'),
    other: at('other.example.com', 'api-key'),
  };
  const base = aRotationConfig({ with: 'changer' });
  const { syncs } = parseShapeOf({
    ...base,
    connections,
    syncs: { turns: { source: 'pairs', connection: 'paired', stores: ['aws'], name: '{pairName}', schedule: DAILY } },
  });
  const config = { ...base, connections, syncs: { ...base.syncs, ...syncs } };
  const types = { connections: { 'password-safe': passwordSafe }, stores: {}, resources: {} };
  const rule = config.rotations['weekly'];
  if (rule === undefined) throw new Error('There is no rotation.');
  expect(connectionsToVaultOf(config, rule)).toEqual(['vault', 'changer', 'provisioner', 'paired', 'keyed']);
  expect(connectionsFor(config, types, 'ordering')).toEqual(['vault', 'changer', 'paired', 'keyed']);
  expect(connectionsFor(config, types, 'rotating')).toEqual(['changer']);
});

it('a rotation after an old checkout knows who signs in to its vault, and a report reads its own secret alone', () => {
  const connections = {
    vault: at('pam.example.com'),
    keyed: at('pam.example.com', 'api-key'),
    other: at('other.example.com', 'api-key'),
  };
  const types = { connections: { 'password-safe': passwordSafe }, stores: {}, resources: {} };
  const usedWith = (rotate: boolean) => {
    const forceCheckIn = { olderThanHours: 9, everything: true, rotate };
    const config = { ...anOldCheckoutsConfig({ forceCheckIn }), connections };
    return connectionsFor(config, types, 'old-checkouts');
  };
  expect(usedWith(false)).toEqual(['vault']);
  expect(usedWith(true)).toEqual(['vault', 'keyed']);
});
