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

const exampleSchema = z.object({
  connections: z.record(z.string(), z.looseObject({ authentication: z.looseObject({ bootstrapSecret: z.string() }) })),
  rotations: z.object({ [RULE]: z.looseObject({ connection: z.string(), with: z.string() }) }),
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

/** Adds the rule of the example, for the accounts that are marked. */
export const addRotation = (config: Document): void => {
  addExampleRotation(config);
  config.setIn(['rotations', RULE, 'select'], config.createNode({ workgroups: [WORKGROUP] }));
};

/** The secret with which the relay signs in to change credentials. */
export const ROTATION_BOOTSTRAP = {
  name: rotator?.authentication.bootstrapSecret ?? '',
  value: JSON.stringify(ROTATOR.oauth),
} as const;

/** Puts so many plain accounts into the workgroup that rotates. */
export const markRotating = (fleet: readonly FleetAccount[], count: number): FleetAccount[] => {
  const plain = fleet.filter(({ kind }) => kind === 'plain');
  const chosen = new Set(spread(plain, count));
  return fleet.map((account) => (chosen.has(account) ? { ...account, workgroup: WORKGROUP } : account));
};

export const isRotating = ({ workgroup }: Pick<FleetAccount, 'workgroup'>): boolean => workgroup === WORKGROUP;
