import { expect, it } from 'vitest';
import { DIRECTORY_RULE, EXPORT_RULE, startOrganization } from '#local/directory/organization.ts';
import { findLeftovers } from '#local/promises.ts';
import { startWorld } from '#local/world.ts';

const JOINER = 'joiner@example.com';
const HOUR_MS = 3_600_000;

it('after answers of SecretSafe that quote the client secret or a token, neither is left behind', async () => {
  const organization = await startOrganization(1);
  const { server } = organization;
  try {
    const world = await startWorld({
      ...{ accounts: 1, seed: 1, waitScale: 0 },
      configure: (config) => organization.addRules(config),
    });
    const { aws, clock } = world;
    try {
      await organization.join(world);
      await organization.declare([...server.members().map(({ email }) => ({ email })), { email: JOINER }]);
      const runBoth = async () => {
        const endings = [];
        for (const schedule of [`directory.${DIRECTORY_RULE}`, `export.${EXPORT_RULE}`]) {
          clock.advance(HOUR_MS);
          const started = await aws.scheduler.fire(schedule, clock.now());
          if (started.kind === 'execution')
            endings.push((await aws.stepFunctions.settled(started.execution.arn)).ending?.status);
        }
        return endings;
      };
      const { clientSecret } = server.apiKey();
      const token = server.signToken(['api.organization']);
      const faults = [
        ['invite', 400, clientSecret],
        ['token', 503, clientSecret],
        ['members', 503, token],
        ['groups', 401, token],
        ['events', 500, token],
      ] as const;
      for (const [kind, status, quoted] of faults) {
        const body = JSON.stringify({ object: 'error', message: quoted, errors: { Field: [quoted] }, error: quoted });
        server.faults.add({ kind, effect: { type: 'status', status, body } });
        await runBoth();
        server.faults.clear();
        const faulted = server.audit.filter(({ fault }) => fault !== undefined);
        expect(faulted.at(-1)).toMatchObject({ kind, status });
      }
      expect(await runBoth()).toEqual(['SUCCEEDED', 'SUCCEEDED']);
      expect(server.members().map(({ email }) => email)).toContain(JOINER);
      expect(findLeftovers(world, await world.findLeaks())).toEqual([]);
    } finally {
      await world.close();
    }
  } finally {
    await organization.close();
  }
});
