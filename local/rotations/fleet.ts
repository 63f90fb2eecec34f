import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, parse } from 'yaml';
import { z } from 'zod';
import type { FleetAccount } from '../simulators/password-safe/fleet.ts';
import { ROTATOR } from '../simulators/password-safe/users.ts';
import { spread } from '../spread.ts';

/** The rotation of a local run: the rule of `examples/rotation.yaml`, and the accounts that it selects. */

export const RULE = 'weekly';
/** Workgroup of the accounts to rotate. */
const WORKGROUP = 'Rotation';

/** Least number of accounts to rotate of which a pair is one. */
const MIN_WITH_PAIR = 4;
const PAIR_WORKGROUP = 'Turns';
const PAIR = 'orders';
export const PAIR_SYNC = 'pairs';
export const PAIR_RULE = 'turns';
export const PAIR_SECRET = `${PAIR_RULE}/${PAIR}`;

const exampleSchema = z.object({
  connections: z.record(z.string(), z.looseObject({ authentication: z.looseObject({ bootstrapSecret: z.string() }) })),
  rotations: z.object({
    [RULE]: z.looseObject({ connection: z.string(), with: z.string(), schedule: z.looseObject({}) }),
  }),
});
const example = exampleSchema.parse(
  parse(readFileSync(resolve(import.meta.dirname, '../../examples/rotation.yaml'), 'utf8')),
);

const rule = example.rotations[RULE];
const rotator = example.connections[rule.with];

/** Adds the rule of the example and its connection to a relay.yaml, at the address of the connection that it has. */
export const addExampleRotation = (config: Document): void => {
  const added = ['connections', rule.with];
  config.setIn(added, config.createNode(rotator));
  for (const setting of ['url', 'ca'])
    config.setIn([...added, setting], config.getIn(['connections', rule.connection, setting]));
  config.setIn(['rotations', RULE], config.createNode(rule));
};

/** Adds the rule of the example, for the accounts that are marked, and a sync and a rule for the marked pair. */
export const addRotation = (config: Document, fleet: readonly FleetAccount[]): void => {
  addExampleRotation(config);
  config.setIn(['rotations', RULE, 'select'], config.createNode({ workgroups: [WORKGROUP] }));
  const accounts = fleet.filter(isPaired).map(({ systemName, accountName }) => ({
    system: systemName,
    account: accountName,
  }));
  if (accounts.length === 0) return;
  const { connection, with: changes, schedule } = rule;
  for (const name of [connection, changes])
    config.setIn(['connections', name, 'pairs'], config.createNode({ [PAIR]: { accounts } }));
  const sync = {
    source: 'pairs',
    connection,
    stores: ['aws'],
    name: PAIR_SECRET.replace(PAIR, '{pairName}'),
    value: { username: '{accountName}', password: '{credential}' },
    schedule: { expression: 'rate(1 hour)' },
  };
  config.setIn(['syncs', PAIR_SYNC], config.createNode(sync));
  config.setIn(['rotations', PAIR_RULE], config.createNode({ source: 'pairs', connection, with: changes, schedule }));
};

/** The secret with which the relay signs in to change credentials. */
export const ROTATION_BOOTSTRAP = {
  name: rotator?.authentication.bootstrapSecret ?? '',
  value: JSON.stringify(ROTATOR.oauth),
} as const;

/** Two accounts of one system, whose names have no domain. */
const pairOf = (plain: readonly FleetAccount[]): readonly FleetAccount[] => {
  const local = plain.filter(({ domainName }) => domainName === null);
  const found = [...Map.groupBy(local, ({ systemId }) => systemId).values()].find((own) => own.length > 1);
  return found?.slice(0, 2) ?? [];
};

/** Puts so many plain accounts into the workgroup that rotates. From four on, a pair is one of them. */
export const markRotating = (fleet: readonly FleetAccount[], count: number): FleetAccount[] => {
  const plain = fleet.filter(({ kind }) => kind === 'plain');
  const pair = new Set(count < MIN_WITH_PAIR ? [] : pairOf(plain));
  const others = plain.filter((account) => !pair.has(account));
  const chosen = new Set(spread(others, pair.size === 0 ? count : count - 1));
  return fleet.map((account) => {
    if (pair.has(account)) return { ...account, workgroup: PAIR_WORKGROUP };
    return chosen.has(account) ? { ...account, workgroup: WORKGROUP } : account;
  });
};

export const isPaired = ({ workgroup }: Pick<FleetAccount, 'workgroup'>): boolean => workgroup === PAIR_WORKGROUP;

export const isRotating = ({ workgroup }: Pick<FleetAccount, 'workgroup'>): boolean => workgroup === WORKGROUP;
