import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { STATUS, TYPE } from '#local/simulators/secretsafe/organization.ts';
import { field, startServer } from '../contract/simulators/secretsafe/site.ts';
import { judge } from './support/schemathesis.ts';

const CASES_PER_CALL = 5;

const operations = z.record(
  z.string(),
  z.looseObject({ operationId: z.string(), parameters: z.array(z.looseObject({ name: z.string() })) }),
);
const documentSchema = z.looseObject({ paths: z.record(z.string(), operations) });
type Description = z.infer<typeof documentSchema>;

/** Input that the server does not check and fails on with a 500, as the vendor's does. */
const UNCHECKED = {
  paths: ['/public/organization/import', '/public/organization/subscription'],
  parameter: 'continuationToken',
};

/** The published description without that input. */
const judgeable = (published: unknown): Description => {
  const { paths, ...rest } = documentSchema.parse(published);
  const kept = Object.entries(paths).filter(([path]) => !UNCHECKED.paths.includes(path));
  for (const { parameters } of kept.flatMap(([, methods]) => Object.values(methods))) {
    const index = parameters.findIndex(({ name }) => name === UNCHECKED.parameter);
    if (index >= 0) parameters.splice(index, 1);
  }
  return { ...rest, paths: Object.fromEntries(kept) };
};

const operationsIn = ({ paths }: Description): string[] =>
  Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));

/** Older servers know neither custom nor staged members. */
const olderFleet = () => {
  const fleet = createFleet({ members: 20, groups: 4, collections: 4, seed: 1 });
  const members = fleet.members.filter(({ type, status }) => type !== TYPE.custom && status !== STATUS.staged);
  return { ...fleet, members };
};

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'secretsafe-robustness-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('every answer of an organization to good, bad and repeated calls is as its server publishes', () => {
  it.each(['today', 'older'] as const)('on a server of the kind %s', async (era) => {
    const { simulator, send, askToken } = await startServer({
      switches: { era },
      ...(era === 'older' && { fleet: olderFleet() }),
    });
    const document = judgeable((await send('GET', '/api/specs/public/swagger.json')).json);
    const description = join(home, `${era}.json`);
    writeFileSync(description, JSON.stringify(document));
    const report = await judge({
      home,
      description,
      url: `${simulator.url}/api`,
      token: z.string().parse(field(await askToken(), 'access_token')),
      casesPerCall: CASES_PER_CALL,
    });
    expect(report).toBe('no failures');

    const calls = simulator.audit.filter(({ kind }) => kind !== 'token' && kind !== 'specification');
    const seen = [...new Set(calls.map(({ status }) => status))];
    expect(seen).toEqual(expect.arrayContaining([200, 400, 401, 404, 405]));
    const succeeded = calls.filter(({ status }) => status === 200).map(({ kind }) => kind);
    expect([...new Set(succeeded)].sort()).toEqual(operationsIn(document).sort());
    expect(calls.length).toBeGreaterThan(500);
  });
});
